"""Puts the console's own site behind Django's admin."""

from django.contrib.admin.apps import AdminConfig


class RupaiAdminConfig(AdminConfig):
    default_site = "rupai.pages.site.Console"
