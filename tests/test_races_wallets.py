"""Withdrawals at once, over HTTP on PostgreSQL: one key pays once, and no wallet pays out more than it has."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from payments.models import Payout
from tests.live import Answer, LiveShop
from tests.test_races import assert_invariants
from tests.wallets_live import balance_of_wallet, funded_wallet, payouts_at_sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def withdrawal(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "INR", "destination": "bank_success"}


def test_fifty_withdrawals_with_one_key_pay_out_once(shop: LiveShop) -> None:
    wallet = funded_wallet(shop, 10_000)
    path, body = f"/wallets/{wallet.public_id}/withdrawals", withdrawal(100)

    def ask(_: int) -> Answer:
        return shop.post(path, body, once="one-key-for-all")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(50)))
    assert {answer.status for answer in answers} <= {201, 409}
    paid = {answer.raw for answer in answers if answer.status == 201}
    assert len(paid) == 1, "those who were answered got the same bytes"
    assert [payout["amount"] for payout in payouts_at_sandbox(shop)] == [100]
    assert (Payout.objects.count(), balance_of_wallet(wallet)) == (1, (9_900, 0))
    assert_invariants()


def test_withdrawals_at_once_never_overdraw(shop: LiveShop) -> None:
    wallet = funded_wallet(shop, 10_000)
    path, body = f"/wallets/{wallet.public_id}/withdrawals", withdrawal(1_500)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: shop.post(path, body, once=f"withdraw-{number:04}"), range(20)))
    assert Counter(answer.status for answer in answers) == {201: 6, 422: 14}
    assert {answer.body["code"] for answer in answers if answer.status == 422} == {"insufficient_funds"}
    assert [payout["amount"] for payout in payouts_at_sandbox(shop)] == [1_500] * 6
    assert (Payout.objects.count(), balance_of_wallet(wallet)) == (6, (1_000, 0))
    assert_invariants()


def test_withdrawals_racing_refunds_of_the_top_up_share_what_is_there(shop: LiveShop) -> None:
    wallet = funded_wallet(shop, 10_000)
    top_up = wallet.top_ups.get()
    out, back = f"/wallets/{wallet.public_id}/withdrawals", f"/payments/{top_up.public_id}/refunds"

    def ask(number: int) -> Answer:
        if number % 2:
            return shop.post(back, {"amount": 1_500}, once=f"refund-{number:04}")
        return shop.post(out, withdrawal(1_500), once=f"withdraw-{number:04}")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert Counter(answer.status for answer in answers) == {201: 6, 422: 14}
    top_up.refresh_from_db()
    paid_out = sum(payout["amount"] for payout in payouts_at_sandbox(shop))
    assert (paid_out + top_up.amount_refunded, balance_of_wallet(wallet)) == (9_000, (1_000, 0))
    assert_invariants()
