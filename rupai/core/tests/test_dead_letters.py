"""Tasks that fail: retried where it may help, then kept, and sent again when somebody asks for it."""

from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from celery import shared_task
from celery.exceptions import Retry
from django.core.management import CommandError, call_command

from rupai.core import clock, dispatch, events, queue
from rupai.core.errors import Retryable
from rupai.core.models import DeadLetter, Event, HandlerRun
from rupai.core.queue import MOST_TRIES, Task, WorkerDied
from rupai.core.tasks import run_handler

pytestmark = pytest.mark.django_db
tried: list[str] = []


@shared_task(name="payments.test_unlucky", base=Task)
def unlucky(*, of: str) -> None:
    tried.append(of)
    raise Retryable("the provider is away, key sk_live_0123456789abcdefghij")


@shared_task(name="payments.test_broken", base=Task)
def broken(*, of: str) -> None:
    tried.append(of)
    raise KeyError("amount")


@pytest.fixture(autouse=True)
def nothing_tried() -> Iterator[None]:
    tried.clear()
    yield
    tried.clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What would go to the broker."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(queue, "_send", lambda task, arguments, _: found.append((task, arguments)))
    return found


def letter(**fields: Any) -> DeadLetter:
    values = {"task": "payments.test_unlucky", "queue": "payments", "error": "x", "tries": 5, "arguments": {"of": "a"}}
    return DeadLetter.objects.create(created_at=clock.now(), **(values | fields))


def replay(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_dead_letters", *arguments, stdout=out)
    return out.getvalue().strip()


def test_work_that_may_succeed_later_is_tried_five_times_and_kept() -> None:
    unlucky.apply(kwargs={"of": "a"})
    assert tried == ["a"] * MOST_TRIES == ["a"] * 5
    kept = DeadLetter.objects.get()
    assert (kept.task, kept.queue, kept.tries) == ("payments.test_unlucky", "payments", 5)
    assert kept.arguments == {"of": "a"}
    assert kept.error == "Retryable: the provider is away, key [removed]"
    assert kept.replayed_at is None


def test_an_error_of_ours_is_not_tried_again() -> None:
    broken.apply(kwargs={"of": "a"})
    assert tried == ["a"]
    assert DeadLetter.objects.get().error == "KeyError: 'amount'"


def test_a_message_whose_worker_died_goes_back_and_counts_as_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "celery.canvas.Signature.apply_async", lambda self, *_, **__: again.append(dict(self["options"]))
    )
    context = {"id": "1", "called_directly": False, "delivery_info": {"redelivered": True, "routing_key": "payments"}}
    unlucky.push_request(kwargs={"of": "a"}, args=[], retries=0, **context)
    try:
        with pytest.raises(Retry):
            unlucky(of="a")
    finally:
        unlucky.pop_request()
    assert tried == []
    [options] = again
    assert (options["retries"], options["countdown"]) == (1, 1)


def test_a_message_that_kills_its_worker_for_the_fifth_time_is_given_up() -> None:
    context = {"id": "1", "called_directly": False, "delivery_info": {"redelivered": True}}
    unlucky.push_request(kwargs={"of": "a"}, args=[], retries=MOST_TRIES - 1, **context)
    try:
        with pytest.raises(WorkerDied):
            unlucky(of="a")
    finally:
        unlucky.pop_request()
    assert tried == []


def test_letters_are_sent_again_once(sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    first, second = letter(), letter(arguments={"of": "b"})
    letter(replayed_at=clock.now())
    with django_capture_on_commit_callbacks(execute=True):
        assert replay() == "2 sent again"
    assert sent == [("payments.test_unlucky", {"of": "a"}), ("payments.test_unlucky", {"of": "b"})]
    for found in (first, second):
        found.refresh_from_db()
        assert found.replayed_at is not None
    assert replay() == "0 sent again"


def test_letters_can_be_chosen(sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    wanted, other = letter(), letter(task="payments.test_broken")
    with django_capture_on_commit_callbacks(execute=True):
        assert replay("--task", "payments.test_broken") == "1 sent again"
        assert replay("--id", str(wanted.pk)) == "1 sent again"
        # By its number a letter is sent even if it was before: somebody means exactly this one.
        assert replay("--id", str(other.pk)) == "1 sent again"
    assert [task for task, _ in sent] == ["payments.test_broken", "payments.test_unlucky", "payments.test_broken"]
    with pytest.raises(CommandError, match="no dead letter 0"):
        replay("--id", "0")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A handler of ``thing.happened`` that fails while the list says so."""
    fails = [True]

    def handle(event: Event) -> None:
        tried.append(event.type)
        if fails[0]:
            raise ConnectionError("away")

    monkeypatch.setattr(events, "_handlers", {})
    events.on("thing.happened")(handle)
    return fails


def happened() -> HandlerRun:
    event = Event.objects.create(
        merchant_id=uuid4(),
        livemode=False,
        created_at=clock.now(),
        type="thing.happened",
        subject_type="thing",
        subject_id="thing_1",
        data={},
        actor="platform:tests",
        correlation_id="a-request",
        seq=1,
        position=1,
    )
    dispatch.dispatch()
    return HandlerRun.objects.get(event=event)


def test_a_handler_that_fails_is_tried_five_times_and_kept_once(failing: list[bool], sent: list[Any]) -> None:
    run = happened()
    run_handler.apply(kwargs={"run_id": run.pk})
    assert tried == ["thing.happened"] * 5
    run.refresh_from_db()
    assert (run.state, run.tries) == ("dead", 5)
    kept = DeadLetter.objects.get()
    assert (kept.task, kept.tries, kept.correlation_id) == ("core.run_handler", 5, "a-request")
    assert kept.error.endswith("ConnectionError: away")


def test_a_handler_whose_worker_dies_each_time_is_kept_once(failing: list[bool], sent: list[Any]) -> None:
    run = happened()
    HandlerRun.objects.filter(pk=run.pk).update(tries=5)
    run_handler.apply(kwargs={"run_id": run.pk})
    assert tried == []
    run.refresh_from_db()
    assert run.state == "dead"
    assert DeadLetter.objects.get().error.endswith("The worker died while it ran")


def test_a_dead_handler_run_is_done_after_its_replay(
    failing: list[bool], sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    run = happened()
    run_handler.apply(kwargs={"run_id": run.pk})
    failing[0] = False
    with django_capture_on_commit_callbacks(execute=True):
        assert replay() == "1 sent again"
    assert sent[-1] == ("core.run_handler", {"run_id": run.pk})
    run_handler.apply(kwargs={"run_id": run.pk})
    run.refresh_from_db()
    assert (run.state, run.tries) == ("done", 1)
    assert DeadLetter.objects.count() == 1
