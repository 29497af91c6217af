"""Registry of trained models and their measurements."""

from django.apps import AppConfig


class MlConfig(AppConfig):
    name = "rupai.ml"
    label = "ml"
    verbose_name = "Models"
