"""Addresses of webhooks, below /api/v1/."""

from django.urls import path

from rupai.notifications import api

urlpatterns = [
    path("webhook-endpoints", api.WebhookEndpoints.as_view()),
    path("webhook-endpoints/<str:endpoint_id>", api.WebhookEndpointDetail.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/rotate-secret", api.WebhookSecretRotation.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/deliveries", api.WebhookDeliveries.as_view()),
    path("webhook-deliveries/<str:delivery_id>/replay", api.WebhookReplay.as_view()),
]
