"""The control API of the sandbox acquirer: settings per account, and operations loaded from elsewhere."""

import json
from typing import Any

import pytest

from payments.sandbox.api import account_of
from payments.tests.sandboxes import Bank, code

pytestmark = pytest.mark.unit


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_operations_made_in_this_process_can_be_loaded_into_another_acquirer(bank: Bank) -> None:
    charge = bank.charge("tok_3ds_required", amount=900, capture=True)
    bank.call("POST", f"/v1/charges/{charge['id']}/authenticate", {"result": "approve"})
    bank.call("POST", f"/v1/charges/{charge['id']}/refund", {"amount": 400, "reference": "ref_1"})
    voided = bank.charge(amount=700)
    bank.call("POST", f"/v1/charges/{voided['id']}/void", {})
    lines = [json.loads(entry.line()) for entry in bank.journal.entries]

    other = Bank()
    assert other.call("POST", "/control", {"import": lines})[1]["imported"] == 5
    assert other.charges() == bank.charges()
    assert other.call("POST", "/control", {"import": lines})[1]["imported"] == 0
    assert other.charges() == bank.charges()
    path = f"/v1/charges/{charge['id']}/refund"
    refund = other.call("POST", path, {"reference": "ref_2"}, key="after-the-import")[1]
    assert refund["amount"] == 500


def test_loading_obeys_the_rules_and_the_account(bank: Bank) -> None:
    at, mine = "2026-03-01T12:00:00.000+00:00", account_of(bank.secret_key)
    good = {"op": "charge", "account": mine, "at": at, "id": "ch_1", "reference": "pay_1_1", "amount": 5}
    good |= {"currency": "INR", "token": "tok_visa"}
    for wrong in (
        good | {"account": "someone"},
        good | {"amount": 5.0},
        good | {"colour": "red"},
        good | {"op": "reset"},
        good | {"verdict": "perhaps"},
        {"op": "charge"},
    ):
        assert code(bank.call("POST", "/control", {"import": [wrong]})) == (400, "invalid_field")
    for wrong in (good | {"amount": 0}, good | {"token": "tok_none"}, good | {"decline": "because"}):
        assert bank.call("POST", "/control", {"import": [wrong]})[0] == 422
    assert bank.charges() == []


@pytest.mark.parametrize(
    "settings",
    [
        {"success_rate": 10_001},
        {"success_rate": -1},
        {"success_rate": 0.5},
        {"colour": 1},
        {"outage": "sometimes"},
        {"decline_mix": {"because": 1}},
        {"decline_mix": {"do_not_honor": 0}},
        {"success_rate_by_method": {"cheque": 1}},
        {"hold_ms": 3_600_001},
    ],
)
def test_a_wrong_setting_changes_nothing(bank: Bank, settings: dict[str, Any]) -> None:
    assert code(bank.call("POST", "/control", {"model": settings | {"latency_ms": 5}})) == (400, "invalid_field")
    assert bank.call("GET", "/control")[1]["model"]["latency_ms"] == 0


def test_settings_hold_for_one_account_unless_for_everyone_and_reset_forgets(bank: Bank) -> None:
    bank.call("POST", "/control", {"model": {"success_rate": 0, "decline_mix": {"insufficient_funds": 1}}})
    assert bank.charge()["decline"]["code"] == "insufficient_funds"
    bank.secret_key = "sk_test_sandbox_someone_else"
    assert bank.charge()["status"] == "authorized"
    bank.call("POST", "/control", {"model": {"outage": "decline"}, "everyone": True})
    assert bank.charge()["decline"]["code"] == "acquirer_error"
    bank.call("POST", "/control", {"model": {"outage": "none"}, "everyone": True, "reset": True})
    assert bank.charges() == []
    bank.secret_key = "sk_test_sandbox_rules"
    assert len(bank.charges()) == 1
    assert bank.charge()["decline"]["code"] == "insufficient_funds"
