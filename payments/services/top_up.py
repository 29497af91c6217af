"""Filling a wallet: a payment like any other, except that its capture credits the wallet."""

from dataclasses import replace
from uuid import UUID

from payments.models import PaymentMethod, TopUp
from payments.services.create import Wish, WrongPaymentMethod, preview_taking, take_payment
from payments.services.preview import Preview
from rupai.core import statements
from rupai.core.actor import Actor
from rupai.core.money import CurrencyMismatch, Money
from wallets.models import Wallet
from wallets.selectors.ledger import balance_of
from wallets.services.checks import check_active


def top_up_wallet(
    *,
    actor: Actor,
    wallet_id: str,
    money: Money,
    payment_method_token: str,
    idempotency_id: UUID | None = None,
    resumed: bool = False,
) -> TopUp:
    """Charge a saved payment method of the wallet's customer and credit the wallet with what is captured.

    The top-up is posted, failed (declined; see the payment's ``failure``) or processing (the payer has something to do,
    a person has to look, or the outcome is not known yet). A wallet that is frozen meanwhile still gets the money; from
    one that is closed meanwhile it is given back to the payer.

    :raises NotFound: when wallet or payment method are not the actor's.
    :raises WalletFrozen: or WalletClosed: nothing is tried then.
    :raises CurrencyMismatch: when the wallet has another currency.
    :raises WrongPaymentMethod: when the method is another customer's, or a wallet itself.
    :raises LiveModeOff: when the merchant may not take real payments yet.
    :raises NoRoute: when no provider account is eligible.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    actor.require("wallets:topup")
    wish = _wish(actor, wallet_id, money, payment_method_token, begun=resumed)
    return TopUp(take_payment(actor=actor, wish=wish, idempotency_id=idempotency_id, resumed=resumed))


def preview_top_up(*, actor: Actor, wallet_id: str, money: Money, payment_method_token: str) -> Preview:
    """Run all checks of ``top_up_wallet``; nothing is written, and no provider is asked.

    :raises: what ``top_up_wallet`` raises, but a mandate's refusal, which the preview tells.
    """
    actor.require("wallets:topup")
    wish = _wish(actor, wallet_id, money, payment_method_token, begun=False)
    assert wish.wallet is not None
    seen = preview_taking(actor=actor, wish=wish)
    return replace(seen, balance_after=balance_of(wish.wallet.account_id).available + money.minor)


def _wish(actor: Actor, wallet_id: str, money: Money, payment_method_token: str, *, begun: bool) -> Wish:
    wallet = statements.named(Wallet, wallet_id, actor=actor)
    saved = statements.named(PaymentMethod, payment_method_token, actor=actor)
    if not begun:
        check_active(wallet)
    if wallet.currency != money.currency:
        raise CurrencyMismatch(f"This wallet holds {wallet.currency}, not {money.currency}", wallet=wallet.public_id)
    if saved.customer_id != wallet.customer_id:
        raise WrongPaymentMethod("This payment method belongs to another customer", wallet=wallet.public_id)
    if saved.wallet_id is not None:
        hint = "Move the money by a transfer between the wallets."
        raise WrongPaymentMethod("A wallet is not funded from a wallet", hint=hint, wallet=wallet.public_id)
    return Wish(
        money=money,
        method=saved.type,
        customer_id=saved.customer_public_id,
        payment_method_token=payment_method_token,
        wallet=wallet,
    )
