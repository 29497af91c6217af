"""A wallet behind running processes, and what the sandbox says was paid out."""

from typing import Any

from payments.services.accounts import SANDBOX_KEY
from payments.tests.factories import new_method
from tests.live import LiveShop
from wallets.models import Wallet
from wallets.selectors.ledger import balance_of
from wallets.services.wallets import open_wallet


def new_wallet(shop: LiveShop) -> Wallet:
    """An empty wallet in rupees."""
    return open_wallet(actor=shop.shop.actor, customer_id=shop.shop.customer.public_id, currency="INR")


def top_up(amount: int, method: str) -> dict[str, Any]:
    """The body of a top-up."""
    return {
        "amount": amount,
        "currency": "INR",
        "source": {"type": "saved_method", "payment_method_token": method},
    }


def funded_wallet(shop: LiveShop, amount: int) -> Wallet:
    """A wallet in rupees with ``amount`` minor units, topped up over HTTP."""
    wallet = new_wallet(shop)
    body = top_up(amount, new_method(shop.shop.actor, shop.shop.customer).public_id)
    filled = shop.post(f"/wallets/{wallet.public_id}/top-ups", body, once=f"fill-{wallet.public_id}")
    assert (filled.status, filled.body["balance_after"]) == (201, amount), filled.body
    return wallet


def balance_of_wallet(wallet: Wallet) -> tuple[int, int]:
    """What the wallet can spend, and what is held in it."""
    found = balance_of(wallet.account_id)
    return found.available, found.debits_pending


def payouts_at_sandbox(shop: LiveShop) -> list[dict[str, Any]]:
    """Every payout that the sandbox holds for this merchant, from the sandbox itself."""
    secret = SANDBOX_KEY + shop.shop.merchant.pk.hex
    url = f"{shop.stack.sandbox_url}/v1/payouts?limit=500"
    page = shop.stack.http.request("GET", url, headers={"Authorization": f"Bearer {secret}"}).json()
    assert not page["has_more"]
    found: list[dict[str, Any]] = page["payouts"]
    return found
