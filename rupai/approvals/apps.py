"""Second persons and mandates."""

from django.apps import AppConfig

from rupai.core.schedules import schedule


class ApprovalsConfig(AppConfig):
    name = "rupai.approvals"
    label = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        """Register the sweep of what expired or was left, and the rules of mandates."""
        from rupai.approvals import probes  # noqa: F401

        schedule("approvals.sweep", "approvals.sweep", every=15)
