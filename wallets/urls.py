"""Addresses of the REST door of the ledger, wallets and exchange, below /api/v1/."""

from django.urls import path

from wallets.api import fx, insights, ledger, limits, statements, wallets

urlpatterns = [
    path("accounts", ledger.Accounts.as_view()),
    path("accounts/<str:account_id>", ledger.AccountById.as_view()),
    path("transfers", ledger.Transfers.as_view()),
    path("transfers/<str:transfer_id>", ledger.TransferById.as_view()),
    path("wallets", wallets.Wallets.as_view()),
    path("wallets/<str:wallet_id>", wallets.WalletById.as_view()),
    path("wallets/<str:wallet_id>/transfers", wallets.WalletTransfers.as_view()),
    path("wallets/<str:wallet_id>/holds", wallets.WalletHolds.as_view()),
    path("wallets/<str:wallet_id>/holds/<str:hold_id>/capture", wallets.HoldCaptures.as_view()),
    path("wallets/<str:wallet_id>/holds/<str:hold_id>/release", wallets.HoldReleases.as_view()),
    path("wallets/<str:wallet_id>/freeze", wallets.Freeze.as_view()),
    path("wallets/<str:wallet_id>/unfreeze", wallets.Unfreeze.as_view()),
    path("wallets/<str:wallet_id>/close", wallets.Close.as_view()),
    path("wallets/<str:wallet_id>/limits", limits.LimitsOfWallet.as_view()),
    path("wallets/<str:wallet_id>/overdraft", limits.Overdraft.as_view()),
    path("wallet-limits", limits.LevelLimits.as_view()),
    path("wallets/<str:wallet_id>/statement", statements.Statements.as_view()),
    path("wallets/<str:wallet_id>/insights", insights.WalletInsights.as_view()),
    path("wallets/<str:wallet_id>/exchanges", fx.Exchanges.as_view()),
    path("fx/rates", fx.FxRates.as_view()),
    path("fx/quotes", fx.FxQuotes.as_view()),
    path("fx/quotes/<str:quote_id>", fx.FxQuoteById.as_view()),
]
