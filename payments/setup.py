"""A new merchant can pay at once: a sandbox account in test mode."""

from payments.services.accounts import add_sandbox
from rupai.accounts.models import Merchant
from rupai.accounts.setup import merchant_setup


@merchant_setup("payments.sandbox")
def sandbox_account(merchant: Merchant) -> None:
    add_sandbox(merchant.pk)
