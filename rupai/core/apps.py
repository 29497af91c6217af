"""Money, ids, time, events, idempotency: the ground floor that knows nobody."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from rupai.core import schedules


class CoreConfig(AppConfig):
    name = "rupai.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Register what core runs by the clock, and keep the schedule's rows after every migration."""
        schedules.schedule("core.events", "core.dispatch_events", every=5)
        schedules.schedule("core.idempotency", "core.forget_idempotency", every=3600)
        post_migrate.connect(schedules.write, sender=self, dispatch_uid="core.schedules")
