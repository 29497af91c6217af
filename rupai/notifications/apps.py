"""Messages that leave the house: webhooks and other channels."""

from django.apps import AppConfig

from rupai.core.schedules import schedule


class NotificationsConfig(AppConfig):
    name = "rupai.notifications"
    label = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        """Register the sweep that opens and retries webhook deliveries."""
        schedule("notifications.webhooks", "notifications.sweep_webhooks", every=5)
