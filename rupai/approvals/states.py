"""States of approvals, mandates and their uses."""

from django.db.models import TextChoices


class ApprovalState(TextChoices):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    EXECUTING = "executing"
    EXECUTED = "executed"
    FAILED = "failed"


# A second person has looked at these.
DECIDED = (
    ApprovalState.APPROVED,
    ApprovalState.REJECTED,
    ApprovalState.EXECUTING,
    ApprovalState.EXECUTED,
    ApprovalState.FAILED,
)
# These ended without a second person.
DROPPED = (ApprovalState.CANCELLED, ApprovalState.EXPIRED)
# A second person has agreed, and the work is not over.
OPEN_WORK = (ApprovalState.APPROVED, ApprovalState.EXECUTING)


class Window(TextChoices):
    """What a limit of a mandate is about: one movement of money, or all within a span of the calendar."""

    TRANSACTION = "transaction"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


# A movement alone needs no counting.
COUNTED = (Window.HOUR, Window.DAY, Window.MONTH, Window.TOTAL)


class MandateState(TextChoices):
    ACTIVE = "active"
    REVOKED = "revoked"


class UseState(TextChoices):
    """Reserved before the money is asked to move; then committed, or released when it did not move."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"
