"""Sums, figures and reports."""

from django.apps import AppConfig

from rupai.core.schedules import schedule


class AnalyticsConfig(AppConfig):
    name = "analytics"
    label = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Register what this app runs by the clock."""
        schedule("analytics.roll_up", "analytics.roll_up", every=2)
        schedule("analytics.forget_minutes", "analytics.forget_minutes", every=3600)
