"""The acquirer's own rules: amounts, states and idempotency keys, spoken to without a socket."""

from datetime import timedelta
from typing import Any

import pytest

from payments.tests.sandboxes import Bank, code

pytestmark = pytest.mark.unit


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_an_authorisation_is_captured_in_parts_up_to_its_amount(bank: Bank) -> None:
    charge = bank.charge(amount=10_000)
    path = f"/v1/charges/{charge['id']}"
    assert (charge["status"], charge["amount_capturable"]) == ("authorized", 10_000)

    status, first = bank.call("POST", f"{path}/capture", {"amount": 3_000})
    assert (status, first["status"], first["amount_captured"]) == (200, "partially_captured", 3_000)
    assert code(bank.call("POST", f"{path}/capture", {"amount": 7_001})) == (422, "amount_exceeds_authorized")
    assert bank.call("GET", path)[1]["amount_captured"] == 3_000

    rest = bank.call("POST", f"{path}/capture", {})[1]
    assert (rest["status"], rest["amount_captured"], rest["amount_capturable"]) == ("captured", 10_000, 0)
    assert [capture["amount"] for capture in rest["captures"]] == [3_000, 7_000]
    assert code(bank.call("POST", f"{path}/capture", {})) == (422, "wrong_state")


def test_refunds_together_never_exceed_what_was_captured(bank: Bank) -> None:
    charge = bank.charge(amount=10_000, capture=True)
    path = f"/v1/charges/{charge['id']}"
    assert bank.call("POST", f"{path}/refund", {"amount": 6_000, "reference": "ref_1"})[1]["status"] == "succeeded"
    above = bank.call("POST", f"{path}/refund", {"amount": 4_001, "reference": "ref_2"})
    assert code(above) == (422, "amount_exceeds_captured")
    assert bank.call("POST", f"{path}/refund", {"reference": "ref_2"})[1]["amount"] == 4_000
    assert bank.call("GET", path)[1]["amount_refunded"] == 10_000
    assert code(bank.call("POST", f"{path}/refund", {"reference": "ref_3"})) == (422, "amount_exceeds_captured")


def test_a_pending_refund_counts_as_spent_until_it_ends(bank: Bank) -> None:
    charge = bank.charge("tok_refund_pending", capture=True)
    path = f"/v1/charges/{charge['id']}"
    assert bank.call("POST", f"{path}/refund", {"amount": 9_000, "reference": "ref_1"})[1]["status"] == "pending"
    above = bank.call("POST", f"{path}/refund", {"amount": 1_001, "reference": "ref_2"})
    assert code(above) == (422, "amount_exceeds_captured")
    bank.time += timedelta(seconds=2)
    assert bank.call("GET", "/v1/refunds?reference=ref_1")[1]["refunds"][0]["status"] == "succeeded"
    assert bank.call("GET", path)[1]["amount_refunded"] == 9_000


def test_a_void_is_refused_after_a_capture_and_ends_the_charge_before_it(bank: Bank) -> None:
    charge = bank.charge()
    path = f"/v1/charges/{charge['id']}"
    bank.call("POST", f"{path}/capture", {"amount": 1})
    assert code(bank.call("POST", f"{path}/void", {})) == (422, "already_captured")

    path = f"/v1/charges/{bank.charge()['id']}"
    assert bank.call("POST", f"{path}/void", {})[1]["status"] == "voided"
    assert code(bank.call("POST", f"{path}/void", {})) == (422, "wrong_state")
    assert code(bank.call("POST", f"{path}/capture", {"amount": 1})) == (422, "wrong_state")
    assert code(bank.call("POST", f"{path}/refund", {"reference": "ref_1"})) == (422, "wrong_state")


