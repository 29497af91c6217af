"""The broker may die and come back empty: what it held was only a nudge, and the sweeps do the work."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django_celery_beat.models import PeriodicTask

from monitoring.models import Heartbeat
from rupai.core import clock, schedules
from rupai.core.models import Event, HandlerRun
from tests.celery_live import Crew, Valkey, crew
from tests.live import wait_until

HANDLED = "tests.poison_tasks.happened"


def write_events(count: int) -> list[str]:
    """Facts with a handler, written as services write them."""
    merchant = uuid4()
    found = []
    for number in range(count):
        with transaction.atomic():
            event = Event.objects.create(
                merchant_id=merchant,
                livemode=False,
                created_at=clock.now(),
                type="thing.happened",
                subject_type="thing",
                subject_id=f"thing_{number}",
                data={},
                actor="platform:tests",
            )
        found.append(str(event.pk))
    return found


def done() -> int:
    return HandlerRun.objects.filter(handler=HANDLED, state=HandlerRun.State.DONE).count()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_broker_killed_and_emptied_loses_nothing(tmp_path: Path) -> None:
    schedules.write()
    valkey = Valkey(tmp_path)
    valkey.start()
    try:
        with crew(tmp_path, valkey.url) as live:
            live.worker()
            live.beat()
            before = write_events(20)
            wait_until(lambda: done() == 20, what=live.log("worker")[-3000:], seconds=40)
            valkey.kill()
            during = write_events(30)
            valkey.start()
            wait_until(lambda: done() == 50, what=live.log("beat")[-3000:] + live.log("worker")[-3000:], seconds=60)
            handled = [identifier for identifier, _ in live.noted("happened")]
            assert sorted(handled) == sorted(before + during)
    finally:
        valkey.kill()


def beat_runs_everything(live: Crew) -> None:
    schedules.write()
    live.worker()
    live.beat()
    queues = {entry.queue for entry in schedules.registered() if entry.task == "monitoring.beat"}
    wait_until(
        lambda: set(Heartbeat.objects.values_list("queue", flat=True)) == queues,
        what=live.log("beat")[-2000:] + live.log("worker")[-2000:],
    )
    [event] = write_events(1)
    wait_until(lambda: done() == 1, what=live.log("worker")[-3000:], seconds=20)
    assert [identifier for identifier, _ in live.noted("happened")] == [event]
    live.stop("beat")
    assert PeriodicTask.objects.get(name="rupai.monitoring.heartbeat.payments").total_run_count >= 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_beat_runs_the_schedule_on_the_real_redis(tmp_path: Path) -> None:
    with crew(tmp_path, settings.REDIS_URL) as live:
        beat_runs_everything(live)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_beat_runs_the_schedule_on_the_real_rabbitmq(tmp_path: Path) -> None:
    assert settings.CELERY_BROKER_URL.startswith("amqp"), "CELERY_BROKER_URL must name the RabbitMQ of this run"
    with crew(tmp_path, settings.CELERY_BROKER_URL) as live:
        beat_runs_everything(live)
