"""Doing what was approved: once, by whoever holds the lease; after a crash the next holder goes on."""

from dataclasses import replace
from datetime import timedelta

import structlog
from django.db import transaction

from rupai.accounts.services.authenticate import actor_of_agent
from rupai.approvals.errors import AgentStopped
from rupai.approvals.models import Approval
from rupai.approvals.registry import Outcome, executor_of
from rupai.approvals.services import mandates, request
from rupai.approvals.states import OPEN_WORK, ApprovalState
from rupai.core import clock, failpoints, locks, queue
from rupai.core.actor import Actor
from rupai.core.errors import DomainError

# Longer than a task may run, so that two never execute one approval at the same time.
LEASE = timedelta(seconds=150)
MOST_TRIES = 5
log = structlog.get_logger(__name__)


def execute(*, approval_id: str) -> bool:
    """Execute an approved operation unless somebody else does or did; tell whether it ended here.

    An error that is no refusal gives the lease back and stays loud; the next run goes on from what was begun.
    """
    approval = _claim(approval_id)
    if approval is None:
        return False
    failpoints.hit("approval.before_execute")
    try:
        outcome = _run(approval)
    except DomainError as refusal:
        outcome = Outcome(summary=f"{refusal.message}. {refusal.hint}".strip(), succeeded=False)
    except BaseException:
        held = Approval.objects.filter(pk=approval.pk, state=ApprovalState.EXECUTING, tries=approval.tries)
        held.update(leased_until=clock.now())
        raise
    failpoints.hit("approval.after_execute")
    return _finish(approval, outcome)


def _claim(approval_id: str) -> Approval | None:
    """Take the lease of an approval, in a committed transaction of its own; None when there is nothing to do."""
    now = clock.now()
    with transaction.atomic(durable=True):
        seen: Approval = Approval.objects.named(approval_id)
        approval = locks.lock_row(Approval.objects.all(), seen.pk)
        if approval is None or approval.state not in OPEN_WORK:
            return None
        if approval.leased_until is not None and approval.leased_until > now:
            return None
        if approval.tries >= MOST_TRIES:
            _end(approval, Outcome(summary=f"Given up after {approval.tries} tries", succeeded=False))
            return None
        approval.state = ApprovalState.EXECUTING
        approval.leased_until = now + LEASE
        approval.tries += 1
        approval.save(update_fields=["state", "leased_until", "tries"])
        return approval


def _run(approval: Approval) -> Outcome:
    if request.digest_of(approval.operation, approval.arguments) != approval.digest:
        log.error("approved arguments were changed", approval=approval.public_id)
        return Outcome(summary="The arguments are not those that were approved; nothing was done", succeeded=False)
    found = executor_of(approval.operation)
    return found.execute(_requester(approval, found.scope), approval.pk, approval.arguments)


def _requester(approval: Approval, scope: str) -> Actor:
    """Whoever wished it, with no more rights than the operation needs.

    An agent acts as itself, so that its mandates hold for what a person agreed to, and a killed one does nothing.

    :raises AgentStopped: when the agent was stopped meanwhile.
    :raises ScopeMissing: when it lost the scope.
    """
    only, name = frozenset({scope}), f"approval {approval.public_id}"
    if not mandates.by_agent(approval.requested_by):
        asker = approval.requested_by
        return Actor("user", asker, approval.merchant_id, approval.livemode, only, "task", name)
    agent = actor_of_agent(approval.requested_by)
    if agent is None or (agent.merchant_id, agent.livemode) != (approval.merchant_id, approval.livemode):
        raise AgentStopped("The agent that asked for this was stopped; nothing was done")
    agent.require(scope)
    return replace(agent, scopes=only, approval=approval.public_id)


def _finish(claimed: Approval, outcome: Outcome) -> bool:
    with transaction.atomic(durable=True):
        approval = locks.lock_row(Approval.objects.all(), claimed.pk)
        if approval is None or approval.state != ApprovalState.EXECUTING or approval.tries != claimed.tries:
            return False
        _end(approval, outcome)
        return True


def _end(approval: Approval, outcome: Outcome) -> None:
    was = approval.state
    approval.state = ApprovalState.EXECUTED if outcome.succeeded else ApprovalState.FAILED
    approval.leased_until = None
    approval.finished_at = clock.now()
    approval.result = {"summary": outcome.summary, **outcome.details}
    approval.save(update_fields=["state", "leased_until", "finished_at", "result"])
    actor = Actor.platform("approvals", merchant_id=approval.merchant_id, livemode=approval.livemode)
    event = "approval.executed" if outcome.succeeded else "approval.failed"
    request.tell(approval, event, was=was, actor=actor)


def enqueue_left(*, limit: int = 200) -> int:
    """Enqueue the approvals whose task was lost or whose executor died; tell how many."""
    open_work = Approval.objects.filter(state__in=OPEN_WORK).order_by("decided_at")
    now = clock.now()
    left = [row for row in open_work[:limit] if row.leased_until is None or row.leased_until <= now]
    for approval in left:
        queue.enqueue("approvals.execute", approval_id=approval.public_id)
    return len(left)
