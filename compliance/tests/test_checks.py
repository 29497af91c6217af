"""The chain is verified on demand: short chains at once, long ones by a task, each only by whom it belongs to."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from compliance.audit import heads
from compliance.models import AuditEntry, ChainCheck
from compliance.services import checks
from compliance.tests.factories import Thing, emit, sequence_inside, unguarded
from rupai.accounts.models import Merchant
from rupai.accounts.tests.factories import new_member, new_merchant, new_user, owner_of
from rupai.core import clock, queue
from rupai.core.actor import Actor
from rupai.core.errors import ScopeMissing
from rupai.core.models import Event
from rupai.pages.tests.factories import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/compliance/verify/"


@pytest.fixture
def merchant() -> Merchant:
    """A merchant with three sealed events."""
    made = new_merchant("Chai House")
    for number in range(3):
        emit(Thing(merchant_id=made.pk), number)
    emit(Thing())
    sequence_inside()
    return made


def damage(merchant: Merchant, seq: int) -> Event:
    """Change a sealed event, as whoever owns the tables can."""
    event = Event.objects.get(merchant_id=merchant.pk, seq=seq)
    with unguarded():
        Event.objects.filter(pk=event.pk).update(data={"number": 1_000_000})
        connection.check_constraints()
    return event


def test_a_whole_chain_is_told_with_its_length_and_head(merchant: Merchant) -> None:
    check = checks.request_check(actor=owner_of(merchant))
    assert (check.state, check.entries) == ("verified", 3)
    assert [verdict["hash"] for verdict in check.verdicts] == [
        AuditEntry.objects.get(merchant_id=merchant.pk, seq=3).hash
    ]


def test_the_first_fault_is_named(merchant: Merchant) -> None:
    event = damage(merchant, 2)
    check = checks.request_check(actor=owner_of(merchant))
    verdict = check.verdicts[0]
    assert (check.state, check.entries, verdict["seq"], verdict["event"]) == ("broken", 1, 2, event.public_id)
    assert verdict["problem"].startswith("changed event")


def test_the_platform_verifies_all_chains_and_the_whole_log(merchant: Merchant) -> None:
    check = checks.request_check(actor=Actor.platform("test"))
    assert (check.state, check.entries, len(check.verdicts)) == ("verified", 4, 3)
    assert [verdict["entries"] for verdict in check.verdicts if verdict["is_log"]] == [4]


def test_a_long_chain_is_a_tasks_and_asking_twice_checks_once(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(checks, "AT_ONCE", 2)
    monkeypatch.setattr(queue, "enqueue", lambda task, **arguments: sent.append({"task": task, **arguments}))
    first, second = (checks.request_check(actor=owner_of(merchant)) for _ in range(2))
    assert first == second
    assert (first.state, first.expected) == ("running", 3)
    assert sent == [{"task": "compliance.verify_chain", "check_id": first.public_id}]
    assert checks.carry_out(first.pk).state == "verified"


def test_a_silent_check_gives_way_to_a_new_one(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "AT_ONCE", 2)
    lost = checks.request_check(actor=owner_of(merchant))
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert checks.is_silent(lost)
        new = checks.request_check(actor=owner_of(merchant))
    lost.refresh_from_db()
    assert (lost.state, new.state) == ("failed", "running")
    assert checks.carry_out(lost.pk).state == "failed"


def test_who_may_not_see_the_chain_does_not_verify_it(merchant: Merchant) -> None:
    with pytest.raises(ScopeMissing):
        checks.request_check(actor=owner_of(merchant, scopes=frozenset({"events:read"})))
    viewer = signed_in(new_member(merchant, "viewer", is_staff=True).user)
    assert viewer.post(PAGE).status_code == 403
    assert viewer.get("/admin/compliance/heads.json").status_code == 403
    assert not ChainCheck.objects.exists()


def test_the_button_leads_to_the_result(merchant: Merchant) -> None:
    event = damage(merchant, 3)
    client = signed_in(new_member(merchant, "finance", is_staff=True).user)
    text = client.post(PAGE, follow=True).content.decode()
    assert "Broken" in text
    assert f"/admin/core/event/{event.pk}/change/" in text
    assert "changed event" in text


def test_a_running_check_asks_again_and_its_fragment_stands_alone(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "AT_ONCE", 2)
    check = checks.request_check(actor=owner_of(merchant))
    client = signed_in(new_member(merchant, "owner", is_staff=True).user)
    url = f"{PAGE}{check.public_id}/"
    whole = client.get(url).content.decode()
    assert "Look again" in whole
    assert 'hx-trigger="every 1s"' in whole
    checks.carry_out(check.pk)
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-trigger" not in part
    assert "3 entries checked" in part


def test_another_merchants_checks_are_not_there(merchant: Merchant) -> None:
    check = checks.request_check(actor=owner_of(merchant))
    stranger = signed_in(new_member(is_staff=True).user)
    assert stranger.get(f"{PAGE}{check.public_id}/").status_code == 404
    assert check.public_id not in stranger.get(PAGE).content.decode()


def test_the_download_holds_own_heads_and_can_be_compared(merchant: Merchant) -> None:
    owner = signed_in(new_member(merchant, "owner", is_staff=True).user)
    document = json.loads(owner.get("/admin/compliance/heads.json").content)
    assert [head["merchant_id"] for head in document["heads"]] == [merchant.public_id]
    assert heads.compare(document) == []
    root = signed_in(new_user(is_staff=True, is_superuser=True))
    assert len(json.loads(root.get("/admin/compliance/heads.json").content)["heads"]) == 2


def test_an_entry_shows_its_event_and_its_neighbours(merchant: Merchant) -> None:
    first, second, third = AuditEntry.objects.filter(merchant_id=merchant.pk).order_by("seq")
    client = signed_in(new_member(merchant, "owner", is_staff=True).user)
    text = client.get(f"/admin/compliance/auditentry/{second.pk}/change/").content.decode()
    for part in (second.hash, first.hash, str(third.pk), "thing.made"):
        assert part in text
    event = client.get(f"/admin/core/event/{second.pk}/change/").content.decode()
    assert second.hash[:16] in event
