"""Addresses of the REST door of payments, below /api/v1/."""

from django.urls import path

from payments.api import methods, payments, refunds, wallets

urlpatterns = [
    path("payments", payments.Payments.as_view()),
    path("payments/<str:payment_id>", payments.PaymentById.as_view()),
    path("payments/<str:payment_id>/confirm", payments.Confirm.as_view()),
    path("payments/<str:payment_id>/capture", payments.Captures.as_view()),
    path("payments/<str:payment_id>/cancel", payments.Cancel.as_view()),
    path("payments/<str:payment_id>/refunds", refunds.PaymentRefunds.as_view()),
    path("refunds", refunds.Refunds.as_view()),
    path("refunds/<str:refund_id>", refunds.RefundById.as_view()),
    path("payment-methods", methods.PaymentMethods.as_view()),
    path("payment-methods/<str:payment_method_token>", methods.PaymentMethodById.as_view()),
    path("wallets/<str:wallet_id>/top-ups", wallets.TopUps.as_view()),
    path("wallets/<str:wallet_id>/withdrawals", wallets.Withdrawals.as_view()),
    path("payouts", wallets.Payouts.as_view()),
    path("payouts/<str:payout_id>", wallets.PayoutById.as_view()),
]
