"""How an operation at the sandbox acquirer goes: a pure function of the token, the model and a number drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from payments.sandbox.destinations import DESTINATIONS
from payments.sandbox.tokens import NORMAL, TOKENS, Behaviour, Challenge, Delivery, Token, Verdict

WHOLE = 10_000  # Rates are in basis points.
CURRENCIES_BY_METHOD: dict[str, frozenset[str]] = {"upi": frozenset({"INR"}), "netbanking": frozenset({"INR"})}


class Outage(StrEnum):
    """In which way the acquirer is out of order."""

    NONE = "none"
    DECLINE = "decline"
    ERROR = "error"
    DROP = "drop"
    HANG = "hang"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeModel:
    """The settable behaviour of the acquirer towards one account.

    Rates are basis points, times milliseconds. `decline_mix` gives a weight to each reason for which charges fail that
    the success rate does not let through. Tokens with a behaviour of their own keep it under every success rate.
    """

    success_rate: int = WHOLE
    success_rate_by_method: Mapping[str, int] = field(default_factory=dict)
    decline_mix: Mapping[str, int] = field(default_factory=lambda: {"do_not_honor": 1})
    outage: Outage = Outage.NONE
    latency_ms: int = 0
    jitter_ms: int = 0
    slow_ms: int = 1_500
    hold_ms: int = 30_000
    pending_ms: int = 2_000
    action_ms: int = 900_000
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is booked and how the answer travels.

    `decline` is set for declined operations, and for pending or challenged ones that will end declined. `booked` is in
    minor units. `capture` tells whether the money is taken with the authorisation.
    """

    verdict: Verdict
    decline: str = ""
    challenge: Challenge | None = None
    booked: int = 0
    capture: bool = False
    delivery: Delivery = Delivery.NORMAL
    delay_ms: int = 0


# A technical decline is an answer; in every other outage the acquirer gives none that can be trusted.
OUTAGE_DELIVERY = {
    Outage.ERROR: Delivery.ERROR_BEFORE,
    Outage.DROP: Delivery.DROP_BEFORE,
    Outage.HANG: Delivery.HOLD_BEFORE,
}


def draw(*, seed: int, reference: str, purpose: str) -> int:
    """Draw a number from 0 to 2**32 - 1 that depends on nothing but the arguments."""
    text = f"{seed}\n{purpose}\n{reference}".encode()
    return int.from_bytes(blake2b(text, digest_size=4).digest(), "big")


def delay_ms(*, model: OutcomeModel, reference: str, delivery: Delivery = Delivery.NORMAL) -> int:
    """Tell how long the answer takes, in milliseconds."""
    wait = model.slow_ms if delivery is Delivery.SLOW else model.latency_ms
    if model.jitter_ms:
        wait += draw(seed=model.seed, reference=reference, purpose="jitter") % (model.jitter_ms + 1)
    return wait


def decide(
    *, token: str, amount: int, currency: str, reference: str, capture: bool, challenge: bool, model: OutcomeModel
) -> Outcome:
    """Decide how a charge goes; the same arguments always give the same outcome.

    `amount` is in minor units. `capture` asks for the money at once, `challenge` for the payer's authentication.
    """
    instrument = TOKENS.get(token)
    if instrument is None:
        return Outcome(verdict=Verdict.DECLINED, decline="unknown_token")
    delivery = OUTAGE_DELIVERY.get(model.outage, instrument.charge.delivery)
    wait = delay_ms(model=model, reference=reference, delivery=delivery)
    reason = _refusal(instrument, currency=currency, reference=reference, model=model)
    # Declined for want of authentication: asking the payer is the way out.
    step_up = challenge and reason == "authentication_required"
    if reason and not step_up:
        return Outcome(verdict=Verdict.DECLINED, decline=reason, delivery=delivery, delay_ms=wait)
    # A forced challenge changes how the payer is asked, never how the charge ends.
    asked = instrument.charge.verdict is Verdict.ACTION or challenge
    return Outcome(
        verdict=Verdict.ACTION if asked else instrument.charge.verdict,
        decline="" if step_up else instrument.charge.decline,
        challenge=instrument.challenge if asked else None,
        booked=amount + instrument.excess,
        capture=capture or instrument.captures_at_once,
        delivery=delivery,
        delay_ms=wait,
    )


def decide_later(*, token: str, operation: str, reference: str, model: OutcomeModel) -> Outcome:
    """Decide how a `capture`, `void` or `refund` on an existing charge goes."""
    instrument = TOKENS[token]
    behaviour: Behaviour = {"capture": instrument.capture, "void": instrument.void, "refund": instrument.refund}[
        operation
    ]
    return _as_booked(behaviour, reference=reference, model=model)


def decide_payout(*, destination: str, reference: str, model: OutcomeModel) -> Outcome:
    """Decide how a payout goes; the same arguments always give the same outcome."""
    account = DESTINATIONS.get(destination)
    if account is None:
        return Outcome(verdict=Verdict.DECLINED, decline="payee_account_unknown")
    return _as_booked(account.payout, reference=reference, model=model)


def _as_booked(behaviour: Behaviour, *, reference: str, model: OutcomeModel) -> Outcome:
    delivery = OUTAGE_DELIVERY.get(model.outage, behaviour.delivery)
    wait = delay_ms(model=model, reference=reference, delivery=delivery)
    if model.outage is Outage.DECLINE:
        return Outcome(verdict=Verdict.DECLINED, decline="acquirer_error", delay_ms=wait)
    return Outcome(verdict=behaviour.verdict, decline=behaviour.decline, delivery=delivery, delay_ms=wait)


def _refusal(instrument: Token, *, currency: str, reference: str, model: OutcomeModel) -> str:
    """Name the reason for which the charge is declined at once, or nothing."""
    if currency not in CURRENCIES_BY_METHOD.get(instrument.method, {currency}):
        return "currency_not_enabled"
    if model.outage is Outage.DECLINE:
        return "acquirer_error"
    if instrument.charge.verdict is Verdict.DECLINED:
        return instrument.charge.decline
    if instrument.charge != NORMAL:
        return ""
    rate = model.success_rate_by_method.get(instrument.method, model.success_rate)
    if draw(seed=model.seed, reference=reference, purpose="success") % WHOLE < rate:
        return ""
    return _weighted(model.decline_mix, draw(seed=model.seed, reference=reference, purpose="reason"))


def _weighted(weights: Mapping[str, int], number: int) -> str:
    position = number % sum(weights.values())
    for reason, weight in weights.items():
        position -= weight
        if position < 0:
            return reason
    raise ValueError("The weights of the decline mix must be above zero")