def test_a_repeated_request_is_answered_from_memory_and_booked_once(bank: Bank) -> None:
    body = {"reference": "pay_1_1", "amount": 500, "currency": "INR", "token": "tok_visa"}
    first = bank.call("POST", "/v1/charges", body, key="one-and-the-same")
    assert first == bank.call("POST", "/v1/charges", body, key="one-and-the-same")
    assert len(bank.charges()) == 1

    path = f"/v1/charges/{first[1]['id']}/refund"
    refund = bank.call("POST", path, {"amount": 200, "reference": "ref_1"}, key="refund-once")
    assert refund == bank.call("POST", path, {"amount": 200, "reference": "ref_1"}, key="refund-once")
    assert bank.charges()[0]["amount_refunded"] == 200


def test_a_key_that_was_used_for_something_else_is_refused(bank: Bank) -> None:
    body = {"reference": "pay_1_1", "amount": 500, "currency": "INR", "token": "tok_visa"}
    bank.call("POST", "/v1/charges", body, key="one-and-the-same")
    other = bank.call("POST", "/v1/charges", body | {"amount": 501}, key="one-and-the-same")
    assert code(other) == (409, "idempotency_key_reused")
    assert [charge["amount"] for charge in bank.charges()] == [500]


def test_a_decline_is_replayed_too(bank: Bank) -> None:
    body = {"reference": "pay_1_1", "amount": 500, "currency": "INR", "token": "tok_insufficient_funds"}
    first = bank.call("POST", "/v1/charges", body, key="declined-once")
    assert (first[0], first[1]["status"]) == (402, "declined")
    assert first[1]["decline"] == {
        "code": "insufficient_funds",
        "network_code": "51",
        "message": "The account has not enough funds.",
        "advice": "try_again_later",
    }
    assert first == bank.call("POST", "/v1/charges", body, key="declined-once")
    assert len(bank.charges()) == 1


def test_two_charges_under_one_reference_are_both_kept_and_shown(bank: Bank) -> None:
    bank.charge()
    bank.charge()
    assert len(bank.call("GET", "/v1/charges?reference=pay_1_1")[1]["charges"]) == 2


def test_pending_charges_end_in_their_time(bank: Bank) -> None:
    good, bad = bank.charge("tok_pending", capture=True), bank.charge("tok_pending_then_decline")
    assert (good["status"], bad["status"]) == ("pending", "pending")
    assert good["amount_captured"] == 0
    bank.time += timedelta(milliseconds=1_999)
    assert bank.call("GET", f"/v1/charges/{good['id']}")[1]["status"] == "pending"
    bank.time += timedelta(milliseconds=1)
    assert bank.call("GET", f"/v1/charges/{good['id']}")[1]["amount_captured"] == 10_000
    assert bank.call("GET", f"/v1/charges/{bad['id']}")[1]["decline"]["code"] == "do_not_honor"


def test_a_pending_charge_ends_at_once_on_request(bank: Bank) -> None:
    bank.charge("tok_pending")
    assert bank.call("POST", "/control", {"settle": "pay_1_1"})[1]["settled"] == 1
    assert bank.charges()[0]["status"] == "authorized"


def test_a_challenge_ends_as_the_payer_decides_and_only_once(bank: Bank) -> None:
    approved, failed = bank.charge("tok_3ds_required", capture=True), bank.charge("tok_3ds_required")
    assert approved["action"]["kind"] == "three_ds"
    path = f"/v1/charges/{approved['id']}/authenticate"
    assert bank.call("POST", path, {"result": "approve"})[1]["status"] == "captured"
    assert code(bank.call("POST", path, {"result": "fail"})) == (422, "wrong_state")
    path = f"/v1/charges/{failed['id']}/authenticate"
    assert bank.call("POST", path, {"result": "fail"})[1]["decline"]["code"] == "authentication_failed"


def test_a_challenge_that_nobody_answers_expires(bank: Bank) -> None:
    charge = bank.charge("tok_3ds_required")
    bank.time += timedelta(minutes=15)
    late = bank.call("POST", f"/v1/charges/{charge['id']}/authenticate", {"result": "approve"})
    assert code(late) == (422, "wrong_state")
    assert bank.charges()[0]["decline"]["code"] == "session_expired"


def test_an_approved_challenge_can_still_be_declined_by_the_issuer(bank: Bank) -> None:
    charge = bank.charge("tok_3ds_then_decline")
    answer = bank.call("POST", f"/v1/charges/{charge['id']}/authenticate", {"result": "approve"})[1]
    assert answer["decline"]["code"] == "insufficient_funds"


def test_another_key_sees_nothing_of_this_account(bank: Bank) -> None:
    charge = bank.charge()
    bank.secret_key = "sk_test_sandbox_someone_else"
    assert bank.charges() == []
    assert code(bank.call("GET", f"/v1/charges/{charge['id']}")) == (404, "not_found")
    assert code(bank.call("POST", f"/v1/charges/{charge['id']}/void", {})) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 100.0},
        {"amount": "100"},
        {"amount": True},
        {"amount": 0},
        {"amount": -1},
        {"amount": 9_007_199_254_740_992},
        {"currency": "inr"},
        {"reference": "has space"},
        {"capture": "yes"},
        {"method": "upi"},
        {"return_url": "javascript:alert(1)"},
        {"cvc": "123"},
    ],
)
def test_a_charge_with_a_wrong_field_books_nothing(bank: Bank, body: dict[str, Any]) -> None:
    whole = {"reference": "pay_1_1", "amount": 100, "currency": "INR", "token": "tok_visa"} | body
    assert code(bank.call("POST", "/v1/charges", whole)) == (400, "invalid_field")
    assert bank.charges() == []


def test_unreadable_bodies_wrong_types_and_missing_keys_book_nothing(bank: Bank) -> None:
    twice = b'{"amount":1,"amount":2}'
    assert code(bank.call("POST", "/v1/charges", twice)) == (400, "invalid_json")
    assert code(bank.call("POST", "/v1/charges", b"[" * 100_000)) == (400, "invalid_json")
    assert code(bank.call("POST", "/v1/charges", b"[]")) == (400, "invalid_json")
    plain = {"Content-Type": "text/plain"}
    assert code(bank.call("POST", "/v1/charges", b"{}", **plain)) == (415, "wrong_content_type")
    assert code(bank.call("POST", "/v1/charges", {}, key="short")) == (400, "idempotency_key_missing")
    assert code(bank.call("POST", "/v1/charges", b" " * 262_145)) == (413, "body_too_large")
    assert code(bank.call("POST", "/v1/charges", {}, Authorization="Bearer sk_live_x")) == (401, "invalid_key")
    assert code(bank.call("DELETE", "/v1/charges")) == (405, "method_not_allowed")
    assert code(bank.call("GET", "/v1/charges?colour=red")) == (400, "invalid_field")
    assert code(bank.call("GET", "/v2/charges")) == (404, "not_found")
    assert bank.journal.entries == []


def test_the_list_is_paged_without_gaps_or_repeats(bank: Bank) -> None:
    made = [bank.charge(amount=amount)["id"] for amount in range(1, 8)]
    seen: list[str] = []
    after = ""
    while True:
        page = bank.call("GET", f"/v1/charges?limit=3{after}")[1]
        seen += [charge["id"] for charge in page["charges"]]
        if not page["has_more"]:
            break
        after = f"&after={seen[-1]}"
    assert seen == made


def test_a_full_disk_is_answered_with_503_and_books_nothing(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bank.journal, "append", full)
    answer = bank.call("POST", "/v1/charges", {"reference": "r", "amount": 1, "currency": "INR", "token": "tok_visa"})
    assert code(answer) == (503, "journal_unavailable")
    assert bank.charges() == []


def test_a_token_is_described_without_a_card_number(bank: Bank) -> None:
    assert bank.call("GET", "/v1/tokens/tok_rupay") == (
        200,
        {
            "token": "tok_rupay",
            "method": "card",
            "brand": "rupay",
            "last4": "0011",
            "label": "",
            "country": "IN",
            "expiry_month": 12,
            "expiry_year": 2040,
        },
    )
    assert bank.call("GET", "/v1/tokens/tok_upi_success")[1]["label"] == "success@sandbox"
    assert code(bank.call("GET", "/v1/tokens/tok_none")) == (404, "not_found")
