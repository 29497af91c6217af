"""States of an approval, and what may follow."""

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
