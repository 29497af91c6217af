"""The ledger, wallets and foreign exchange in the plain admin: found by autodiscovery under this one name."""

from wallets.admin import fx, ledger, wallets

__all__ = ["fx", "ledger", "wallets"]
