"""Health, metrics, alerts and incidents."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out

from rupai.core.queue_names import QUEUES
from rupai.core.schedules import schedule


class MonitoringConfig(AppConfig):
    name = "monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"

    def ready(self) -> None:
        """Register what this app runs by the clock."""
        for queue in QUEUES:
            schedule(f"monitoring.heartbeat.{queue}", "monitoring.beat", every=5, queue=queue, of=queue)
        import_module("monitoring.services.topics")
        user_logged_out.connect(_close_sockets, dispatch_uid="monitoring.live")
        schedule("monitoring.invariants", "monitoring.check_invariants", every=3600)
        # When it is night for most of those who pay: 2:30 in India, ten at night in London.
        schedule("monitoring.invariants_in_full", "monitoring.check_in_full", crontab="0 21 * * *")


def _close_sockets(sender: Any, *, request: Any, **_: Any) -> None:
    """Live figures end with the session that asked for them."""
    from monitoring.services.live import end_session

    if request.session.session_key:
        end_session(request.session.session_key)
