"""The second person's decision, and the decision of time."""

from django.db import transaction

from rupai.accounts.models import User
from rupai.approvals.errors import OwnRequest, PersonNeeded, ReasonMissing
from rupai.approvals.models import Approval
from rupai.approvals.services import request
from rupai.approvals.states import ApprovalState
from rupai.core import clock, locks, queue
from rupai.core.actor import Actor


def approve(*, actor: Actor, approval_id: str, reason: str = "") -> Approval:
    """Agree; the work is done soon after by a task, once.

    :raises PersonNeeded: to agents, keys and programs. An agent's owner is a person and may.
    :raises OwnRequest: to whoever asked, whatever their role.
    :raises NotWaiting: when it is decided, expired or taken back.
    """
    with transaction.atomic(durable=True):
        approval = _decide(actor, approval_id, reason, ApprovalState.APPROVED, "approval.approved")
        queue.enqueue("approvals.execute", approval_id=approval.public_id)
    return approval


def reject(*, actor: Actor, approval_id: str, reason: str) -> Approval:
    """Refuse, with the reason that the requester will read.

    :raises ReasonMissing: without a reason.
    :raises PersonNeeded: to agents, keys and programs.
    :raises OwnRequest: to whoever asked.
    :raises NotWaiting: when it is decided, expired or taken back.
    """
    if not reason.strip():
        raise ReasonMissing("A rejection needs a reason")
    with transaction.atomic(durable=True):
        return _decide(actor, approval_id, reason, ApprovalState.REJECTED, "approval.rejected")


def _decide(actor: Actor, approval_id: str, reason: str, state: ApprovalState, event: str) -> Approval:
    if not _is_person(actor):
        raise PersonNeeded("Only a person can decide")
    approval = request.lock_waiting(actor, approval_id)
    actor.require(approval.scope)
    if approval.requested_by == actor.id:
        raise OwnRequest("You asked for this yourself, so somebody else has to decide")
    approval.decided_by = actor.id
    approval.reason = reason.strip()[:500]
    request.move(approval, state, actor=actor, event=event)
    return approval


def _is_person(actor: Actor) -> bool:
    """Whether somebody signed in stands behind an actor; superusers act as the platform, under their own id."""
    return actor.kind == "user" or (actor.kind == "platform" and actor.id.startswith(f"{User.prefix}_"))


def expire_waiting(*, limit: int = 200) -> int:
    """End the requests whose time is over; tell how many."""
    due = Approval.objects.filter(state=ApprovalState.REQUESTED, expires_at__lte=clock.now()).order_by("expires_at")
    return sum(_expire(approval) for approval in due[:limit])


def _expire(seen: Approval) -> bool:
    actor = Actor.platform("approvals", merchant_id=seen.merchant_id, livemode=seen.livemode)
    with transaction.atomic(durable=True):
        approval = locks.lock_row(Approval.objects.all(), seen.pk)
        if approval is None or approval.state != ApprovalState.REQUESTED or approval.expires_at > clock.now():
            return False
        request.move(approval, ApprovalState.EXPIRED, actor=actor, event="approval.expired")
        return True
