"""Paying out of a wallet: held first, then asked of the provider, then posted or released."""

from uuid import UUID

from payments.models import Payout, ProviderAccount
from payments.providers.payouts import PayoutRequest
from payments.routing.policy import NoRoute
from payments.services import moves, outcomes
from payments.services.connectors import connector_of
from payments.services.create import check_mode
from payments.services.outcomes import Outcome
from payments.services.paying_out import apply_payout, reserve_payout
from payments.services.settle import settle_payout
from rupai.core import failpoints, statements
from rupai.core.actor import Actor
from rupai.core.dry_run import rehearsal, unbound
from rupai.core.money import CurrencyMismatch, Money
from wallets.models import Wallet
from wallets.services.checks import lock_wallet
from wallets.services.ledger import chart_accounts


def withdraw(
    *,
    actor: Actor,
    wallet_id: str,
    money: Money,
    destination: str,
    description: str = "",
    idempotency_id: UUID | None = None,
    resumed: bool = False,
) -> Payout:
    """Pay ``money`` out of a wallet to ``destination``, the provider's token of a bank account.

    The payout is paid, failed (the provider refused; the money is back in the wallet) or open (its outcome comes
    later). ``resumed`` says that an earlier call with this ``idempotency_id`` died: what it began is settled.

    :raises NotFound: when the actor sees no such wallet.
    :raises LiveModeOff: when the merchant may not move real money yet.
    :raises CurrencyMismatch: when the wallet has another currency.
    :raises NoRoute: when no provider account pays out in this currency.
    :raises WalletFrozen: or WalletClosed, LimitExceeded, InsufficientFunds, MandateRefused: then nothing is held.
    """
    actor.require("wallets:withdraw")
    wallet = statements.named(Wallet, wallet_id, actor=actor)
    begun = Payout.objects.visible_to(actor).filter(idempotency_id=idempotency_id).first() if resumed else None
    if begun is not None:
        return settle_payout(begun, actor=actor)
    check_mode(actor)
    account = _account(actor, wallet, money)
    with moves.in_own_transaction():
        payout = reserve_payout(
            lock_wallet(actor=actor, wallet_id=wallet_id),
            money=money,
            destination=destination,
            account=account,
            description=description,
            idempotency_id=idempotency_id,
            actor=actor,
        )
        failpoints.hit("payout.before_intent_commit")
    return send_payout(payout, actor=actor)


def check_withdrawal(*, actor: Actor, wallet_id: str, money: Money, destination: str) -> None:
    """Run all checks of ``withdraw``; nothing is written, and no provider is asked.

    :raises: what ``withdraw`` raises, but a mandate's refusal.
    """
    actor.require("wallets:withdraw")
    check_mode(actor)
    account = _account(actor, statements.named(Wallet, wallet_id, actor=actor), money)
    with rehearsal():
        reserve_payout(
            lock_wallet(actor=actor, wallet_id=wallet_id),
            money=money,
            destination=destination,
            account=account,
            description="",
            idempotency_id=None,
            actor=unbound(actor),
        )


def _account(actor: Actor, wallet: Wallet, money: Money) -> ProviderAccount:
    """The first of the merchant's accounts, by priority, over which the wallet's money can be paid out."""
    if wallet.currency != money.currency:
        raise CurrencyMismatch(f"This wallet holds {wallet.currency}, not {money.currency}", wallet=wallet.public_id)
    # Opens the merchant's accounts in this currency before the first posting needs them.
    chart_accounts(merchant_id=wallet.merchant_id, livemode=wallet.livemode, currency=wallet.currency)
    for account in ProviderAccount.objects.visible_to(actor).filter(enabled=True).order_by("priority", "id"):
        takes = not account.currencies or money.currency in account.currencies
        if takes and connector_of(account).capabilities().payouts:
            return account
    raise NoRoute(f"No provider account pays out in {money.currency}", hint="Enable a provider account that pays out.")


def send_payout(payout: Payout, *, actor: Actor) -> Payout:
    """Ask the provider for a reserved payout and apply the outcome; sending it again pays nothing twice."""
    failpoints.hit("payout.before_call")
    outcome = _call(payout)
    failpoints.hit("payout.after_call")
    with moves.in_own_transaction():
        payout = apply_payout(payout, outcome, actor=actor)
        failpoints.hit("payout.before_commit")
    failpoints.hit("payout.after_commit")
    return payout


def _call(payout: Payout) -> Outcome:
    request = PayoutRequest(
        reference=payout.public_id,
        idempotency_key=payout.key,
        amount=payout.money,
        destination=payout.destination_token,
        description=payout.description,
    )
    return outcomes.of_change(connector_of(payout.provider_account).payout(request), done="captured")
