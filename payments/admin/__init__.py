"""The lists of payments in the console: rows that the services own are shown, never edited here."""

from payments.admin import decisions, methods, money, payments, payouts

__all__ = ["decisions", "methods", "money", "payments", "payouts"]
