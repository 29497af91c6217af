"""Puts the console's own site behind Django's admin."""

from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class RupaiAdminConfig(AdminConfig):
    default_site = "rupai.pages.site.Console"

    def ready(self) -> None:
        super().ready()
        # Beside the admin classes, every app may have pages of its own.
        autodiscover_modules("pages")
