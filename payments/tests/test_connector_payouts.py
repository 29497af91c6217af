"""Payouts at the sandbox: paid once per key, declined by name, and found again when the answer got lost."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from payments.providers.base import Declined, NotKnown, Pending, Success, Unknown
from payments.providers.payouts import PayoutLookup, PayoutRequest
from payments.providers.sandbox import SandboxConnector
from payments.providers.sandbox_codes import DECLINES
from payments.providers.taxonomy import DeclineCode
from payments.sandbox.acquirer import Acquirer
from payments.sandbox.destinations import DESTINATIONS
from payments.sandbox.entries import Entry, Operation
from payments.sandbox.journal import FileJournal
from payments.sandbox.tokens import Verdict
from payments.tests.sandboxes import Bank, Sandbox, code, running_sandbox
from rupai.core import clock
from rupai.core.money import Money

LOST = ["timeout_after", "drop_after", "error_after", "garbled"]
NEVER_BOOKED = ["timeout_before", "drop_before", "error_before"]
PAGE = (settings.BASE_DIR / "docs" / "sandbox.md").read_text()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), hold_ms=3_000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def bank(sandbox: Sandbox) -> SandboxConnector:
    return sandbox.connector(read_seconds=0.5)


def request(destination: str, minor: int = 5_000, *, number: int = 1) -> PayoutRequest:
    reference = f"po_{number}"
    key = f"{reference}:payout"
    return PayoutRequest(reference=reference, idempotency_key=key, amount=Money(minor, "INR"), destination=destination)


def booked(sandbox: Sandbox) -> list[tuple[str, int, str]]:
    status, page = sandbox.call("GET", "/v1/payouts")
    assert status == 200
    return [(payout["reference"], payout["amount"], payout["status"]) for payout in page["payouts"]]


def test_the_same_key_pays_once(sandbox: Sandbox, bank: SandboxConnector) -> None:
    first, again = bank.payout(request("bank_success")), bank.payout(request("bank_success"))
    assert isinstance(first, Success)
    assert isinstance(again, Success)
    assert (first.provider_id, first.amount) == (again.provider_id, Money(5_000, "INR"))
    assert booked(sandbox) == [("po_1", 5_000, "paid")]


def test_a_key_that_was_used_for_another_amount_pays_nothing(sandbox: Sandbox, bank: SandboxConnector) -> None:
    bank.payout(request("bank_success"))
    assert isinstance(bank.payout(request("bank_success", 6_000)), Unknown)
    assert booked(sandbox) == [("po_1", 5_000, "paid")]


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("bank_declined_account_closed", DeclineCode.ACCOUNT_CLOSED_OR_INVALID),
        ("bank_declined_unknown_account", DeclineCode.ACCOUNT_CLOSED_OR_INVALID),
        ("bank_declined_refused", DeclineCode.OPERATION_NOT_ALLOWED),
        ("bank_nowhere", DeclineCode.ACCOUNT_CLOSED_OR_INVALID),
    ],
)
def test_a_declined_payout_says_why(bank: SandboxConnector, destination: str, expected: DeclineCode) -> None:
    result, view = bank.payout(request(destination)), bank.sync_payout(PayoutLookup(reference="po_1"))
    assert isinstance(result, Declined)
    assert isinstance(view, Declined)
    assert (result.code, view.code) == (expected, expected)


@pytest.mark.parametrize("ending", LOST)
def test_a_lost_payout_is_unknown_and_then_found(sandbox: Sandbox, bank: SandboxConnector, ending: str) -> None:
    assert isinstance(bank.payout(request(f"bank_{ending}")), Unknown)
    view = bank.sync_payout(PayoutLookup(reference="po_1"))
    assert isinstance(view, Success)
    assert view.amount == Money(5_000, "INR")
    assert isinstance(bank.payout(request(f"bank_{ending}")), Success)
    assert booked(sandbox) == [("po_1", 5_000, "paid")]


@pytest.mark.parametrize("ending", NEVER_BOOKED)
def test_a_payout_that_never_arrived_is_unknown_and_then_not_known(
    sandbox: Sandbox, bank: SandboxConnector, ending: str
) -> None:
    assert isinstance(bank.payout(request(f"bank_{ending}")), Unknown)
    assert isinstance(bank.sync_payout(PayoutLookup(reference="po_1")), NotKnown)
    assert booked(sandbox) == []


@pytest.mark.parametrize(("destination", "good"), [("bank_pending", True), ("bank_pending_then_decline", False)])
def test_a_pending_payout_ends_later(sandbox: Sandbox, bank: SandboxConnector, destination: str, good: bool) -> None:
    assert isinstance(bank.payout(request(destination)), Pending)
    assert isinstance(bank.sync_payout(PayoutLookup(reference="po_1")), Pending)
    sandbox.call("POST", "/control", {"settle": "po_1"})
    assert isinstance(bank.sync_payout(PayoutLookup(reference="po_1")), Success if good else Declined)


def test_two_payouts_under_one_reference_reach_a_person(sandbox: Sandbox, bank: SandboxConnector) -> None:
    body = {"reference": "po_1", "amount": 100, "currency": "INR", "destination": "bank_success"}
    for number in (1, 2):
        assert sandbox.call("POST", "/v1/payouts", body, key=f"twice-{number:04}")[0] == 201
    assert isinstance(bank.sync_payout(PayoutLookup(reference="po_1")), Unknown)


def test_what_is_no_payout_is_refused_and_books_nothing() -> None:
    bank = Bank()
    body = {"reference": "po_1", "amount": 100, "currency": "INR", "destination": "bank_success"}
    for wrong in ({"amount": 0}, {"amount": 1.0}, {"amount": "100"}, {"currency": "inr"}, {"more": 1}):
        assert code(bank.call("POST", "/v1/payouts", body | wrong)) == (400, "invalid_field")
    assert bank.call("GET", "/v1/payouts")[1]["payouts"] == []
    assert code(bank.call("GET", "/v1/payouts/out_none")) == (404, "not_found")


def test_the_list_of_payouts_is_paged_and_another_key_sees_none_of_it() -> None:
    bank = Bank()
    body = {"amount": 100, "currency": "INR", "destination": "bank_success"}
    made = [bank.call("POST", "/v1/payouts", body | {"reference": f"po_{number}"})[1]["id"] for number in range(3)]
    first = bank.call("GET", "/v1/payouts?limit=2")[1]
    rest = bank.call("GET", f"/v1/payouts?limit=2&after={made[1]}")[1]
    assert [payout["id"] for payout in first["payouts"] + rest["payouts"]] == made
    assert (first["has_more"], rest["has_more"]) == (True, False)
    stranger = Bank(secret_key="sk_test_sandbox_other")
    stranger.acquirer, stranger.wire = bank.acquirer, bank.wire
    assert stranger.call("GET", "/v1/payouts")[1]["payouts"] == []
    assert code(stranger.call("GET", f"/v1/payouts/{made[0]}")) == (404, "not_found")


def test_payouts_and_their_answers_survive_in_the_journal(tmp_path: Path) -> None:
    paid = Entry(
        op=Operation.PAYOUT,
        account="a1",
        at="2026-03-01T12:00:00.000+00:00",
        id="out_1",
        reference="po_1",
        amount=5_000,
        currency="INR",
        token="bank_pending",
        verdict=Verdict.PENDING,
        due=1,
        key="key-0001",
        fingerprint="f1",
    )
    ended = Entry(op=Operation.SETTLE, account="a1", at=paid.at, id="out_1")
    journal = FileJournal(tmp_path)
    bank = Acquirer(journal=journal, now=clock.now)
    replies = [bank.record(entry) for entry in (paid, ended)]
    journal.close()
    journal = FileJournal(tmp_path)
    again = Acquirer(journal=journal, now=clock.now)
    assert again.restore(journal.replay()) == 2
    account = again.book.account("a1")
    assert [(payout.amount, payout.status) for payout in account.payouts.values()] == [(5_000, "paid")]
    assert account.replies["key-0001"] == replies[0]
    journal.close()


def test_every_destination_is_documented_with_what_it_does_and_no_other() -> None:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if "| `bank_" in line]
    assert {row[0]: row[1] for row in rows} == {name: made.note for name, made in DESTINATIONS.items()}
    assert set(re.findall(r"\bbank_[0-9a-z_]+", PAGE)) == set(DESTINATIONS)


def test_every_reason_of_a_destination_has_a_unified_code() -> None:
    reasons = {made.payout.decline for made in DESTINATIONS.values() if made.payout.decline}
    assert reasons == {"payee_account_closed", "payee_account_unknown", "payout_refused"}
    assert reasons <= set(DECLINES)
