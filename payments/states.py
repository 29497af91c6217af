"""The tables of moves: which state may follow which, and which event tells of it."""

from django.db.models import TextChoices


class PaymentState(TextChoices):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CONFLICTED = "conflicted"


class AttemptState(TextChoices):
    STARTED = "started"
    AUTHENTICATION_PENDING = "authentication_pending"
    AUTHORIZED = "authorized"
    CAPTURE_INITIATED = "capture_initiated"
    CHARGED = "charged"
    PARTIALLY_CHARGED = "partially_charged"
    VOID_INITIATED = "void_initiated"
    VOIDED = "voided"
    DECLINED = "declined"
    REFUSED_BY_RISK = "refused_by_risk"
    UNKNOWN = "unknown"
    INTEGRITY_FAILURE = "integrity_failure"
    EXPIRED = "expired"


class TransferState(TextChoices):
    """States of a capture or a refund: money asked for, moved, or refused."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PayoutState(TextChoices):
    """Created: held, and perhaps asked for; unknown: asked for, and no answer came."""

    CREATED = "created"
    PENDING = "pending"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"


P, A = PaymentState, AttemptState

NEXT_PAYMENT: dict[str, frozenset[str]] = {
    P.REQUIRES_PAYMENT_METHOD: frozenset({P.PROCESSING, P.FAILED, P.CANCELLED, P.EXPIRED}),
    P.PROCESSING: frozenset(
        {
            P.REQUIRES_ACTION,
            P.AUTHORIZED,
            P.PARTIALLY_CAPTURED,
            P.CAPTURED,
            P.FAILED,
            P.CANCELLED,
            P.EXPIRED,
            P.CONFLICTED,
        }
    ),
    P.REQUIRES_ACTION: frozenset(
        {P.PROCESSING, P.AUTHORIZED, P.CAPTURED, P.FAILED, P.CANCELLED, P.EXPIRED, P.CONFLICTED}
    ),
    P.AUTHORIZED: frozenset({P.PARTIALLY_CAPTURED, P.CAPTURED, P.CANCELLED, P.EXPIRED, P.CONFLICTED, P.FAILED}),
    P.PARTIALLY_CAPTURED: frozenset({P.CAPTURED, P.CONFLICTED}),
    P.CONFLICTED: frozenset({P.CAPTURED, P.CANCELLED}),
    P.CAPTURED: frozenset(),
    P.FAILED: frozenset(),
    P.CANCELLED: frozenset(),
    P.EXPIRED: frozenset(),
}
TERMINAL = frozenset(state for state, following in NEXT_PAYMENT.items() if not following)

_OUTCOMES = frozenset(
    {A.AUTHENTICATION_PENDING, A.AUTHORIZED, A.CHARGED, A.PARTIALLY_CHARGED, A.DECLINED, A.INTEGRITY_FAILURE, A.EXPIRED}
)
NEXT_ATTEMPT: dict[str, frozenset[str]] = {
    A.STARTED: _OUTCOMES | {A.UNKNOWN, A.VOIDED, A.REFUSED_BY_RISK},
    A.AUTHENTICATION_PENDING: _OUTCOMES | {A.UNKNOWN, A.VOID_INITIATED, A.VOIDED},
    A.AUTHORIZED: frozenset({A.CAPTURE_INITIATED, A.VOID_INITIATED, A.VOIDED, A.EXPIRED, A.CHARGED}),
    A.CAPTURE_INITIATED: _OUTCOMES | {A.UNKNOWN, A.VOIDED},
    A.VOID_INITIATED: _OUTCOMES | {A.UNKNOWN, A.VOIDED},
    A.UNKNOWN: _OUTCOMES | {A.VOIDED},
    A.PARTIALLY_CHARGED: frozenset({A.CAPTURE_INITIATED, A.CHARGED}),
    # A provider that reports a success after all is believed: the money is recorded and given back.
    A.DECLINED: frozenset({A.CHARGED}),
    A.EXPIRED: frozenset({A.CHARGED}),
    A.VOIDED: frozenset({A.CHARGED}),
    A.CHARGED: frozenset(),
    A.REFUSED_BY_RISK: frozenset(),
    A.INTEGRITY_FAILURE: frozenset({A.CHARGED, A.VOIDED}),
}
LIVE_ATTEMPT = (
    A.STARTED,
    A.AUTHENTICATION_PENDING,
    A.AUTHORIZED,
    A.CAPTURE_INITIATED,
    A.VOID_INITIATED,
    A.UNKNOWN,
)
# In these states a provider may be doing something that we have not heard the end of.
IN_FLIGHT = (A.STARTED, A.CAPTURE_INITIATED, A.VOID_INITIATED)

EVENT_OF: dict[str, str] = {
    P.REQUIRES_PAYMENT_METHOD: "payment.created",
    P.PROCESSING: "payment.confirmed",
    P.REQUIRES_ACTION: "payment.action_required",
    P.AUTHORIZED: "payment.authorized",
    P.PARTIALLY_CAPTURED: "payment.partially_captured",
    P.CAPTURED: "payment.captured",
    P.FAILED: "payment.failed",
    P.CANCELLED: "payment.cancelled",
    P.EXPIRED: "payment.expired",
    P.CONFLICTED: "payment.conflicted",
}

_PAYOUT_ENDS = frozenset({PayoutState.PAID, PayoutState.FAILED})
NEXT_PAYOUT: dict[str, frozenset[str]] = {
    PayoutState.CREATED: _PAYOUT_ENDS | {PayoutState.PENDING, PayoutState.UNKNOWN},
    # A question that stays without an answer changes nothing about what a provider has accepted.
    PayoutState.PENDING: _PAYOUT_ENDS,
    PayoutState.UNKNOWN: _PAYOUT_ENDS | {PayoutState.PENDING},
    PayoutState.PAID: frozenset(),
    PayoutState.FAILED: frozenset(),
}
OPEN_PAYOUT = tuple(state for state, following in NEXT_PAYOUT.items() if following)
