"""Reading the queue of approvals: what one may decide, and what one asked for."""

from django.db.models import Q

from rupai.approvals.models import Approval
from rupai.approvals.states import ApprovalState
from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet


def approvals_of(actor: Actor) -> RowQuerySet[Approval]:
    """The approvals that an actor may decide on or has asked for."""
    rows: RowQuerySet[Approval] = Approval.objects.visible_to(actor)
    return rows if "*" in actor.scopes else rows.filter(Q(scope__in=actor.scopes) | Q(requested_by=actor.id))


def waiting(rows: RowQuerySet[Approval]) -> RowQuerySet[Approval]:
    """Those of the given approvals that wait, the most urgent first."""
    return rows.filter(state=ApprovalState.REQUESTED).order_by("expires_at", "pk")


def decided(rows: RowQuerySet[Approval]) -> RowQuerySet[Approval]:
    """Those of the given approvals that do not wait any more, newest decision first."""
    return rows.exclude(state=ApprovalState.REQUESTED).order_by("-decided_at", "-pk")
