"""Payments for figures: the acquirer of the payments tests."""

from payments.tests.conftest import acquirer, shop

__all__ = ["acquirer", "shop"]
