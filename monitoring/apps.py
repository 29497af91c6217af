"""Health, metrics, alerts and incidents."""

from django.apps import AppConfig

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
        schedule("monitoring.invariants", "monitoring.check_invariants", every=3600)
