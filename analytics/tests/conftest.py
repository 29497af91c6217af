"""The acquirer in this process, as in the tests of payments."""

from payments.tests.conftest import acquirer, shop

__all__ = ["acquirer", "shop"]
