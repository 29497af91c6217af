"""The chain verifies, refuses to be changed, and names the first bad entry when it was changed all the same."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from compliance.audit import sequencer, signing, verifier
from compliance.models import AuditEntry, AuditHead
from compliance.tests.factories import Thing, emit, sequence_inside, unguarded
from rupai.core import ids, invariants
from rupai.core.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def thing() -> Thing:
    """A subject with a whole chain of six events, beside another merchant's chain of two."""
    thing, other = Thing(), Thing(livemode=True)
    for number in range(6):
        emit(thing, number, share=0.1, text="₹ \u2028")
    emit(other)
    emit(other)
    sequence_inside()
    return thing


def event_at(thing: Thing, seq: int) -> Event:
    found: Event = Event.objects.get(merchant_id=thing.merchant_id, livemode=thing.livemode, seq=seq)
    return found


def entries(thing: Thing) -> Any:
    return AuditEntry.objects.filter(merchant_id=thing.merchant_id, livemode=thing.livemode)


def refused(*arguments: str) -> str:
    """Run ``verify_audit_chain``, which must fail; what it printed."""
    out = StringIO()
    with pytest.raises(CommandError, match="The audit chain is broken"):
        call_command("verify_audit_chain", *arguments, stdout=out)
    return out.getvalue()


def fault_line(thing: Thing, *arguments: str) -> str:
    name = ids.public_id("mer", thing.merchant_id)
    return next(line for line in refused(*arguments).splitlines() if line.startswith(name) and "BAD" in line)


def test_a_whole_chain_verifies(thing: Thing) -> None:
    out = StringIO()
    call_command("verify_audit_chain", stdout=out)
    head = AuditHead.objects.get(merchant_id=thing.merchant_id)
    name = ids.public_id("mer", thing.merchant_id)
    assert f"{name} test: 6 entries, head {head.hash}" in out.getvalue()
    assert "positions 1 to 8 without a gap" in out.getvalue()
    assert "2 chains verified" in out.getvalue()


def test_one_merchant_can_be_verified_alone(thing: Thing) -> None:
    out = StringIO()
    call_command("verify_audit_chain", "--merchant", ids.public_id("mer", thing.merchant_id), stdout=out)
    assert "1 chains verified" in out.getvalue()
    with pytest.raises(CommandError, match="is no merchant id"):
        call_command("verify_audit_chain", "--merchant", "mer_1")


def test_chains_longer_than_a_chunk_verify(thing: Thing) -> None:
    told: list[int] = []
    verdicts = list(verifier.verify(progress=told.append, chunk=2))
    assert sorted(verdict.entries for verdict in verdicts) == [2, 6]
    assert [verdict.fault for verdict in verdicts] == [None, None]
    assert told == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_chain_refuses_update_delete_and_truncate(thing: Thing) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entries(thing).update(hash="0" * 64)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entries(thing).filter(seq=6).delete()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL rupai.truncate = 'refused'")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE compliance_auditentry")
    assert [verdict.fault for verdict in verifier.verify()] == [None, None]


def test_a_changed_event_is_named_whichever_field_it_is(thing: Thing) -> None:
    event = event_at(thing, 3)
    changes: list[dict[str, Any]] = [
        {"data": {**event.data, "share": 0.2}},
        {"data": {**event.data, "more": None}},
        {"changes": {"status": ["a", "b"]}},
        {"actor": "somebody"},
        {"type": "thing.sold"},
        {"subject_type": "person"},
        {"subject_id": "thing_2"},
        {"correlation_id": "other"},
        {"created_at": event.created_at + timedelta(microseconds=1)},
        {"transaction": event.transaction + 1},
        {"inserted": 10**9},
        {"position": 10**9},
        {"livemode": True},
        {"merchant_id": ids.new_key()},
    ]
    for change in changes:
        before = {field: getattr(event, field) for field in change}
        with unguarded():
            Event.objects.filter(pk=event.pk).update(**change)
        assert f"BAD at seq 3, event {event.public_id}: changed event" in fault_line(thing), change
        with unguarded():
            Event.objects.filter(pk=event.pk).update(**before)
    assert [verdict.fault for verdict in verifier.verify()] == [None, None]


def test_a_last_digit_is_enough(thing: Thing) -> None:
    event = event_at(thing, 3)
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_event SET data = jsonb_set(data, '{share}', '0.10') WHERE id = %s", [event.pk])
    assert f"BAD at seq 3, event {event.public_id}: changed event" in fault_line(thing)


def test_an_event_sealed_anew_breaks_the_link_behind_it(thing: Thing) -> None:
    with unguarded():
        entries(thing).filter(seq=4).update(prev_hash="f" * 64)
    assert f"BAD at seq 4, event {event_at(thing, 4).public_id}: broken link" in fault_line(thing)


