"""How much may leave wallets, and how far one may go below zero."""

from typing import Any

from django.db import transaction

from rupai.core import clock, events, ids, locks
from rupai.core.actor import Actor
from rupai.core.money import Money
from rupai.core.money import currency as known_currency
from wallets.errors import OverdraftInUse
from wallets.models import Counters, Wallet, WalletLimits
from wallets.models.wallet import WINDOWS
from wallets.services.checks import lock_wallet
from wallets.services.wallets import tell


def set_limits(
    *,
    actor: Actor,
    wallet_id: str,
    per_transaction: int | None,
    per_day: int | None,
    per_month: int | None,
    kyc_level: int | None = None,
) -> Wallet:
    """Set a wallet's own limits in minor units; None takes that of the level. ``kyc_level`` None leaves the level.

    What is held already stays promised: a lower limit holds for what comes after it.

    :raises NotFound: when the actor sees no such wallet.
    """
    actor.require("wallets:write")
    given: dict[str, Any] = {"per_transaction": per_transaction, "per_day": per_day, "per_month": per_month}
    if kyc_level is not None:
        given["kyc_level"] = kyc_level
    with transaction.atomic(durable=True):
        wallet = lock_wallet(actor=actor, wallet_id=wallet_id)
        _change(wallet, given, actor)
    return wallet


def set_overdraft(*, actor: Actor, wallet_id: str, overdraft_limit: int) -> Wallet:
    """Let a wallet's balance go below zero by at most ``overdraft_limit`` minor units.

    :raises NotFound: when the actor sees no such wallet.
    :raises OverdraftInUse: when the balance, less the holds, is already further below.
    """
    actor.require("wallets:write")
    with transaction.atomic(durable=True):
        wallet = lock_wallet(actor=actor, wallet_id=wallet_id)
        counters = Counters.objects.select_for_update().get(account_id=wallet.account_id)
        below = counters.debits_posted + counters.debits_pending - counters.credits_posted
        if below > overdraft_limit:
            raise OverdraftInUse(
                f"This wallet is {Money(below, wallet.currency)} below zero already",
                wallet=wallet.public_id,
                in_use=below,
                currency=wallet.currency,
            )
        counters.debits_may_exceed_by = overdraft_limit
        counters.save(update_fields=["debits_may_exceed_by"])
        _change(wallet, {"overdraft_limit": overdraft_limit}, actor)
    return wallet


def _change(wallet: Wallet, given: dict[str, Any], actor: Actor) -> None:
    changes = {name: [getattr(wallet, name), value] for name, value in given.items() if getattr(wallet, name) != value}
    if not changes:
        return
    for name, (_, value) in changes.items():
        setattr(wallet, name, value)
    wallet.updated_at = clock.now()
    wallet.save(update_fields=[*changes, "updated_at"])
    tell("wallet.limits_changed", wallet, actor=actor, changes=changes)


def set_level_limits(
    *,
    actor: Actor,
    currency: str,
    kyc_level: int,
    per_transaction: int | None,
    per_day: int | None,
    per_month: int | None,
) -> WalletLimits:
    """Set what may leave every wallet of a level in a currency that has no limit of its own; None is no limit.

    :raises UnknownCurrency: for a currency that cannot be paid in.
    """
    actor.require("wallets:write")
    known_currency(currency)
    given = {"per_transaction": per_transaction, "per_day": per_day, "per_month": per_month}
    now = clock.now()
    place = {"merchant_id": actor.merchant, "livemode": actor.livemode, "currency": currency, "kyc_level": kyc_level}
    with transaction.atomic(durable=True):
        made = WalletLimits(**place, id=ids.new_key(now), created_at=now, updated_at=now)
        WalletLimits.objects.bulk_create([made], ignore_conflicts=True)
        limits = locks.lock_row(
            WalletLimits.objects.filter(**place), WalletLimits.objects.values_list("pk", flat=True).get(**place)
        )
        assert limits is not None
        changes = {name: [getattr(limits, name), given[name]] for name in WINDOWS}
        changes = {name: change for name, change in changes.items() if change[0] != change[1]}
        if changes:
            for name, value in given.items():
                setattr(limits, name, value)
            limits.updated_at = now
            limits.save(update_fields=[*given, "updated_at"])
            events.emit("wallet_limits.changed", subject=limits, actor=actor, data=limits.public(), changes=changes)
    return limits
