"""What a broker cannot carry is a mistake of ours, and loud; everything else about it is in ``test_queue``."""

from typing import Any

import pytest
from celery import Celery
from kombu.exceptions import EncodeError

from rupai.core import queue

pytestmark = pytest.mark.unit


def test_a_mistake_of_ours_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    def send_task(*_: Any, **__: Any) -> None:
        raise EncodeError("no JSON")

    monkeypatch.setattr(queue, "_away_until", 0.0)
    monkeypatch.setattr(Celery, "send_task", send_task)
    with pytest.raises(EncodeError):
        queue._send("payments.sync", {"payment": object()}, {})
    assert queue._away_until == 0.0
