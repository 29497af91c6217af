"""Manners of the REST door, and the REST of core and accounts."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "rupai.api"
    label = "api"
    verbose_name = "API"
