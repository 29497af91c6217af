"""The connector contract: what is asked of a payment provider and what it can answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from payments.providers.decline_rules import RULES
from payments.providers.payouts import PayoutLookup, PayoutRequest
from payments.providers.taxonomy import DeclineClass, DeclineCode, DeclineRule, RecommendedAction
from rupai.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """One merchant's account at a provider; credentials are given in, never read from the environment.

    Time-outs are seconds. `read_seconds` bounds the whole answer, not only the pause between two of its bytes.
    """

    base_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    connect_seconds: float = 2.0
    read_seconds: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """Ask for an authorisation, with `capture` for the money at once.

    `reference` is ours, `<payment>_<attempt no>`; `idempotency_key` is stable for this attempt and operation; `token`
    names the instrument at the provider; `challenge` forces the payer's authentication.
    """

    reference: str
    idempotency_key: str
    amount: Money
    method: str
    token: str
    capture: bool = True
    challenge: bool = False
    customer_reference: str = ""
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    return_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRequest:
    """Ask for a part or all of an authorised amount; `provider_id` is the charge's."""

    provider_id: str
    reference: str
    idempotency_key: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRequest:
    """Ask to release an authorisation of which nothing was captured."""

    provider_id: str
    reference: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Ask to give back captured money; `provider_id` is the charge's, `reference` our name of this refund."""

    provider_id: str
    reference: str
    idempotency_key: str
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLookup:
    """Ask what became of a charge, by the provider's id when it is known, else by our reference."""

    reference: str
    provider_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLookup:
    """Ask what became of a refund, by our reference."""

    reference: str


class ActionKind(StrEnum):
    """What the payer has to do next."""

    REDIRECT = "redirect"
    QR = "qr"
    UPI_INTENT = "upi_intent"
    THREE_DS = "three_ds"
    OTP = "otp"


class FoundState(StrEnum):
    """In which state the provider holds a charge that is neither pending nor declined."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every answer carries: the exchange without secrets and personal data, and its milliseconds."""

    request: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Success(Result):
    """Done. `provider_id` is the charge's, for a refund or payout its own; `amount` is what the provider moved.

    For an authorisation `captured` tells whether the money was taken as well.
    """

    provider_id: str
    amount: Money
    captured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Result):
    """Accepted, but the outcome comes later."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Result):
    """The payer has to do something at `url` before `expires_at`."""

    provider_id: str
    kind: ActionKind
    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(Result):
    """Refused for certain: no money moved and none will. `advice` is the provider's own, which goes first."""

    code: DeclineCode
    provider_id: str = ""
    provider_code: str = ""
    network_code: str = ""
    provider_message: str = ""
    advice: RecommendedAction | None = None

    @property
    def rule(self) -> DeclineRule:
        """What is known about the unified code."""
        return RULES[self.code]

    @property
    def message(self) -> str:
        """A sentence for the payer."""
        return self.rule.message

    @property
    def action(self) -> RecommendedAction:
        """What to do: the provider's advice, else the code's."""
        return self.advice or self.rule.action

    @property
    def failover_now(self) -> bool:
        """Tell whether another provider may be tried at once; advice can only forbid it."""
        return self.rule.failover_now and (self.advice is None or self.advice.waits)

    @property
    def retry_later(self) -> bool:
        """Tell whether dunning may try again; advice decides, except that nothing revives a hard or fraud decline."""
        if self.advice is None or self.rule.group in (DeclineClass.HARD_CARD, DeclineClass.FRAUD):
            return self.rule.retry_later
        return self.advice.waits

    @property
    def retryable(self) -> bool:
        """Tell whether the same instrument can still succeed."""
        return self.retry_later or (self.rule.retryable and not self.rule.retry_later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Result):
    """The request may have been executed: ask the provider before doing anything else with this payment."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown(Result):
    """The provider answered that it never received this: safe to fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Result):
    """The provider's view of a charge, in total amounts; `captured` below `authorized` is a partial capture."""

    provider_id: str
    state: FoundState
    authorized: Money
    captured: Money
    refunded: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDescription(Result):
    """What a token stands for, as far as people may see it; never a card number."""

    method: str
    brand: str
    last4: str = ""
    label: str = ""
    country: str = ""
    expiry_month: int | None = None
    expiry_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCapability:
    """What a provider can do for one method; `currencies` None means every payable one."""

    currencies: frozenset[str] | None = None
    manual_capture: bool = False
    multiple_captures: bool = False
    partial_refund: bool = False
    challenge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do, by method, and whether it pays out."""

    methods: Mapping[str, MethodCapability]
    payouts: bool = False

    def takes(self, *, method: str, currency: str) -> bool:
        """Tell whether a payment by this method and in this currency can be sent here."""
        found = self.methods.get(method)
        return found is not None and (found.currencies is None or currency in found.currencies)


ChargeResult = Success | Pending | Action | Declined | Unknown
ChangeResult = Success | Pending | Declined | Unknown
PaymentState = Found | Pending | Action | Declined | NotKnown | Unknown
PayoutState = Success | Pending | Declined | NotKnown | Unknown
RefundState = Success | Pending | Declined | NotKnown | Unknown
TokenResult = TokenDescription | NotKnown | Unknown


class Connector(Protocol):
    """A provider, as the services see it. It never touches the database and is never called inside a transaction."""

    name: ClassVar[str]

    def capabilities(self) -> Capabilities: ...

    def authorize(self, request: ChargeRequest) -> ChargeResult: ...

    def capture(self, request: CaptureRequest) -> ChangeResult: ...

    def void(self, request: VoidRequest) -> ChangeResult: ...

    def refund(self, request: RefundRequest) -> ChangeResult: ...

    def payout(self, request: PayoutRequest) -> ChangeResult: ...

    def sync_payment(self, lookup: PaymentLookup) -> PaymentState: ...

    def sync_refund(self, lookup: RefundLookup) -> RefundState: ...

    def sync_payout(self, lookup: PayoutLookup) -> PayoutState: ...

    def describe_token(self, token: str) -> TokenResult: ...
