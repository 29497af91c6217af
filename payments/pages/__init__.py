"""Payments in the console: found by autodiscovery under this one name."""

from payments.pages import acts, bulk, customers, detail, new, refunds

__all__ = ["acts", "bulk", "customers", "detail", "new", "refunds"]
