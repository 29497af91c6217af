"""Addresses of the REST door of payments, below /api/v1/."""

from django.urls import path

from payments import api

urlpatterns = [
    path("payments", api.Payments.as_view()),
    path("payments/<str:payment_id>", api.PaymentById.as_view()),
    path("payments/<str:payment_id>/confirm", api.Confirm.as_view()),
    path("payments/<str:payment_id>/capture", api.Captures.as_view()),
    path("payments/<str:payment_id>/cancel", api.Cancel.as_view()),
    path("payments/<str:payment_id>/refunds", api.PaymentRefunds.as_view()),
    path("refunds", api.Refunds.as_view()),
    path("refunds/<str:refund_id>", api.RefundById.as_view()),
    path("payment-methods", api.PaymentMethods.as_view()),
    path("payment-methods/<str:payment_method_token>", api.PaymentMethodById.as_view()),
]
