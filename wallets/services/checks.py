"""What must be true before money leaves or enters a wallet, looked at under the lock on the wallet's row.

Every movement of a wallet locks its row first, so that a freeze, a new limit and another movement wait for each other
and none decides by what another is just changing. The ledger's own limit stays the last word on the balance.
"""

from collections.abc import Sequence
from datetime import datetime

from rupai.core import locks
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.money import Money
from rupai.core.rows import key_of
from wallets.errors import InsufficientFunds, LimitExceeded, WalletClosed, WalletFrozen
from wallets.models import Wallet
from wallets.selectors.ledger import balance_of
from wallets.selectors.limits import windows_of
from wallets.states import WalletStatus


def lock_wallets(*, actor: Actor, wallet_ids: Sequence[str]) -> list[Wallet]:
    """Lock wallets in the running transaction, always in key order, and return them in the order asked.

    :raises NotFound: when the actor sees no such wallet.
    """
    keys = [key_of(wallet_id, Wallet.prefix) for wallet_id in wallet_ids]
    found = {row.pk: row for row in locks.lock_rows(Wallet.objects.visible_to(actor), keys)}
    for key, wallet_id in zip(keys, wallet_ids, strict=True):
        if key not in found:
            raise NotFound(f"No wallet {wallet_id[:60]!r}")
    return [found[key] for key in keys]


def lock_wallet(*, actor: Actor, wallet_id: str) -> Wallet:
    """Lock one wallet in the running transaction.

    :raises NotFound: when the actor sees no such wallet.
    """
    [wallet] = lock_wallets(actor=actor, wallet_ids=[wallet_id])
    return wallet


def check_active(wallet: Wallet) -> None:
    """Refuse a wallet that is frozen or closed; whoever lets money in asks no more than this.

    :raises WalletFrozen:
    :raises WalletClosed:
    """
    refusals = {WalletStatus.FROZEN: WalletFrozen, WalletStatus.CLOSED: WalletClosed}
    refused = refusals.get(WalletStatus(wallet.status))
    if refused is not None:
        raise refused(f"Wallet {wallet.public_id} is {wallet.status}", wallet=wallet.public_id)


def check_leaving(wallet: Wallet, *, amount: int, at: datetime) -> None:
    """Refuse ``amount`` minor units to leave a locked wallet, now or out of a hold that is being made.

    :raises WalletFrozen: or WalletClosed.
    :raises LimitExceeded: naming the window, its limit and what is left of it.
    :raises InsufficientFunds: when less is available.
    """
    check_active(wallet)
    for window in windows_of(wallet, at=at):
        if amount > window.remaining:
            left = Money(window.remaining, wallet.currency)
            raise LimitExceeded(
                f"Only {left} may still leave this wallet {window.name.replace('_', ' ')}",
                wallet=wallet.public_id,
                window=window.name,
                limit=window.limit,
                used=window.used,
                remaining=window.remaining,
                currency=wallet.currency,
                resets_at=window.until.isoformat() if window.until else None,
            )
    available = balance_of(wallet.account_id).available
    if amount > available:
        raise InsufficientFunds(
            f"Only {Money(available, wallet.currency)} is available in this wallet",
            wallet=wallet.public_id,
            available=available,
            currency=wallet.currency,
        )
