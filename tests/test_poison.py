"""Poison messages on a real worker: each ends as a dead letter after at most five tries and holds up no other."""

import time
from pathlib import Path

import pytest
from django.conf import settings

from rupai.core.models import DeadLetter
from tests.celery_live import Crew, crew
from tests.live import wait_until

POISON = ("always_fails", "malformed=x", "endless", "stubborn", "kills_its_worker")
TRIES = {
    "monitoring.test_always_fails": 5,
    "monitoring.test_malformed": 1,
    "monitoring.test_endless": 1,
    "monitoring.test_stubborn": 1,
    "monitoring.test_kills_its_worker": 5,
}
# What trust.md allows others to wait.
MOST_LAG_SECONDS = 5.0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_poison_on_the_redis_of_this_run(tmp_path: Path) -> None:
    with crew(tmp_path, settings.REDIS_URL) as live:
        poison_is_contained(live)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_poison_on_the_real_redis(tmp_path: Path) -> None:
    with crew(tmp_path, settings.REDIS_URL) as live:
        poison_is_contained(live)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_poison_on_the_real_rabbitmq(tmp_path: Path) -> None:
    assert settings.CELERY_BROKER_URL.startswith("amqp"), "CELERY_BROKER_URL must name the RabbitMQ of this run"
    with crew(tmp_path, settings.CELERY_BROKER_URL) as live:
        poison_is_contained(live)


def poison_is_contained(live: Crew) -> None:
    live.worker(queues="monitoring", processes=2)
    live.send(*POISON, correlation="poisoned-request")
    sent = send_good_ones(live, count=4)
    wait_until(lambda: DeadLetter.objects.count() >= len(TRIES), what=live.log("worker")[-3000:], seconds=60)

    assert dict(DeadLetter.objects.values_list("task", "tries")) == TRIES
    for task, tries in TRIES.items():
        assert len(live.noted(task.removeprefix("monitoring.test_"))) == tries
    for number, at in sent.items():
        [(_, ran)] = live.noted(f"good-{number}")
        assert ran - at < MOST_LAG_SECONDS
    letter = DeadLetter.objects.get(task="monitoring.test_malformed")
    assert letter.arguments == {"of": "x"}
    assert letter.error == "ValueError: [removed] is not for logs"
    assert letter.correlation_id == "poisoned-request"
    assert {correlation for correlation, _ in live.noted("kills_its_worker")} == {"poisoned-request"}


def send_good_ones(live: Crew, *, count: int) -> dict[int, float]:
    """Send a task every second or so; tell when each was sent, the start of the sending process not counted."""
    sent = {}
    for number in range(count):
        live.send(f"good={number}", correlation="good-request")
        sent[number] = time.time()
    wait_until(lambda: all(live.noted(f"good-{number}") for number in sent), what="the good ones", seconds=20)
    return sent
