"""Verifications of the audit chain that somebody asked for: short chains at once, long ones as a task."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from compliance.audit import heads, numbers, verifier
from compliance.models import AuditHead, ChainCheck
from rupai.core import clock, ids, queue
from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet

# About a second of work; more than this many entries are read by a worker.
AT_ONCE = 20_000
_BEAT_EVERY = 5_000
_SILENT = timedelta(minutes=5)
SCOPE = "audit:read"


def request_check(*, actor: Actor) -> ChainCheck:
    """Verify the chain of the actor's merchant and mode, or (platform) all chains and the whole log.

    While one is running, that one is returned: asking twice checks once. A long chain is checked by a task.
    """
    actor.require(SCOPE)
    check, is_new = _open(actor)
    if is_new and check.expected <= AT_ONCE:
        return carry_out(check.pk)
    return check


def carry_out(check_id: UUID) -> ChainCheck:
    """Verify what a check asks for, and keep the verdicts; a check that has ended is returned as it is."""
    check: ChainCheck = ChainCheck.objects.get(pk=check_id)
    if check.state != ChainCheck.State.RUNNING:
        return check
    verdicts = [
        _plain(verdict)
        for verdict in verifier.verify(
            merchant_id=check.merchant_id, livemode=check.livemode, progress=lambda count: _beat(check, count)
        )
    ]
    if check.merchant_id is None:
        verdicts.append(_whole_log())
    is_broken = any(verdict["problem"] for verdict in verdicts)
    check.state = ChainCheck.State.BROKEN if is_broken else ChainCheck.State.VERIFIED
    check.verdicts, check.finished_at = verdicts, clock.now()
    check.entries = sum(verdict["entries"] for verdict in verdicts if not verdict["is_log"])
    check.save(update_fields=["state", "verdicts", "finished_at", "entries"])
    return check


def signed_heads(*, actor: Actor) -> dict[str, Any]:
    """The signed heads of the actor's merchant, or (platform) of all, to be kept elsewhere."""
    actor.require(SCOPE)
    return heads.export(at=clock.now(), merchant_id=actor.merchant_id)


def checks_of(actor: Actor) -> RowQuerySet[ChainCheck]:
    """The verifications for the actor's merchant and mode, or (platform) those of everything; newest first."""
    actor.require(SCOPE)
    livemode = actor.livemode if actor.merchant_id is not None else None
    found = ChainCheck.objects.filter(merchant_id=actor.merchant_id, livemode=livemode)
    rows: RowQuerySet[ChainCheck] = found.order_by("-created_at", "-pk")
    return rows


def is_silent(check: ChainCheck) -> bool:
    """Whether a running check has not been heard of for so long that a new one may begin."""
    return check.state == ChainCheck.State.RUNNING and check.beat_at <= clock.now() - _SILENT


def _open(actor: Actor) -> tuple[ChainCheck, bool]:
    now = clock.now()
    running = checks_of(actor).filter(state=ChainCheck.State.RUNNING)
    # A worker that died leaves its check behind; after a silence it is given up, so that a new one may begin.
    running.filter(beat_at__lte=now - _SILENT).update(state=ChainCheck.State.FAILED, finished_at=now)
    found = running.first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            check = ChainCheck.objects.create(
                merchant_id=actor.merchant_id,
                livemode=actor.livemode if actor.merchant_id is not None else None,
                created_at=now,
                beat_at=now,
                requested_by=actor.id,
                expected=_length(actor),
            )
            if check.expected > AT_ONCE:
                queue.enqueue("compliance.verify_chain", check_id=check.public_id)
            return check, True
    except IntegrityError:
        # Somebody else's began between the two looks.
        return running.get(), False


def _length(actor: Actor) -> int:
    if actor.merchant_id is None:
        return int(AuditHead.objects.aggregate(found=Max("position"))["found"] or 0)
    own = AuditHead.objects.filter(merchant_id=actor.merchant_id, livemode=actor.livemode)
    return int(own.aggregate(found=Max("seq"))["found"] or 0)


def _beat(check: ChainCheck, count: int) -> None:
    if count % _BEAT_EVERY == 0:
        ChainCheck.objects.filter(pk=check.pk).update(entries=count, beat_at=clock.now())


def _plain(verdict: verifier.Verdict) -> dict[str, Any]:
    fault = verdict.fault
    return {
        "is_log": False,
        "merchant": ids.public_id("mer", verdict.merchant_id),
        "livemode": verdict.livemode,
        "entries": verdict.entries,
        "hash": verdict.hash,
        "seq": fault.seq if fault else None,
        "event": fault.event if fault else "",
        "problem": fault.problem if fault else "",
    }


def _whole_log() -> dict[str, Any]:
    """The positions over all merchants, which have no chain of their own."""
    missing = numbers.first_missing_position()
    problem = "" if missing is None else "gap: no event has this position"
    furthest = numbers.furthest_position()
    return {
        "is_log": True,
        "merchant": "",
        "livemode": None,
        "entries": furthest if missing is None else missing - 1,
        "hash": "",
        "seq": missing,
        "event": "",
        "problem": problem,
    }
