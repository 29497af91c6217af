"""Enqueuing: after the commit, by name, with the correlation id, and never at the cost of the caller."""

from typing import Any

import pytest
from celery import Celery
from django.db import transaction
from kombu.exceptions import EncodeError, OperationalError

from rupai.core import logs, queue
from rupai.core.queue_names import QUEUES

Sent = list[dict[str, Any]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What Celery was asked to send."""
    found: Sent = []
    monkeypatch.setattr(Celery, "send_task", lambda _, task, **options: found.append({"task": task, **options}))
    monkeypatch.setattr(queue, "_away_until", 0.0)
    return found


def failing(error: Exception) -> Any:
    def send_task(*_: Any, **__: Any) -> None:
        raise error

    return send_task


@pytest.mark.django_db(transaction=True)
def test_a_task_is_sent_once_its_transaction_has_committed(sent: Sent) -> None:
    with logs.correlated("the-request"), transaction.atomic():
        queue.enqueue("payments.sync", payment_id="pay_1")
        assert sent == []
    [message] = sent
    assert (message["task"], message["queue"], message["kwargs"]) == (
        "payments.sync",
        "payments",
        {"payment_id": "pay_1"},
    )
    assert message["headers"] == {"rupai_correlation_id": "the-request"}
    assert message["retry"] is False


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_sends_nothing(sent: Sent) -> None:
    with transaction.atomic():
        queue.enqueue("payments.sync", payment_id="pay_1")
        transaction.set_rollback(True)
    assert sent == []


@pytest.mark.unit
@pytest.mark.parametrize(
    "error", [OperationalError("gone"), ConnectionResetError(), RuntimeError("(406) PRECONDITION")]
)
def test_trouble_with_the_broker_never_reaches_the_caller(
    error: Exception, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Celery, "send_task", failing(error))
        queue._send("payments.sync", {}, {})
    # For a moment nobody tries again, then they do.
    queue._send("payments.sync", {}, {})
    assert sent == []
    monkeypatch.setattr(queue, "_away_until", 0.0)
    queue._send("payments.sync", {}, {})
    assert len(sent) == 1


@pytest.mark.unit
def test_a_mistake_of_ours_is_loud(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Celery, "send_task", failing(EncodeError("no JSON")))
    with pytest.raises(EncodeError):
        queue._send("payments.sync", {"payment": object()}, {})


@pytest.mark.unit
def test_every_app_has_a_queue() -> None:
    for task in ("core.run_handler", "accounts.forget_sign_ins", "wallets.expire_holds", "subscriptions.renew", "x.y"):
        assert queue.queue_of(task) in QUEUES
    assert queue.queue_of("notifications.sweep_webhooks") == "notifications"
