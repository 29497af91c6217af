"""Messages that leave the house: webhooks and other channels."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "rupai.notifications"
    label = "notifications"
    verbose_name = "Notifications"
