"""The console's frame: admin site, registries and shared screens."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "rupai.pages"
    label = "pages"
    verbose_name = "Pages"
