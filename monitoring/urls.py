"""Addresses of monitoring."""

from django.urls import path

from monitoring import api

app_name = "monitoring"
urlpatterns = [
    path("health", api.health, name="health"),
    path("ready", api.ready, name="ready"),
    path("metrics", api.metrics, name="metrics"),
]
