"""Tasks are nudges: sent after the commit, with the id of their cause; a broker that is away breaks nothing."""

from typing import Any

import pytest
from celery import Celery
from django.db import transaction

from rupai.core import logs, queue
from rupai.core.queue_names import QUEUES

Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def _broker_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_away_until", 0.0)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What is handed to Celery."""
    found: Sent = []
    monkeypatch.setattr(Celery, "send_task", lambda _, task, **options: found.append((task, options)))
    return found


@pytest.mark.unit
def test_every_app_has_a_queue() -> None:
    for name in QUEUES:
        assert queue.queue_of(f"{name}.sync") == name
    assert queue.queue_of("core.run_handler") == "payments"
    assert queue.queue_of("accounts.forget") == "compliance"
    assert queue.queue_of("nobody.knows") == "monitoring"
    assert queue.queue_of("") == "monitoring"


@pytest.mark.django_db(transaction=True)
def test_a_task_is_sent_once_its_transaction_has_committed(sent: Sent) -> None:
    with transaction.atomic():
        queue.enqueue("payments.sync", payment_id="pay_1")
        assert sent == []
    assert [(task, options["kwargs"], options["queue"]) for task, options in sent] == [
        ("payments.sync", {"payment_id": "pay_1"}, "payments")
    ]


@pytest.mark.django_db(transaction=True)
def test_a_task_of_what_did_not_happen_is_not_sent(sent: Sent) -> None:
    def fail() -> None:
        with transaction.atomic():
            queue.enqueue("payments.sync", payment_id="pay_1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_a_message_carries_the_id_of_the_request_that_caused_it(sent: Sent) -> None:
    with logs.correlated("a-request-0001"), transaction.atomic():
        queue.enqueue("payments.sync", payment_id="pay_1")
    assert sent[0][1]["headers"] == {"rupai_correlation_id": "a-request-0001"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OSError("gone"), ConnectionRefusedError(), TimeoutError(), RuntimeError("driver")])
def test_a_broker_that_is_away_raises_nothing_and_is_left_alone_for_a_while(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def fail(_: Any, task: str, **__: Any) -> None:
        tried.append(task)
        raise error

    monkeypatch.setattr(Celery, "send_task", fail)
    with transaction.atomic():
        queue.enqueue("payments.sync", payment_id="pay_1")
        queue.enqueue("payments.sync", payment_id="pay_2")
    assert tried == ["payments.sync"]
    monkeypatch.setattr(queue, "_away_until", 0.0)
    queue.enqueue("analytics.fold")
    assert tried == ["payments.sync", "analytics.fold"]
