"""The documented bank accounts that payouts go to: each token says how the payout goes."""

from collections.abc import Iterator
from dataclasses import dataclass

from payments.sandbox.tokens import FAULTS, NORMAL, Behaviour, Delivery, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One test bank account and what a payout to it does."""

    name: str
    payout: Behaviour = NORMAL
    note: str


def _all() -> Iterator[Destination]:
    yield Destination(name="bank_success", note="paid")
    for ending, reason in (
        ("account_closed", "payee_account_closed"),
        ("unknown_account", "payee_account_unknown"),
        ("refused", "payout_refused"),
    ):
        declined = Behaviour(Verdict.DECLINED, reason)
        yield Destination(name=f"bank_declined_{ending}", payout=declined, note=f"declined: {reason}")
    yield Destination(name="bank_pending", payout=Behaviour(Verdict.PENDING), note="pending, then paid")
    returned = Behaviour(Verdict.PENDING, "payee_account_closed")
    yield Destination(
        name="bank_pending_then_decline", payout=returned, note="pending, then declined: payee_account_closed"
    )
    for ending, (delivery, text) in FAULTS.items():
        yield Destination(name=f"bank_{ending}", payout=Behaviour(delivery=delivery), note=text)
    slow = Behaviour(delivery=Delivery.SLOW)
    yield Destination(name="bank_slow", payout=slow, note="booked at once, answered late")


DESTINATIONS: dict[str, Destination] = {destination.name: destination for destination in _all()}
