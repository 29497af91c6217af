"""Second persons and mandates."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "rupai.approvals"
    label = "approvals"
    verbose_name = "Approvals"
