"""Addresses of the REST door of analytics, below /api/v1/."""

from django.urls import path

from analytics.api import figures

urlpatterns = [
    path("analytics/payment-metrics", figures.PaymentMetrics.as_view()),
    path("analytics/revenue", figures.RevenueByPeriod.as_view()),
    path("analytics/behaviour", figures.SegmentBehaviour.as_view()),
    path("analytics/customers/<str:customer_id>/behaviour", figures.CustomerBehaviour.as_view()),
    path("analytics/fraud-patterns", figures.FraudPatterns.as_view()),
    path("analytics/dashboard", figures.Dashboard.as_view()),
]
