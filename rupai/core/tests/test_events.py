"""The event log: written in the transaction that makes a fact true, never changed, never deleted."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from rupai.core import clock, events, ids, logs
from rupai.core.actor import Actor
from rupai.core.models import Event

ACTOR = Actor.platform("tests")


@dataclass
class Thing:
    """What an event can be about."""

    merchant_id: UUID = field(default_factory=ids.new_key)
    livemode: bool = True
    public_id: str = "thing_0000000000000000000001"


def emit(type: str = "thing.made", **more: Any) -> Event:
    return events.emit(type, subject=Thing(), actor=ACTOR, data={"amount": 10_000}, **more)


@pytest.mark.django_db
def test_a_fact_is_written_with_who_what_and_why() -> None:
    thing = Thing()
    with transaction.atomic(), logs.correlated("a-request-0001"), clock.at(clock.now()):
        told = events.emit("thing.changed", subject=thing, actor=ACTOR, data={"amount": 2}, changes={"amount": [1, 2]})
        now = clock.now()
    event = Event.objects.get(pk=told.pk)
    assert (event.merchant_id, event.livemode, event.created_at) == (thing.merchant_id, True, now)
    assert (event.type, event.subject_type, event.subject_id) == ("thing.changed", "thing", thing.public_id)
    assert (event.data, event.changes) == ({"amount": 2}, {"amount": [1, 2]})
    assert (event.actor, event.correlation_id) == ("platform:tests", "a-request-0001")
    assert (event.seq, event.position) == (None, None)
    assert event.public_id.startswith("evt_")
    assert events.tenant_of(event) == (thing.merchant_id, True)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_emitted() -> None:
    with pytest.raises(events.EmitNeedsTransaction):
        emit()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_did_not_happen_is_not_told() -> None:
    def fail() -> None:
        with transaction.atomic():
            emit()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["", "made", "thing.", ".made", "Thing.made", "thing made", "thing.made.twice", "thing.Made", "a.b\n"]
)
def test_a_name_is_a_noun_and_a_past_verb(name: str) -> None:
    with pytest.raises(ValueError, match="<noun>"):
        emit(name)
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_event SET data = '{}'",
        "UPDATE core_event SET type = 'thing.unmade'",
        "UPDATE core_event SET seq = 1, position = 1, actor = 'somebody'",
        "UPDATE core_event SET created_at = created_at - interval '1 day'",
        "UPDATE core_event SET transaction = 0",
        "DELETE FROM core_event",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(statement: str) -> None:
    event = emit()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    kept = Event.objects.get(pk=event.pk)
    assert (kept.data, kept.type, kept.actor) == ({"amount": 10_000}, "thing.made", "platform:tests")


@pytest.mark.django_db
def test_an_event_is_numbered_once() -> None:
    event = emit()
    assert Event.objects.filter(pk=event.pk).update(seq=1, position=1) == 1
    for change in ({"seq": 2}, {"position": 2}, {"seq": None, "position": None}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Event.objects.filter(pk=event.pk).update(**change)
    other = emit()
    for half in ({"seq": 1}, {"position": 2}, {"seq": 0, "position": 2}, {"seq": 1, "position": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Event.objects.filter(pk=other.pk).update(**half)


@pytest.mark.django_db
def test_the_log_cannot_be_emptied_where_nobody_allowed_it() -> None:
    event = emit()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('rupai.truncate', 'no', true)")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE core_event CASCADE")
    assert Event.objects.filter(pk=event.pk).exists()


@pytest.mark.unit
def test_a_handler_is_known_once_per_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_handlers", {})

    @events.on("thing.made", "thing.changed")
    def note(event: Event) -> None: ...

    events.on("thing.made")(note)
    assert events.handlers_of("thing.made") == [note]
    assert events.handlers_of("thing.changed") == [note]
    assert events.handlers_of("thing.lost") == []
    assert events.handler_named(events.handler_name(note)) is note
    assert events.handler_named("gone.with.a.release") is None
