"""Money from one wallet to another of the same merchant, mode and currency."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rupai.core import clock, events, ids
from rupai.core.actor import Actor
from rupai.core.money import CurrencyMismatch
from wallets.errors import SameWallet, TransferIdTaken
from wallets.models import Wallet, WalletTransfer
from wallets.services.checks import check_active, check_leaving, lock_wallets
from wallets.services.ledger import NewTransfer, post_transfers

KIND = "wallet_transfer"


def transfer_funds(
    *,
    actor: Actor,
    from_wallet_id: str,
    to_wallet_id: str,
    amount: int,
    currency: str,
    description: str = "",
    idempotency_id: UUID | None = None,
) -> WalletTransfer:
    """Move ``amount`` minor units between two wallets by one ledger transfer.

    ``idempotency_id`` becomes the ledger transfer's id: sent again, the same transfer is returned and nothing moves.

    :raises NotFound: when the actor does not see one of the wallets.
    :raises SameWallet: when they are one.
    :raises CurrencyMismatch: when one of them is in another currency.
    :raises WalletFrozen: or WalletClosed, for either wallet.
    :raises LimitExceeded: when the sender's limits leave less.
    :raises InsufficientFunds: when less is available.
    :raises TransferIdTaken: when the id stands for another transfer.
    """
    actor.require("wallets:transfer")
    with transaction.atomic(durable=True):
        source, target = lock_wallets(actor=actor, wallet_ids=[from_wallet_id, to_wallet_id])
        new = _new(source, target, amount=amount, currency=currency, description=description, actor=actor)
        if idempotency_id is not None:
            new.pk = idempotency_id
            known = _known(new)
            if known is not None:
                return known
        check_transfer(source, target, amount=amount, currency=currency, at=new.created_at)
        _post(new, source, target)
        events.emit("wallet.transferred", subject=source, actor=actor, data=new.public())
    return new


def check_transfer(source: Wallet, target: Wallet, *, amount: int, currency: str, at: datetime) -> None:
    """Refuse what ``transfer_funds`` refuses, for two locked wallets; nothing is written."""
    if source.pk == target.pk:
        raise SameWallet("A wallet cannot send to itself", wallet=source.public_id)
    for wallet in (source, target):
        if wallet.currency != currency:
            raise CurrencyMismatch(
                f"Wallet {wallet.public_id} is in {wallet.currency}, not {currency}",
                hint=f"Send {wallet.currency}, or exchange first.",
                wallet=wallet.public_id,
            )
    check_active(target)
    check_leaving(source, amount=amount, at=at)


def _new(
    source: Wallet, target: Wallet, *, amount: int, currency: str, description: str, actor: Actor
) -> WalletTransfer:
    now = clock.now()
    return WalletTransfer(
        id=ids.new_key(now),
        merchant_id=source.merchant_id,
        livemode=source.livemode,
        created_at=now,
        from_wallet=source,
        to_wallet=target,
        amount=amount,
        currency=currency,
        description=description,
        created_by=actor.id,
    )


def _known(new: WalletTransfer) -> WalletTransfer | None:
    """The transfer that was made under this id before, when it is the same."""
    found = WalletTransfer.objects.filter(pk=new.pk).select_related("from_wallet", "to_wallet").first()
    same = ("merchant_id", "livemode", "from_wallet_id", "to_wallet_id", "amount", "currency", "description")
    if found is not None and any(getattr(found, name) != getattr(new, name) for name in same):
        raise TransferIdTaken("This id stands for another transfer", transfer=found.public_id)
    return found


def _post(new: WalletTransfer, source: Wallet, target: Wallet) -> None:
    new.save(force_insert=True)
    moved = NewTransfer(
        id=new.pk,
        debit_account=source.account_id,
        credit_account=target.account_id,
        amount=new.amount,
        kind=KIND,
        reference=new.public_id,
    )
    post_transfers(transfers=[moved], at=new.created_at)
