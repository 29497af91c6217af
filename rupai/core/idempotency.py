"""The door's net: one caller's key stands for one piece of work, done once and answered with the same bytes.

Contract: key of 8-255 characters of ``[0-9A-Za-z._:-]``, scope merchant + mode + door + key, 24 hours, fingerprint
sha256 over the operation and the canonical arguments (IETF draft-ietf-httpapi-idempotency-key-header, made stricter).
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rupai.core import clock, ids, pan
from rupai.core.actor import Actor
from rupai.core.errors import Conflict, DomainError, InvalidInput
from rupai.core.models import IdempotencyRecord

LIFETIME = timedelta(hours=24)
# Longer than the longest request: a provider call is bounded by 10 s, database statements by 15 s.
LEASE = timedelta(seconds=40)
# Times that a key may be given back between our look and our lock.
_MOST_CLAIMS = 5
_KEY = re.compile(r"[0-9A-Za-z._:-]{8,255}")


class KeyRequired(InvalidInput):
    code = "idempotency_key_required"
    hint = "Send a header Idempotency-Key with a value of your own (e.g. a UUID), and the same one when you retry."


class KeyInvalid(InvalidInput):
    code = "idempotency_key_invalid"
    hint = "Use 8 to 255 characters of 0-9 A-Z a-z . _ : -"


class KeyReused(DomainError):
    code, status = "idempotency_key_reused", 422
    hint = "Use a new key for new work; repeat a key only with the same request."


class KeyInUse(Conflict):
    code = "idempotency_key_in_use"
    hint = "The first request with this key is still running; ask again after the pause in Retry-After."
    retry_after = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of a key.

    ``resumed`` means that an earlier holder died in the middle: look for what it began before beginning anything.
    """

    id: UUID
    leased_until: datetime
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time, to be given again byte for byte."""

    status: int
    content_type: str
    body: bytes


def check_key(key: str | None) -> str:
    """Return the key if it is well formed.

    :raises KeyRequired: when there is none.
    :raises KeyInvalid: on another length or character.
    """
    if key is None:
        raise KeyRequired("This moves money and needs an idempotency key")
    if not _KEY.fullmatch(key):
        raise KeyInvalid("The idempotency key is not well formed")
    if pan.contains(key):
        raise KeyInvalid("The idempotency key is a card number", hint="Use a random value, such as a UUID.")
    return key


def fingerprint(operation: str, arguments: Any) -> str:
    """Digest the operation and its arguments; key order and white space do not count."""
    canonical = json.dumps([operation, arguments], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def claim(*, actor: Actor, key: str, operation: str, arguments: Any) -> Claim | Answer:
    """Claim a key in a committed transaction of its own, before any work; or get the stored answer.

    :raises KeyReused: when the key stands for other work.
    :raises KeyInUse: while another request holds it.
    """
    now = clock.now()
    wanted = IdempotencyRecord(
        id=ids.new_key(now),
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=now,
        door=actor.door,
        key=key,
        operation=operation,
        fingerprint=fingerprint(operation, arguments),
        leased_until=now + LEASE,
    )
    for _ in range(_MOST_CLAIMS):
        with transaction.atomic(durable=True):
            held = _claim(wanted)
        if held is not None:
            return held
    raise KeyInUse("Requests with this key keep coming and going")


def _claim(wanted: IdempotencyRecord) -> Claim | Answer | None:
    """Claim the key or join its holder; None when the holder gave it back in between."""
    if _insert(wanted):
        return Claim(wanted.pk, wanted.leased_until)
    rows = IdempotencyRecord.objects.select_for_update()
    found = rows.filter(
        merchant_id=wanted.merchant_id, livemode=wanted.livemode, door=wanted.door, key=wanted.key
    ).first()
    if found is None:
        return None
    if found.created_at <= wanted.created_at - LIFETIME:
        found.delete()
        _insert(wanted)
        return Claim(wanted.pk, wanted.leased_until)
    return _join(found, wanted)


_INSERT = """
    INSERT INTO core_idempotencyrecord (id, merchant_id, livemode, created_at, door, key, operation, fingerprint, state,
        leased_until, content_type)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '') ON CONFLICT DO NOTHING
"""


def _insert(new: IdempotencyRecord) -> bool:
    """Write the record unless the key is taken; the one statement on the hot path that the ORM would make two of."""
    values: list[Any] = [
        new.pk,
        new.merchant_id,
        new.livemode,
        new.created_at,
        new.door,
        new.key,
        new.operation,
        new.fingerprint,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*values, new.state, new.leased_until])
        return bool(cursor.rowcount)


def _join(found: IdempotencyRecord, wanted: IdempotencyRecord) -> Claim | Answer:
    if found.fingerprint != wanted.fingerprint:
        raise KeyReused("This key was used for another request")
    if found.state == IdempotencyRecord.State.DONE:
        return Answer(found.status or 200, found.content_type, found.body or b"")
    if found.leased_until > clock.now():
        raise KeyInUse("A request with this key is still running")
    found.leased_until = wanted.leased_until
    found.save(update_fields=["leased_until"])
    return Claim(found.pk, found.leased_until, resumed=True)


_STORE = """
    UPDATE core_idempotencyrecord SET state = 'done', status = %s, content_type = %s, body = %s
    WHERE id = %s AND leased_until = %s AND state = 'running'
"""


def store(held: Claim, answer: Answer) -> None:
    """Keep the answer for replay; a holder whose lease went to another changes nothing."""
    body = IdempotencyRecord._meta.get_field("body").get_db_prep_save(answer.body, connection)
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [answer.status, answer.content_type, body, held.id, held.leased_until])


def release(held: Claim) -> None:
    """Give the key back after a refusal that happened before anything was begun."""
    IdempotencyRecord.objects.filter(
        pk=held.id, leased_until=held.leased_until, state=IdempotencyRecord.State.RUNNING
    ).delete()


def abandon(held: Claim) -> None:
    """End the lease now, after an error whose outcome is unknown: the next retry looks at what was begun."""
    IdempotencyRecord.objects.filter(
        pk=held.id, leased_until=held.leased_until, state=IdempotencyRecord.State.RUNNING
    ).update(leased_until=clock.now())


def forget_expired(*, limit: int = 5000) -> int:
    """Delete keys older than their lifetime; tell how many."""
    old = IdempotencyRecord.objects.filter(created_at__lte=clock.now() - LIFETIME).order_by("created_at")[:limit]
    return IdempotencyRecord.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