def test_a_missing_entry_is_named(thing: Thing) -> None:
    with unguarded():
        entries(thing).filter(seq=2).delete()
    assert f"BAD at seq 2, event {event_at(thing, 2).public_id}: missing entry" in fault_line(thing)


def test_a_missing_event_is_named(thing: Thing) -> None:
    event = event_at(thing, 2)
    with unguarded():
        delete_events([event.pk])
    assert f"BAD at seq 2, event {event.public_id}: missing event" in fault_line(thing)


def test_a_gap_is_named_with_its_position(thing: Thing) -> None:
    event = event_at(thing, 5)
    with unguarded():
        entries(thing).filter(seq=5).delete()
        delete_events([event.pk])
    printed = refused()
    assert "BAD at seq 5: gap" in printed
    assert f"BAD at position {event.position}: gap" in printed


def delete_events(keys: list[UUID]) -> None:
    """Delete by SQL: the ORM would refuse because of what points to them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_event WHERE id = ANY(%s)", [keys])


def cut_tail(thing: Thing) -> None:
    """Remove the last two events and their entries."""
    with unguarded():
        gone = list(entries(thing).filter(seq__gte=5).values_list("pk", flat=True))
        entries(thing).filter(pk__in=gone).delete()
        delete_events(gone)


def test_a_cut_tail_is_noticed_by_the_head(thing: Thing) -> None:
    cut_tail(thing)
    assert "BAD at seq 5: head mismatch: the head is at 6" in fault_line(thing)


def test_a_head_set_back_is_noticed_by_its_signature(thing: Thing) -> None:
    cut_tail(thing)
    last = entries(thing).get(seq=4)
    AuditHead.objects.filter(merchant_id=thing.merchant_id).update(
        seq=4, hash=last.hash, position=event_at(thing, 4).position
    )
    assert "BAD at seq 4: head mismatch: no trusted key signed the head" in fault_line(thing)


def test_a_tail_cut_with_the_signing_key_is_noticed_by_the_exported_head(thing: Thing, tmp_path: Path) -> None:
    exported = tmp_path / "head.json"
    call_command("export_audit_head", "--out", str(exported), stdout=StringIO())
    cut_tail(thing)
    last = entries(thing).get(seq=4)
    head = AuditHead.objects.get(merchant_id=thing.merchant_id)
    head.seq, head.hash, head.position = 4, last.hash, event_at(thing, 4).position or 0
    head.signature = signing.sign(sequencer.head_text(head))
    head.save()
    assert "BAD at seq 6: head mismatch: exported on" in fault_line(thing, "--head", str(exported))


def test_an_export_of_an_earlier_day_agrees_with_a_longer_chain(thing: Thing, tmp_path: Path) -> None:
    exported = tmp_path / "head.json"
    call_command("export_audit_head", "--out", str(exported), stdout=StringIO())
    emit(thing)
    sequence_inside()
    call_command("verify_audit_chain", "--head", str(exported), stdout=StringIO())


def test_an_altered_export_is_refused(thing: Thing, tmp_path: Path) -> None:
    out = StringIO()
    call_command("export_audit_head", stdout=out)
    document = json.loads(out.getvalue())
    exported = tmp_path / "head.json"
    exported.write_text(json.dumps({**document, "heads": document["heads"][1:]}))
    with pytest.raises(CommandError, match="No trusted key signed this export"):
        call_command("verify_audit_chain", "--head", str(exported), stdout=StringIO())


def test_a_deleted_head_is_noticed(thing: Thing) -> None:
    AuditHead.objects.filter(merchant_id=thing.merchant_id).delete()
    assert "BAD at seq 6: head mismatch: the chain has no head" in fault_line(thing)


def test_an_older_signing_key_stays_trusted(thing: Thing, settings: Settings) -> None:
    old, new = settings.AUDIT_SIGNING_KEY, "A" * 43 + "="
    settings.AUDIT_SIGNING_KEY = f"{new},{old}"
    assert [verdict.fault for verdict in verifier.verify()] == [None, None]
    settings.AUDIT_SIGNING_KEY = new
    assert all(verdict.fault is not None for verdict in verifier.verify())


def test_the_invariants_name_what_is_broken(thing: Thing) -> None:
    rules = {rule.name: rule for rule in invariants.registered()}
    assert (rules["I9"].check(), rules["I10"].check()) == ([], [])
    event = event_at(thing, 5)
    with unguarded():
        entries(thing).filter(seq=5).delete()
        delete_events([event.pk])
    name = ids.public_id("mer", thing.merchant_id)
    assert rules["I9"].check() == [f"{name} test: 5 events numbered up to 6", f"no event has position {event.position}"]
    assert rules["I10"].check() == [f"{name} test: seq 5: gap: neither an entry nor an event has this number"]
