"""Addresses of mandates, below /api/v1/."""

from django.urls import path

from rupai.approvals import api

urlpatterns = [
    path("mandates", api.Mandates.as_view()),
    path("mandates/<str:mandate_id>", api.MandateById.as_view()),
    path("mandates/<str:mandate_id>/revoke", api.MandateRevocation.as_view()),
    path("mandates/<str:mandate_id>/ap2", api.MandateInAp2.as_view()),
]
