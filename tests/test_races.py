"""Races over HTTP on PostgreSQL: whoever comes second gets a clear no, and the ledger stays right."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from payments.models import Payment, Refund
from rupai.core.invariants import registered
from tests.live import LiveShop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def assert_invariants() -> None:
    """Every registered rule holds in the database as it is now."""
    broken = {rule.name: lines for rule in registered() if (lines := rule.check())}
    assert not broken


def test_fifty_full_refunds_at_once_give_back_once(shop: LiveShop) -> None:
    paid = shop.post("/payments", shop.wish(25_000), once="order-0001")
    path = f"/payments/{paid.body['payment_id']}/refunds"
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: shop.post(path, once=f"refund-{number:04}"), range(50)))
    assert Counter(answer.status for answer in answers) == {201: 1, 422: 49}
    assert {answer.body["code"] for answer in answers if answer.status == 422} == {"refund_too_large"}
    assert Refund.objects.count() == 1
    assert shop.get(f"/payments/{paid.body['payment_id']}").body["amount_refunded"] == 25_000
    assert_invariants()


def test_partial_refunds_at_once_never_exceed_what_was_captured(shop: LiveShop) -> None:
    paid = shop.post("/payments", shop.wish(10_000), once="order-0001")
    path = f"/payments/{paid.body['payment_id']}/refunds"
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda number: shop.post(path, {"amount": 1_500}, once=f"refund-{number:04}"), range(20))
        )
    assert Counter(answer.status for answer in answers) == {201: 6, 422: 14}
    assert Payment.objects.get().amount_refunded == 9_000
    assert_invariants()


def race_capture_against_cancel(shop: LiveShop, rounds: int) -> Counter[tuple[int, int]]:
    """Authorise and let a capture and a cancellation run at once; count the pairs of answers."""
    pairs: Counter[tuple[int, int]] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            held = shop.post("/payments", shop.wish(capture="manual"), once=f"order-{number:04}")
            assert held.body["status"] == "authorized", held.body
            path = f"/payments/{held.body['payment_id']}"
            capture = pool.submit(shop.post, f"{path}/capture", once=f"capture-{number:04}")
            cancel = pool.submit(shop.post, f"{path}/cancel", once=f"cancel-{number:04}")
            pair = capture.result().status, cancel.result().status
            state = Payment.objects.named(held.body["payment_id"]).state
            assert (pair, state) in {((200, 409), "captured"), ((409, 200), "cancelled")}
            pairs[pair] += 1
    return pairs


def test_capture_racing_cancel_has_one_winner(shop: LiveShop) -> None:
    pairs = race_capture_against_cancel(shop, 100)
    assert sum(pairs.values()) == 100
    captured = [charge for charge in shop.charges() if charge["amount_captured"]]
    assert len(captured) == pairs[(200, 409)]
    assert_invariants()


def test_two_partial_captures_at_once_take_turns(shop: LiveShop) -> None:
    held = shop.post("/payments", shop.wish(10_000, capture="manual"), once="order-0001")
    path = f"/payments/{held.body['payment_id']}/capture"
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda number: shop.post(path, {"amount": 6_000}, once=f"capture-{number:02}"), range(8))
        )
    assert Counter(answer.status for answer in answers)[200] == 1
    assert {answer.status for answer in answers} <= {200, 409, 422}
    assert Payment.objects.get().amount_captured == 6_000
    assert_invariants()
