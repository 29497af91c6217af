"""Addresses of the REST door of core and accounts, below /api/v1/."""

from django.urls import include, path

from rupai.api import events

urlpatterns = [
    path("", include("rupai.api.accounts.urls")),
    path("events", events.Events.as_view()),
    path("events/<str:event_id>", events.EventById.as_view()),
]
