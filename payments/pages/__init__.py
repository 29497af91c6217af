"""Payments in the console: found by autodiscovery under this one name."""

from payments.pages import acts, attention, bulk, customers, detail, new, refunds, wallet_money

__all__ = ["acts", "attention", "bulk", "customers", "detail", "new", "refunds", "wallet_money"]
