"""The documented test tokens: which instrument each stands for and how a charge on it goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the acquirer books."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    ACTION = "action"


class Delivery(StrEnum):
    """How the answer travels back; `before` books nothing, `after` has booked."""

    NORMAL = "normal"
    SLOW = "slow"
    HOLD_BEFORE = "hold_before"
    HOLD_AFTER = "hold_after"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    GARBLED_AFTER = "garbled_after"

    @property
    def books(self) -> bool:
        """Tell whether the operation is booked although the answer may not arrive."""
        return self not in (Delivery.HOLD_BEFORE, Delivery.DROP_BEFORE, Delivery.ERROR_BEFORE)


class Challenge(StrEnum):
    """What the payer has to do."""

    THREE_DS = "three_ds"
    REDIRECT = "redirect"
    UPI_INTENT = "upi_intent"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one operation on a token goes.

    `decline` is the reason of a declined operation, and of a pending or challenged one that ends badly.
    """

    verdict: Verdict = Verdict.APPROVED
    decline: str = ""
    delivery: Delivery = Delivery.NORMAL


NORMAL = Behaviour()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One test instrument; `expiry` is (month, year), `excess` minor units booked above the amount asked for."""

    name: str
    method: str = "card"
    brand: str = "visa"
    last4: str = ""
    label: str = ""
    country: str = "US"
    expiry: tuple[int, int] | None = (12, 2040)
    charge: Behaviour = NORMAL
    capture: Behaviour = NORMAL
    void: Behaviour = NORMAL
    refund: Behaviour = NORMAL
    excess: int = 0
    note: str = ""

    @property
    def challenge(self) -> Challenge:
        """Name the way in which this method authenticates its payer."""
        return {"card": Challenge.THREE_DS, "upi": Challenge.UPI_INTENT}.get(self.method, Challenge.REDIRECT)

    @property
    def captures_at_once(self) -> bool:
        """Tell whether the method takes the money in one step, without a separate capture."""
        return self.method != "card"


def _approved() -> Iterator[Token]:
    yield Token(name="tok_visa", last4="4242", note="succeeds")
    yield Token(name="tok_visa_in", last4="1007", country="IN", note="succeeds")
    yield Token(name="tok_mastercard", brand="mastercard", last4="4444", note="succeeds")
    yield Token(name="tok_amex", brand="amex", last4="0005", note="succeeds")
    yield Token(name="tok_rupay", brand="rupay", last4="0011", country="IN", note="succeeds")
    yield Token(name="tok_mastercard_in", brand="mastercard", last4="1015", country="IN", note="succeeds")
    yield Token(name="tok_visa_gb", last4="1023", country="GB", note="succeeds")
    yield Token(name="tok_mastercard_de", brand="mastercard", last4="1031", country="DE", note="succeeds")
    yield Token(name="tok_visa_fr", last4="1049", country="FR", note="succeeds")
    yield Token(name="tok_jcb", brand="jcb", last4="1056", country="JP", note="succeeds")
    yield _upi("tok_upi_success", "success@sandbox", note="succeeds")
    yield _bank("tok_netbanking_success", note="succeeds")
    yield Token(
        name="tok_wallet_success",
        method="wallet",
        brand="wallet",
        label="Sandbox Wallet",
        country="IN",
        expiry=None,
        note="succeeds",
    )


def _upi(name: str, label: str, *, charge: Behaviour = NORMAL, note: str) -> Token:
    return Token(name=name, method="upi", brand="upi", label=label, country="IN", expiry=None, charge=charge, note=note)


def _bank(name: str, *, charge: Behaviour = NORMAL, note: str) -> Token:
    return Token(
        name=name,
        method="netbanking",
        brand="netbanking",
        label="Sandbox Bank",
        country="IN",
        expiry=None,
        charge=charge,
        note=note,
    )


# Reason on the wire -> (last four digits, expiry). Each gives the token `tok_<reason>`.
_CARD_DECLINES: dict[str, str] = {
    "stolen_card": "9979",
    "lost_card": "9987",
    "invalid_number": "0006",
    "closed_account": "0046",
    "expired_card": "0069",
    "incorrect_cvc": "0127",
    "restricted_card": "0062",
    "transaction_not_permitted": "0057",
    "revoked_authorization": "0071",
    "suspected_fraud": "0059",
    "blocked_by_acquirer": "0019",
    "sanctioned_party": "0020",
    "insufficient_funds": "9995",
    "amount_limit_exceeded": "6975",
    "frequency_limit_exceeded": "6976",
    "do_not_honor": "0002",
    "do_not_retry": "0015",
    "issuer_unavailable": "0091",
    "acquirer_error": "0096",
    "authentication_required": "3155",
    "authentication_unavailable": "3156",
    "merchant_inactive": "0003",
    "method_not_enabled": "0013",
}


def _declined() -> Iterator[Token]:
    for reason, last4 in _CARD_DECLINES.items():
        expiry = (1, 2020) if reason == "expired_card" else (12, 2040)
        behaviour = Behaviour(Verdict.DECLINED, reason)
        yield Token(name=f"tok_{reason}", last4=last4, expiry=expiry, charge=behaviour, note=f"declined: {reason}")
    for name, label, reason in (
        ("tok_upi_wrong_pin", "pin@sandbox", "wrong_pin"),
        ("tok_upi_insufficient_funds", "poor@sandbox", "insufficient_funds"),
        ("tok_upi_cancelled", "no@sandbox", "payer_cancelled"),
        ("tok_upi_unknown_address", "nobody@sandbox", "unknown_payer_address"),
    ):
        yield _upi(name, label, charge=Behaviour(Verdict.DECLINED, reason), note=f"declined: {reason}")


def _challenged() -> Iterator[Token]:
    action = Behaviour(Verdict.ACTION)
    yield Token(name="tok_3ds_required", last4="3220", charge=action, note="asks for 3DS, then as the payer decides")
    yield Token(name="tok_3ds_optional", last4="3063", note="succeeds; 3DS only when the request forces it")
    yield Token(
        name="tok_3ds_then_decline",
        last4="3178",
        charge=Behaviour(Verdict.ACTION, "insufficient_funds"),
        note="asks for 3DS, then declined: insufficient_funds",
    )
    yield _upi("tok_upi_intent", "app@sandbox", charge=action, note="opens the payer's UPI app")
    yield _bank("tok_netbanking_redirect", charge=action, note="sends the payer to the bank's page")


def _waiting() -> Iterator[Token]:
    pending, failing = Behaviour(Verdict.PENDING), Behaviour(Verdict.PENDING, "do_not_honor")
    yield Token(name="tok_pending", last4="0077", charge=pending, note="pending, then succeeds")
    yield Token(
        name="tok_pending_then_decline", last4="0078", charge=failing, note="pending, then declined: do_not_honor"
    )
    yield _upi("tok_upi_pending", "later@sandbox", charge=pending, note="pending, then succeeds")


# Ending of the token's name -> how the answer travels, and what to write about it.
FAULTS: dict[str, tuple[Delivery, str]] = {
    "timeout_before": (Delivery.HOLD_BEFORE, "nothing is booked; no answer, the connection is held, then dropped"),
    "timeout_after": (Delivery.HOLD_AFTER, "booked; no answer, the connection is held, then dropped"),
    "drop_before": (Delivery.DROP_BEFORE, "nothing is booked; the connection is dropped at once"),
    "drop_after": (Delivery.DROP_AFTER, "booked; the connection is dropped at once"),
    "error_before": (Delivery.ERROR_BEFORE, "nothing is booked; 500"),
    "error_after": (Delivery.ERROR_AFTER, "booked; 500"),
    "garbled": (Delivery.GARBLED_AFTER, "booked; the answer is no valid JSON"),
}


def _faulty() -> Iterator[Token]:
    for number, (ending, (delivery, text)) in enumerate(FAULTS.items()):
        fault = Behaviour(delivery=delivery)
        yield Token(name=f"tok_{ending}", last4=f"50{number:02}", charge=fault, note=f"charge: {text}")
        yield Token(name=f"tok_capture_{ending}", last4=f"51{number:02}", capture=fault, note=f"capture: {text}")
        yield Token(name=f"tok_void_{ending}", last4=f"52{number:02}", void=fault, note=f"void: {text}")
        yield Token(name=f"tok_refund_{ending}", last4=f"53{number:02}", refund=fault, note=f"refund: {text}")
    slow = Behaviour(delivery=Delivery.SLOW)
    yield Token(name="tok_slow", last4="5050", charge=slow, note="booked at once, answered late")
    yield Token(name="tok_wrong_amount", last4="5060", excess=1, note="books one minor unit more than asked for")


def _later_operations() -> Iterator[Token]:
    yield Token(
        name="tok_capture_declined",
        last4="5151",
        capture=Behaviour(Verdict.DECLINED, "capture_refused"),
        note="authorises; captures are declined",
    )
    yield Token(
        name="tok_refund_declined",
        last4="5351",
        refund=Behaviour(Verdict.DECLINED, "refund_refused"),
        note="succeeds; refunds are declined",
    )
    yield Token(
        name="tok_refund_pending",
        last4="5352",
        refund=Behaviour(Verdict.PENDING),
        note="succeeds; refunds are pending, then succeed",
    )
    yield Token(
        name="tok_refund_pending_then_decline",
        last4="5353",
        refund=Behaviour(Verdict.PENDING, "refund_refused"),
        note="succeeds; refunds are pending, then declined",
    )


def _all() -> Iterator[Token]:
    yield from _approved()
    yield from _declined()
    yield from _challenged()
    yield from _waiting()
    yield from _faulty()
    yield from _later_operations()


TOKENS: dict[str, Token] = {token.name: token for token in _all()}
