"""The page of an event tells all that followed from it; dead letters are sent again or discarded once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from rupai.accounts.models import Membership
from rupai.accounts.services.merchants import change_settings
from rupai.accounts.tests.factories import actor_of, new_member, new_user
from rupai.core import clock, events, logs, queue
from rupai.core.actor import Actor
from rupai.core.errors import WrongState
from rupai.core.models import DeadLetter, Event, HandlerRun
from rupai.core.replay import discard, replay, send_again
from rupai.pages.tests.factories import signed_in

pytestmark = pytest.mark.django_db
Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def owner() -> Membership:
    return new_member(is_staff=True)


@pytest.fixture
def renamed(owner: Membership) -> Event:
    """An event with a change, of a request of its own."""
    with logs.correlated("request-of-the-test"):
        merchant = owner.merchant
        change_settings(actor=actor_of(owner), before={"name": merchant.name}, after={"name": "Chai House"})
    return Event.objects.get(type="merchant.changed")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What would go to the broker."""
    found: Sent = []
    monkeypatch.setattr(transaction, "on_commit", lambda work: work())
    monkeypatch.setattr(queue, "_send", lambda task, arguments, _: found.append((task, arguments)))
    return found


def address(event: Event) -> str:
    return reverse("admin:core_event_change", args=[event.pk])


def letter(**fields: Any) -> DeadLetter:
    given = {"task": "core.dispatch_events", "queue": "payments", "error": "KeyError: 'amount'", "tries": 5}
    made: DeadLetter = DeadLetter.objects.create(**{**given, "created_at": clock.now(), **fields})
    return made


def test_an_event_shows_its_change_its_actor_and_its_request(owner: Membership, renamed: Event) -> None:
    text = signed_in(owner.user).get(address(renamed)).content.decode()
    assert "Chai House" in text
    assert owner.user.public_id not in text.partition("<pre")[0] or owner.user.email in text
    assert "request-of-the-test" in text
    assert "not numbered yet" in text
    assert "No other event came of the same request" in text


def test_all_of_one_request_are_shown_and_nothing_else(owner: Membership, renamed: Event) -> None:
    with logs.correlated("request-of-the-test"), transaction.atomic():
        twin = events.emit("thing.made", subject=renamed, actor=actor_of(owner), data={})
    with logs.correlated("another-request"), transaction.atomic():
        events.emit("thing.changed", subject=renamed, actor=actor_of(owner), data={})
    client = signed_in(owner.user)
    assert "1 other event" in client.get(address(renamed)).content.decode()
    page = client.get(reverse("admin:core_event_request", args=[renamed.pk]))
    assert [line["event"] for line in page.context["lines"]] == [renamed, twin]


def test_another_merchants_event_is_not_there(renamed: Event) -> None:
    stranger = signed_in(new_member(is_staff=True).user)
    for url in (address(renamed), reverse("admin:core_event_request", args=[renamed.pk])):
        assert stranger.get(url).status_code == 404, url


def test_an_event_takes_no_post(owner: Membership, renamed: Event) -> None:
    assert signed_in(owner.user).post(address(renamed), {"type": "x.y"}).status_code == 403


def test_an_event_with_many_runs_costs_no_more_queries(
    owner: Membership, renamed: Event, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        HandlerRun.objects.create(event=renamed, handler=f"x.handler_{number}", due_at=clock.now())
    client = signed_in(owner.user)
    with django_assert_max_num_queries(24):
        assert client.get(address(renamed)).status_code == 200


def test_only_the_platform_sees_dead_letters(owner: Membership) -> None:
    row = letter()
    client = signed_in(owner.user)
    for name in ("change", "replay", "discard"):
        assert client.get(reverse(f"admin:core_deadletter_{name}", args=[row.pk])).status_code == 403, name
        assert client.post(reverse(f"admin:core_deadletter_{name}", args=[row.pk])).status_code == 403, name
    row.refresh_from_db()
    assert (row.replayed_at, row.discarded_at) == (None, None)


def test_a_form_sent_twice_sends_the_task_once(sent: Sent) -> None:
    row = letter(arguments={"of": "tea"})
    root = new_user(is_staff=True, is_superuser=True)
    client = signed_in(root)
    page = reverse("admin:core_deadletter_replay", args=[row.pk])
    form = dict(client.get(page).context["hidden"])
    first, second = (client.post(page, form, follow=True).content.decode() for _ in range(2))
    assert "It is being sent again." in first
    assert "It was sent again already" in second
    assert sent == [("core.dispatch_events", {"of": "tea"})]
    row.refresh_from_db()
    assert row.decided_by == root.public_id


def test_a_discarded_letter_is_never_sent(sent: Sent) -> None:
    row = letter()
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    text = client.post(reverse("admin:core_deadletter_discard", args=[row.pk]), follow=True).content.decode()
    assert "Discarded." in text
    assert "Send again" not in text
    platform = Actor.platform("test")
    with pytest.raises(WrongState):
        send_again(actor=platform, letter_id=row.pk, seen=None)
    with pytest.raises(WrongState):
        discard(actor=platform, letter_id=row.pk)
    assert replay(DeadLetter.objects.all()) == 0
    assert sent == []


def test_a_letter_of_a_handler_leads_to_its_event(renamed: Event) -> None:
    run = HandlerRun.objects.create(event=renamed, handler="x.y", due_at=clock.now() - timedelta(hours=1), state="dead")
    row = letter(task="core.run_handler", arguments={"run_id": run.pk})
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    assert address(renamed) in client.get(reverse("admin:core_deadletter_change", args=[row.pk])).content.decode()
