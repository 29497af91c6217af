"""A wish that needs a second person: what exactly, who asked, who decided, and what came of it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from rupai.approvals.states import DECIDED, DROPPED, OPEN_WORK, ApprovalState
from rupai.core.rows import TenantRow

_ENDED = (ApprovalState.EXECUTED, ApprovalState.FAILED)


class Approval(TenantRow):
    """One operation with frozen arguments. ``digest`` is their SHA-256 and is checked again before the work begins."""

    prefix = "apr"

    operation = models.CharField(max_length=64, db_collation="C", editable=False)
    arguments = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, db_collation="C", editable=False)
    summary = models.CharField(max_length=255, editable=False)
    scope = models.CharField("scope that whoever decides needs", max_length=40, editable=False)
    requested_by = models.CharField(max_length=80, db_collation="C", editable=False)
    idempotency_key = models.CharField(max_length=255, db_collation="C", editable=False)
    expires_at = models.DateTimeField(editable=False)
    state = models.CharField(
        max_length=9, choices=ApprovalState, default=ApprovalState.REQUESTED, editable=False, db_collation="C"
    )
    decided_by = models.CharField(max_length=80, blank=True, db_collation="C", editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    reason = models.CharField(max_length=500, blank=True, editable=False)
    # Whoever executes holds the approval until then; one that died lets it go by itself.
    leased_until = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    result = models.JSONField(default=dict, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "approval"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="approval_newest"),
            models.Index(fields=["expires_at"], condition=Q(state="requested"), name="approval_expiring"),
            models.Index(fields=["decided_at"], condition=Q(state__in=OPEN_WORK), name="approval_to_execute"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "livemode", "operation", "idempotency_key"], name="approval_asked_once"
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("requested_by")), name="approval_four_eyes"),
            models.CheckConstraint(condition=~Q(requested_by=""), name="approval_has_requester"),
            # Each state is told by the same columns, so that no decision is without its person and its time.
            models.CheckConstraint(
                condition=Q(state=ApprovalState.REQUESTED, decided_by="", decided_at__isnull=True)
                | (Q(state__in=DECIDED, decided_at__isnull=False) & ~Q(decided_by=""))
                | Q(state__in=DROPPED, decided_by="", decided_at__isnull=False),
                name="approval_decision_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_ENDED, finished_at__isnull=False)
                | (~Q(state__in=_ENDED) & Q(finished_at__isnull=True)),
                name="approval_end_whole",
            ),
            models.CheckConstraint(
                condition=Q(state=ApprovalState.EXECUTING, leased_until__isnull=False)
                | (~Q(state=ApprovalState.EXECUTING) & Q(leased_until__isnull=True)),
                name="approval_lease_while_executing",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        return self.state == ApprovalState.REQUESTED

    def public(self) -> dict[str, Any]:
        """The fields of events; the arguments are told by their digest only."""
        return {
            "approval_id": self.public_id,
            "operation": self.operation,
            "summary": self.summary,
            "digest": self.digest,
            "status": self.state,
            "requested_by": self.requested_by,
            "decided_by": self.decided_by,
            "reason": self.reason,
            "expires_at": self.expires_at.isoformat(),
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }
