"""The idempotency contract over HTTP: one test for each row of the reference scenarios."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from payments.models import Payment, Refund
from payments.services.accounts import SANDBOX_KEY, create_provider_account
from payments.tests.factories import Shop, new_customer, new_merchant
from rupai.accounts.models import Merchant
from rupai.accounts.services.keys import create_key
from rupai.core import clock
from rupai.core.idempotency import LIFETIME
from rupai.core.models import IdempotencyRecord
from tests.live import Answer, LiveShop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
COVERED: set[str] = set()


def row(name: str) -> str:
    """Note which row of the reference a test stands for."""
    COVERED.add(name)
    return name


def side_effects(shop: LiveShop) -> tuple[int, int]:
    return Payment.objects.count(), len(shop.charges())


def replayed(answer: Answer) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


ROW_01 = row("idem-01")


def test_the_same_request_gets_the_same_bytes_and_moves_nothing_again(shop: LiveShop) -> None:
    wish = shop.wish()
    first = shop.post("/payments", wish, once="order-0001")
    again = shop.post("/payments", wish, once="order-0001")
    assert first.status == again.status == 201
    assert again.raw == first.raw
    assert replayed(again)
    assert not replayed(first)
    assert side_effects(shop) == (1, 1)


ROW_02 = row("idem-02")


def test_the_same_key_with_another_amount_is_refused(shop: LiveShop) -> None:
    wish = shop.wish(10_000)
    shop.post("/payments", wish, once="order-0001")
    other = shop.post("/payments", {**wish, "amount": 10_001}, once="order-0001")
    assert other.status == 422
    assert other.body["code"] == "idempotency_key_reused"
    assert side_effects(shop) == (1, 1)


ROW_03 = row("idem-03")


def test_a_repetition_during_the_first_is_told_to_wait(shop: LiveShop) -> None:
    wish = shop.wish(token="tok_slow")
    shop.stack.http.request(
        "POST",
        f"{shop.stack.sandbox_url}/control",
        json={"model": {"slow_ms": 1500}},
        headers={"Authorization": f"Bearer {SANDBOX_KEY}{shop.shop.merchant.pk.hex}"},
    )
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shop.post, "/payments", wish, once="order-0001")
        while not IdempotencyRecord.objects.exists():
            pass
        second = shop.post("/payments", wish, once="order-0001")
        assert first.result().status == 201
    assert second.status == 409
    assert second.body["code"] == "idempotency_key_in_use"
    assert int(second.headers["Retry-After"]) >= 1
    assert side_effects(shop) == (1, 1)


ROW_04 = row("idem-04")


def test_fifty_at_once_with_one_key_charge_once(shop: LiveShop) -> None:
    wish = shop.wish()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: shop.post("/payments", wish, once="order-0001"), range(50)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert sum(answer.status == 201 and not replayed(answer) for answer in answers) == 1
    assert side_effects(shop) == (1, 1)


ROW_05 = row("idem-05")


def test_another_merchant_has_keys_of_its_own(shop: LiveShop) -> None:
    other = Shop(new_merchant("Other House"))
    other_shop = LiveShop(shop.stack, other, _key(other))
    first = shop.post("/payments", shop.wish(), once="order-0001")
    second = other_shop.post("/payments", other_shop.wish(), once="order-0001")
    assert (first.status, second.status) == (201, 201)
    assert first.body["payment_id"] != second.body["payment_id"]


def _key(shop: Shop, *, livemode: bool = False) -> str:
    actor = replace(shop.actor, livemode=livemode)
    return create_key(actor=actor, name="k", scopes=["payments:read", "payments:write"]).secret


ROW_06 = row("idem-06")


def test_live_mode_has_keys_of_its_own(shop: LiveShop) -> None:
    first = shop.post("/payments", _waiting(shop.shop.customer.public_id), once="order-0001")
    Merchant.objects.update(live_enabled=True)
    live_actor = replace(shop.shop.actor, livemode=True)
    live = LiveShop(shop.stack, shop.shop, _key(shop.shop, livemode=True))
    second = live.post("/payments", _waiting(new_customer(live_actor).public_id), once="order-0001")
    assert (first.status, second.status) == (201, 201)
    assert (first.body["livemode"], second.body["livemode"]) == (False, True)


def _waiting(customer_id: str) -> dict[str, object]:
    return {"amount": 500, "currency": "INR", "method": "card", "customer_id": customer_id}


ROW_07 = row("idem-07")


def test_the_same_key_on_another_operation_is_refused(shop: LiveShop) -> None:
    paid = shop.post("/payments", shop.wish(), once="order-0001")
    refund = shop.post(f"/payments/{paid.body['payment_id']}/refunds", once="order-0001")
    assert refund.status == 422
    assert not Refund.objects.exists()


ROW_08 = row("idem-08")


def test_a_key_older_than_a_day_is_free_again(shop: LiveShop) -> None:
    wish = shop.wish()
    first = shop.post("/payments", wish, once="order-0001")
    IdempotencyRecord.objects.update(created_at=clock.now() - LIFETIME - timedelta(seconds=1))
    second = shop.post("/payments", wish, once="order-0001")
    assert second.status == 201
    assert second.body["payment_id"] != first.body["payment_id"]
    assert side_effects(shop) == (2, 2)


ROW_09 = row("idem-09")


def test_a_request_that_was_not_valid_leaves_the_key_free(shop: LiveShop) -> None:
    wish = shop.wish()
    wrong = shop.post("/payments", {**wish, "amount": 0}, once="order-0001")
    right = shop.post("/payments", wish, once="order-0001")
    assert (wrong.status, right.status) == (400, 201)
    assert side_effects(shop) == (1, 1)


ROW_10 = row("idem-10")


def test_a_decline_is_replayed(shop: LiveShop) -> None:
    wish = shop.wish(token="tok_insufficient_funds")
    first = shop.post("/payments", wish, once="order-0001")
    again = shop.post("/payments", wish, once="order-0001")
    assert first.status == again.status == 402
    assert first.body["decline_code"] == "insufficient_funds"
    assert again.raw == first.raw
    assert replayed(again)
    assert side_effects(shop) == (1, 1)


ROW_12 = row("idem-12")


def test_order_of_keys_and_white_space_do_not_count(shop: LiveShop) -> None:
    wish = shop.wish()
    first = shop.post("/payments", wish, once="order-0001")
    shuffled = json.dumps(dict(reversed(list(wish.items()))), indent=3)
    headers = {
        "Authorization": f"Bearer {shop.key}",
        "Idempotency-Key": "order-0001",
        "Content-Type": "application/json",
    }
    again = shop.stack.http.request(
        "POST", f"{shop.stack.url}/api/v1/payments", body=shuffled.encode(), headers=headers
    )
    assert again.status == 201
    assert again.data == first.raw
    assert side_effects(shop) == (1, 1)


ROW_13 = row("idem-13")


@pytest.mark.parametrize("amount", [100.0, "100", True, None, 0, -1])
def test_amounts_are_integers_before_anything_else(shop: LiveShop, amount: object) -> None:
    answer = shop.post("/payments", {**shop.wish(), "amount": amount}, once="order-0001")
    assert answer.status == 400
    assert answer.body["errors"][0]["pointer"] == "/amount"
    assert side_effects(shop) == (0, 0)


ROW_14 = row("idem-14")


def test_moving_money_needs_a_key(shop: LiveShop) -> None:
    answer = shop.post("/payments", shop.wish())
    assert answer.status == 400
    assert answer.body["code"] == "idempotency_key_required"
    assert side_effects(shop) == (0, 0)


ROW_15 = row("idem-15")


@pytest.mark.parametrize("key", ["", "short-7", "k" * 256, "with space 1", "ümlaut-key-1"])
def test_a_key_has_a_form(shop: LiveShop, key: str) -> None:
    answer = shop.post("/payments", shop.wish(), once=key.encode().decode("latin-1"))
    assert answer.status == 400
    assert side_effects(shop) == (0, 0)


ROW_16 = row("idem-16")


def test_reading_ignores_a_key(shop: LiveShop) -> None:
    shop.post("/payments", shop.wish(), once="order-0001")
    listed = shop.stack.call("GET", "/payments", key=shop.key, once="order-0001")
    assert listed.status == 200
    assert not replayed(listed)


ROW_17 = row("idem-17")


def test_a_failover_inside_one_request_is_not_repeated_by_its_replay(shop: LiveShop) -> None:
    second_key = SANDBOX_KEY + "second"
    create_provider_account(
        actor=shop.shop.actor,
        provider="sandbox",
        name="Second",
        configuration={"secret_key": second_key},
        methods=["card"],
        priority=200,
    )
    wish = shop.wish(token="tok_issuer_unavailable")
    first = shop.post("/payments", wish, once="order-0001")
    again = shop.post("/payments", wish, once="order-0001")
    assert first.status == again.status == 402
    assert replayed(again)
    page = shop.stack.http.request(
        "GET", f"{shop.stack.sandbox_url}/v1/charges", headers={"Authorization": f"Bearer {second_key}"}
    ).json()
    assert len(shop.charges()) + len(page["charges"]) == 2
    assert Payment.objects.get().attempts == 2


ROW_18 = row("idem-18")


def test_different_bodies_racing_for_one_key_execute_once(shop: LiveShop) -> None:
    wish = shop.wish()
    bodies = [{**wish, "amount": 10_000 + number} for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda body: shop.post("/payments", body, once="order-0001"), bodies))
    assert sorted(answer.status for answer in answers) == [201, *[422] * 9]
    assert side_effects(shop) == (1, 1)


# Proven by killing the process: tests/test_crashes.py.
ROW_11 = row("idem-11")


def test_every_row_of_the_reference_has_its_test(shared_dir: Path) -> None:
    reference = json.loads((shared_dir / "vectors" / "idempotency_scenarios.json").read_text())
    assert {scenario["id"] for scenario in reference["scenarios"]} == COVERED
