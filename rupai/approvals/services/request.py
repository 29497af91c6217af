"""Asking for a second person, and taking the question back."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db import transaction

from rupai.approvals.errors import NotRequester, NotWaiting
from rupai.approvals.models import Approval
from rupai.approvals.registry import executor_of
from rupai.approvals.states import ApprovalState
from rupai.core import clock, events, ids, locks
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.idempotency import KeyReused

LIVES = timedelta(hours=24)


def digest_of(operation: str, arguments: dict[str, Any]) -> str:
    """SHA-256 of the operation and its arguments in one canonical form."""
    canonical = json.dumps([operation, arguments], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def request_approval(
    *,
    actor: Actor,
    operation: str,
    arguments: dict[str, Any],
    summary: str,
    idempotency_key: str,
    lives: timedelta = LIVES,
) -> Approval:
    """Ask for a second person's agreement to one operation with exactly these arguments.

    Asking again with the same key gives the same approval.

    :raises UnknownOperation: when no app has registered an executor.
    :raises KeyReused: when the key stands for another wish.
    """
    found = executor_of(operation)
    actor.require(found.scope)
    now = clock.now()
    wanted = Approval(
        id=ids.new_key(now),
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=now,
        operation=operation,
        arguments=arguments,
        digest=digest_of(operation, arguments),
        summary=summary[:255],
        scope=found.scope,
        requested_by=actor.id,
        idempotency_key=idempotency_key,
        expires_at=now + lives,
    )
    held = _kept(wanted, actor)
    if held.digest != wanted.digest or held.requested_by != wanted.requested_by:
        raise KeyReused("This key was used for another request for approval")
    return held


def _kept(wanted: Approval, actor: Actor) -> Approval:
    """Write a new approval and tell of it, or find the one that has its key already."""
    with transaction.atomic(durable=True):
        Approval.objects.bulk_create([wanted], ignore_conflicts=True)
        held: Approval = Approval.objects.get(
            merchant_id=wanted.merchant_id,
            livemode=wanted.livemode,
            operation=wanted.operation,
            idempotency_key=wanted.idempotency_key,
        )
        if held.pk == wanted.pk:
            tell(held, "approval.requested", was=None, actor=actor)
    return held


def cancel(*, actor: Actor, approval_id: str) -> Approval:
    """Take one's own question back while nobody has decided.

    :raises NotRequester: for anybody else's.
    :raises NotWaiting: when it is decided, expired or taken back.
    """
    with transaction.atomic(durable=True):
        approval = lock_waiting(actor, approval_id)
        if approval.requested_by != actor.id:
            raise NotRequester("Only whoever asked can take the request back")
        move(approval, ApprovalState.CANCELLED, actor=actor, event="approval.cancelled")
    return approval


def lock_waiting(actor: Actor, approval_id: str) -> Approval:
    """Lock an approval that waits for a decision, in the running transaction.

    :raises NotFound: when the actor sees no such approval.
    :raises NotWaiting: when it does not wait any more, or its time is over.
    """
    seen: Approval = Approval.objects.visible_to(actor).named(approval_id)
    approval = locks.lock_row(Approval.objects.all(), seen.pk)
    if approval is None:
        raise NotFound(f"No approval {approval_id[:60]!r}")
    if approval.state != ApprovalState.REQUESTED:
        raise NotWaiting(f"This request is {approval.state} already", state=approval.state)
    if approval.expires_at <= clock.now():
        raise NotWaiting("This request has expired", state=ApprovalState.EXPIRED)
    return approval


def move(approval: Approval, state: ApprovalState, *, actor: Actor, event: str) -> None:
    """End or decide a locked approval, and tell of it."""
    was = approval.state
    approval.state = state
    approval.decided_at = clock.now()
    approval.save(update_fields=["state", "decided_at", "decided_by", "reason"])
    tell(approval, event, was=was, actor=actor)


def tell(approval: Approval, event: str, *, was: str | None, actor: Actor) -> None:
    """Write what happened to an approval into the log."""
    changes = {"status": [was, str(approval.state)]}
    events.emit(event, subject=approval, actor=actor, data=approval.public(), changes=changes)
