"""Asking the provider for a payment's true state, and telling every difference from our record."""

from dataclasses import dataclass, field

from payments.models import Attempt, Payment
from payments.providers.base import Found, PaymentLookup, PaymentState, Pending, Unknown
from payments.services import moves, outcomes, own_wallet
from payments.services.connectors import connector_of_attempt
from payments.services.settle import settle_attempt
from payments.states import AttemptState
from rupai.core import statements
from rupai.core.actor import Actor
from rupai.core.errors import DomainError

# How a provider tells the states of an attempt that has an outcome; the others are in motion on both sides.
_TOLD_AS: dict[str, str] = {
    AttemptState.AUTHORIZED: "authorized",
    AttemptState.CHARGED: "captured",
    AttemptState.PARTIALLY_CHARGED: "captured",
    AttemptState.VOIDED: "voided",
    AttemptState.DECLINED: "declined",
}


class SignatureNotSupported(DomainError):
    """The payment's provider does not sign what the payer's browser brings back."""

    code, status = "signature_not_supported", 422
    hint = "Leave the signature out: the provider is asked itself, which proves more."


@dataclass(frozen=True, slots=True)
class Difference:
    """A field on which our record and the provider differ, each side as text."""

    field: str
    ours: str
    provider: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The payment after it was reconciled, whether the provider gave a clear answer, and what had differed before."""

    payment: Payment
    verified: bool
    differences: list[Difference] = field(default_factory=list)


def verify_payment(*, actor: Actor, payment_id: str, signature: str = "") -> Verification:
    """Ask the provider about a payment now, apply its answer where the outcome is open, and compare the rest.

    A payment from a wallet of ours has no provider beside our own books. One that was never sent to a provider has
    nothing to compare and is not verified.

    :raises NotFound: when the actor sees no such payment.
    :raises SignatureNotSupported: when a signature is given that the provider does not make.
    """
    actor.require("payments:read")
    payment = statements.named(Payment, payment_id, actor=actor)
    if signature:
        raise SignatureNotSupported(f"{payment.provider or 'No provider'} signs no answers of the payer's browser")
    attempt = payment.tries.select_related("provider_account").order_by("-number").first()
    if attempt is None or attempt.provider_account is None or attempt.state == AttemptState.REFUSED_BY_RISK:
        return Verification(payment, verified=False)
    if own_wallet.pays(attempt):
        settle_attempt(attempt, actor=actor)
        return Verification(moves.reread(payment), verified=True)
    view = connector_of_attempt(attempt).sync_payment(
        PaymentLookup(reference=attempt.reference, provider_id=attempt.provider_id)
    )
    if isinstance(view, Unknown):
        return Verification(payment, verified=False)
    differences = _differences(payment, attempt, view)
    settle_attempt(attempt, actor=actor)
    return Verification(moves.reread(payment), verified=True, differences=differences)


def _differences(payment: Payment, attempt: Attempt, view: PaymentState) -> list[Difference]:
    theirs = "processing" if isinstance(view, Pending) else outcomes.of_view(view).kind
    ours = _TOLD_AS.get(attempt.state, "processing")
    found = []
    if (ours, theirs) not in {(theirs, theirs), ("declined", "absent"), ("processing", "action")}:
        found.append(Difference("status", ours, theirs))
    if isinstance(view, Found) and ours != "processing":
        amounts = {
            "amount_authorized": (payment.amount_authorized, view.authorized.minor),
            "amount_captured": (payment.amount_captured, view.captured.minor),
            "amount_refunded": (payment.amount_refunded, view.refunded.minor),
        }
        found += [
            Difference(name, str(ours), str(theirs)) for name, (ours, theirs) in amounts.items() if ours != theirs
        ]
        if view.authorized.currency != payment.currency:
            found.append(Difference("currency", payment.currency, view.authorized.currency))
    return found
