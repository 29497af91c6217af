"""Wallets in the console: found by autodiscovery under this one name."""

from wallets.pages import acts, dashboard, detail, statement, terms, transfer

__all__ = ["acts", "dashboard", "detail", "statement", "terms", "transfer"]
