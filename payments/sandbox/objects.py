"""What the sandbox acquirer keeps in memory: charges, refunds and kept answers, per account."""

from dataclasses import dataclass, field
from enum import StrEnum

from payments.sandbox.messages import Refused


class ChargeStatus(StrEnum):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    VOIDED = "voided"
    DECLINED = "declined"


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


@dataclass(slots=True)
class Charge:
    """One charge; amounts are minor units, `due` is in epoch milliseconds (0: nothing falls due)."""

    id: str
    reference: str
    amount: int
    currency: str
    token: str
    created: str
    status: ChargeStatus
    capture: bool = False
    captured: int = 0
    refunded: int = 0
    refund_pending: int = 0
    decline: str = ""
    due: int = 0
    challenge: str = ""
    secret: str = ""
    return_url: str = ""
    captures: list[tuple[str, int]] = field(default_factory=list)
    position: int = 0

    @property
    def capturable(self) -> int:
        """What may still be captured, in minor units."""
        open_states = (ChargeStatus.AUTHORIZED, ChargeStatus.PARTIALLY_CAPTURED)
        return self.amount - self.captured if self.status in open_states else 0

    @property
    def refundable(self) -> int:
        """What may still be refunded, in minor units; pending refunds count as spent."""
        return self.captured - self.refunded - self.refund_pending

    def take(self, amount: int, *, capture_id: str) -> None:
        """Capture an amount that the rules allow."""
        self.captures.append((capture_id, amount))
        self.captured += amount
        self.status = ChargeStatus.CAPTURED if self.captured == self.amount else ChargeStatus.PARTIALLY_CAPTURED

    def finish(self) -> None:
        """End a pending or challenged charge as was decided when it was made."""
        self.due = 0
        self.status = ChargeStatus.DECLINED if self.decline else ChargeStatus.AUTHORIZED
        if self.capture and not self.decline:
            self.take(self.amount, capture_id=f"cap_{self.id}")


@dataclass(slots=True)
class Refund:
    """One refund of a charge, in minor units."""

    id: str
    charge: str
    reference: str
    amount: int
    currency: str
    created: str
    status: RefundStatus
    decline: str = ""
    due: int = 0


class PayoutStatus(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    DECLINED = "declined"


@dataclass(slots=True)
class Payout:
    """One payout to a bank account, in minor units."""

    id: str
    reference: str
    amount: int
    currency: str
    destination: str
    created: str
    status: PayoutStatus
    decline: str = ""
    due: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer kept under its idempotency key."""

    fingerprint: str
    status: int
    body: bytes


@dataclass(slots=True)
class Account:
    """All that one secret key may see; dictionaries keep the order of booking."""

    charges: list[Charge] = field(default_factory=list)
    by_id: dict[str, Charge] = field(default_factory=dict)
    by_reference: dict[str, list[Charge]] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    refunds_by_reference: dict[str, list[Refund]] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    payouts_by_reference: dict[str, list[Payout]] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)

    def charge(self, charge_id: str) -> Charge:
        """Look up a charge.

        :raises Refused: when this account has none of that id.
        """
        found = self.by_id.get(charge_id)
        if found is None:
            raise Refused(404, "not_found", f"There is no charge {charge_id!r}")
        return found

    def payout(self, payout_id: str) -> Payout:
        """Look up a payout.

        :raises Refused: when this account has none of that id.
        """
        found = self.payouts.get(payout_id)
        if found is None:
            raise Refused(404, "not_found", f"There is no payout {payout_id!r}")
        return found
