"""Money, ids, time, events, idempotency: the ground floor that knows nobody."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "rupai.core"
    label = "core"
    verbose_name = "Core"
