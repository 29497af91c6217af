"""The scheduled task numbers what is waiting and wakes the readers."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from compliance.tasks import sequence_events
from compliance.tests.factories import LONG_AGO, Thing, emit, unguarded
from rupai.core.models import Event

pytestmark = pytest.mark.django_db


def test_the_task_numbers_and_wakes_both_readers(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    thing = Thing()
    for number in range(3):
        emit(thing, number)
    with unguarded():
        Event.objects.update(transaction=LONG_AGO)
    with django_capture_on_commit_callbacks() as sent:
        assert sequence_events.apply().get() == 3
    assert len(sent) == 2
    assert list(Event.objects.order_by("inserted").values_list("seq", flat=True)) == [1, 2, 3]


def test_nothing_to_number_wakes_nobody(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    with django_capture_on_commit_callbacks() as sent:
        assert sequence_events.apply().get() == 0
    assert sent == []
