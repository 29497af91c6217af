"""Addresses of the REST door of the ledger, below /api/v1/."""

from django.urls import path

from wallets import api

urlpatterns = [
    path("accounts", api.Accounts.as_view()),
    path("accounts/<str:account_id>", api.AccountById.as_view()),
    path("transfers", api.Transfers.as_view()),
    path("transfers/<str:transfer_id>", api.TransferById.as_view()),
]
