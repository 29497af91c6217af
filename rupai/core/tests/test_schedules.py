"""The schedule's rows follow what apps register, and leave alone what an operator changed."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks
from pytest_django import DjangoAssertNumQueries

from rupai.core import schedules
from rupai.core.queue_names import QUEUES

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An empty registry on empty tables."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(schedules, "_registered", found)
    PeriodicTask.objects.all().delete()
    return found


def row(name: str) -> Any:
    return PeriodicTask.objects.get(name=f"rupai.{name}")


def test_migrating_writes_every_entry() -> None:
    entries = {f"rupai.{entry.name}" for entry in schedules.registered()}
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == entries
    assert {"rupai.compliance.sequencer", "rupai.core.events", "rupai.payments.janitor"} <= entries
    assert row("compliance.sequencer").interval.every == 1
    for queue in QUEUES:
        assert row(f"monitoring.heartbeat.{queue}").queue == queue


def test_every_entry_has_a_queue_that_exists_and_expires() -> None:
    for found in PeriodicTask.objects.all():
        assert found.queue in QUEUES
        assert found.expire_seconds >= 60


def test_every_scheduled_task_exists() -> None:
    from rupai.celery import app

    app.loader.import_default_modules()
    for entry in schedules.registered():
        assert entry.task in app.tasks


def test_an_interval_and_a_crontab_are_written(registry: dict[str, Any]) -> None:
    schedules.schedule("a", "payments.sweep", every=15)
    schedules.schedule("b", "monitoring.check_invariants", crontab="5 3 * * 1", depth=2)
    schedules.write()
    assert (row("a").task, row("a").queue, row("a").interval.every) == ("payments.sweep", "payments", 15)
    assert (row("a").expire_seconds, row("a").kwargs, row("a").enabled) == (60, "{}", True)
    cron = row("b").crontab
    assert (cron.minute, cron.hour, cron.day_of_week, str(cron.timezone)) == ("5", "3", "1", "UTC")
    assert (row("b").queue, row("b").kwargs) == ("monitoring", '{"depth": 2}')


def test_writing_again_changes_nothing(
    registry: dict[str, Any], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    schedules.schedule("a", "payments.sweep", every=15)
    schedules.write()
    PeriodicTask.objects.update(total_run_count=7)
    before = PeriodicTasks.last_change()
    with django_assert_max_num_queries(6):
        schedules.write()
    assert row("a").total_run_count == 7
    assert PeriodicTasks.last_change() == before
    assert IntervalSchedule.objects.filter(every=15).count() == 1


def test_what_an_operator_changed_stays(registry: dict[str, Any]) -> None:
    schedules.schedule("slower", "payments.sweep", every=15)
    schedules.schedule("off", "payments.sync", every=15)
    schedules.write()
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    slower, off = row("slower"), row("off")
    slower.interval, off.enabled = hourly, False
    slower.save()
    off.save()
    registry.clear()
    schedules.schedule("slower", "payments.sweep", every=5)
    schedules.schedule("off", "payments.sync", every=5)
    schedules.write()
    assert row("slower").interval == hourly
    assert not row("off").enabled


def test_a_row_nobody_touched_follows_the_release(registry: dict[str, Any]) -> None:
    schedules.schedule("a", "payments.sweep", every=15)
    schedules.write()
    registry.clear()
    schedules.schedule("a", "payments.sync", every=5)
    schedules.write()
    assert (row("a").task, row("a").interval.every) == ("payments.sync", 5)
    assert PeriodicTask.objects.count() == 1


def test_a_renamed_entry_goes_and_an_operators_own_stays(registry: dict[str, Any]) -> None:
    schedules.schedule("old", "payments.sweep", every=15)
    schedules.write()
    own = PeriodicTask.objects.create(
        name="mine", task="payments.sweep", interval=IntervalSchedule.objects.create(every=9, period="minutes")
    )
    registry.clear()
    schedules.schedule("new", "payments.sweep", every=15)
    schedules.write()
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == {"rupai.new", own.name}


def test_beat_learns_of_a_change(registry: dict[str, Any]) -> None:
    before = PeriodicTasks.last_change()
    schedules.schedule("a", "payments.sweep", every=15)
    schedules.write()
    assert PeriodicTasks.last_change() != before


def test_without_the_tables_nothing_happens(registry: dict[str, Any]) -> None:
    schedules.schedule("a", "payments.sweep", every=15)
    schedules.write(apps=SimpleNamespace(all_models={"django_celery_beat": {}}))
    assert not PeriodicTask.objects.exists()


def test_a_bad_entry_is_refused(registry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either every or crontab"):
        schedules.schedule("a", "payments.sweep")
    with pytest.raises(ValueError, match="either every or crontab"):
        schedules.schedule("a", "payments.sweep", every=1, crontab="* * * * *")
    with pytest.raises(ValueError, match="five fields"):
        schedules.schedule("a", "payments.sweep", crontab="* *")
    schedules.schedule("a", "payments.sweep", every=1)
    with pytest.raises(ValueError, match="twice"):
        schedules.schedule("a", "payments.sweep", every=2)
    assert [entry.every for entry in schedules.registered()] == [1]


def test_the_command_migrate_writes_them(registry: dict[str, Any]) -> None:
    schedules.schedule("a", "payments.sweep", every=15)
    call_command("migrate", verbosity=0)
    assert row("a").interval.every == 15
