"""The sandbox connector against a running acquirer: what each test token becomes in the contract."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from payments.providers import registry, sandbox_codes
from payments.providers.base import (
    AccountConfig,
    Action,
    ActionKind,
    ChargeRequest,
    Declined,
    Found,
    FoundState,
    NotKnown,
    PaymentLookup,
    Pending,
    Success,
    TokenDescription,
    Unknown,
)
from payments.providers.guarded import MissingCredential
from payments.providers.sandbox import SandboxConnector
from payments.providers.taxonomy import DeclineCode
from payments.sandbox.declines import DECLINES, Advice
from payments.sandbox.tokens import TOKENS, Verdict
from payments.tests.sandboxes import Sandbox, running_sandbox
from rupai.core.money import Money


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


def request(token: str, *, amount: int = 10_000, capture: bool = True, challenge: bool = False) -> ChargeRequest:
    return ChargeRequest(
        reference="pay_1_1",
        idempotency_key="att_1:authorize",
        amount=Money(amount, "INR"),
        method=TOKENS[token].method,
        token=token,
        capture=capture,
        challenge=challenge,
        customer_reference="cust_1",
        description="Tea for two",
        metadata={"order": "order-77"},
        return_url="https://shop.example/done",
    )


def state(bank: SandboxConnector) -> Found:
    found = bank.sync_payment(PaymentLookup(reference="pay_1_1"))
    assert isinstance(found, Found)
    return found


GOOD = sorted(name for name, token in TOKENS.items() if token.note.startswith("succeeds"))
DECLINING = sorted(name for name, token in TOKENS.items() if token.charge.verdict is Verdict.DECLINED)


@pytest.mark.parametrize("token", GOOD)
def test_a_good_token_is_charged(bank: SandboxConnector, token: str) -> None:
    result = bank.authorize(request(token))
    assert isinstance(result, Success)
    assert (result.amount, result.captured) == (Money(10_000, "INR"), True)
    found = state(bank)
    assert found.provider_id == result.provider_id
    assert (found.state, found.captured, found.refunded) == (
        FoundState.CAPTURED,
        Money(10_000, "INR"),
        Money(0, "INR"),
    )


@pytest.mark.parametrize("token", DECLINING)
def test_a_declining_token_is_declined_by_its_unified_code(bank: SandboxConnector, token: str) -> None:
    reason = TOKENS[token].charge.decline
    for result in (bank.authorize(request(token)), bank.sync_payment(PaymentLookup(reference="pay_1_1"))):
        assert isinstance(result, Declined)
        assert result.code is sandbox_codes.DECLINES[reason]
        assert (result.provider_code, result.network_code) == (reason, DECLINES[reason].network_code)
        assert result.provider_id.startswith("ch_")


@pytest.mark.parametrize(
    ("token", "code", "failover", "later"),
    [
        ("tok_stolen_card", "card_lost_or_stolen", False, False),
        ("tok_invalid_number", "invalid_card_number", False, False),
        ("tok_closed_account", "account_closed_or_invalid", False, False),
        ("tok_insufficient_funds", "insufficient_funds", False, True),
        ("tok_do_not_honor", "do_not_honor", True, True),
        ("tok_do_not_retry", "do_not_honor", False, False),
        ("tok_issuer_unavailable", "issuer_unavailable", True, True),
        ("tok_acquirer_error", "psp_acquirer_error", True, True),
        ("tok_revoked_authorization", "authorization_missing_or_revoked", False, False),
        ("tok_upi_wrong_pin", "incorrect_authentication_code", False, False),
        ("tok_merchant_inactive", "merchant_inactive", True, False),
    ],
)
def test_what_may_follow_a_decline(bank: SandboxConnector, token: str, code: str, failover: bool, later: bool) -> None:
    result = bank.authorize(request(token))
    assert isinstance(result, Declined)
    assert (result.code, result.failover_now, result.retry_later) == (code, failover, later)


def test_every_word_of_the_acquirer_has_a_translation() -> None:
    assert set(sandbox_codes.DECLINES) == set(DECLINES)
    assert set(sandbox_codes.ADVICE) == set(Advice) - {Advice.NONE}


@pytest.mark.parametrize("token", ["tok_timeout_before", "tok_drop_before", "tok_error_before"])
def test_an_answer_that_never_came_is_unknown_and_then_not_known(bank: SandboxConnector, token: str) -> None:
    assert isinstance(bank.authorize(request(token)), Unknown)
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_1_1")), NotKnown)


@pytest.mark.parametrize("token", ["tok_timeout_after", "tok_drop_after", "tok_error_after", "tok_garbled"])
def test_an_answer_that_was_lost_is_unknown_and_then_found(
    sandbox: Sandbox, bank: SandboxConnector, token: str
) -> None:
    assert isinstance(bank.authorize(request(token, capture=False)), Unknown)
    found = state(bank)
    assert (found.state, found.authorized, found.captured) == (
        FoundState.AUTHORIZED,
        Money(10_000, "INR"),
        Money(0, "INR"),
    )
    repeated = bank.authorize(request(token, capture=False))
    assert isinstance(repeated, Success)
    assert repeated.provider_id == found.provider_id
    assert len(sandbox.charges()) == 1


def test_a_time_out_takes_no_longer_than_the_read_time_out(bank: SandboxConnector) -> None:
    result = bank.authorize(request("tok_timeout_after"))
    assert isinstance(result, Unknown)
    assert 490 <= result.latency_ms < 1_500
    assert "ReadTimeoutError" in result.reason


def test_a_slow_answer_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.control(slow_ms=300)
    result = sandbox.connector(read_seconds=5).authorize(request("tok_slow"))
    assert isinstance(result, Success)
    assert result.latency_ms >= 290


def test_a_wrong_amount_is_reported_as_the_provider_booked_it(bank: SandboxConnector) -> None:
    result = bank.authorize(request("tok_wrong_amount"))
    assert isinstance(result, Success)
    assert result.amount == Money(10_001, "INR")


def test_a_payer_is_sent_to_authenticate_and_the_outcome_is_found(sandbox: Sandbox, bank: SandboxConnector) -> None:
    result = bank.authorize(request("tok_3ds_required"))
    assert isinstance(result, Action)
    assert (result.kind, result.url.startswith(f"{sandbox.url}/3ds/3ds_")) == (ActionKind.THREE_DS, True)
    assert result.expires_at
    assert result.expires_at.tzinfo
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_1_1")), Action)
    sandbox.call("POST", f"/v1/charges/{result.provider_id}/authenticate", {"result": "approve"})
    assert state(bank).captured == Money(10_000, "INR")


@pytest.mark.parametrize(
    ("token", "answer", "code"),
    [
        ("tok_3ds_required", "fail", DeclineCode.AUTHENTICATION_FAILED),
        ("tok_3ds_then_decline", "approve", DeclineCode.INSUFFICIENT_FUNDS),
    ],
)
def test_an_authentication_can_end_in_a_decline(
    sandbox: Sandbox, bank: SandboxConnector, token: str, answer: str, code: DeclineCode
) -> None:
    result = bank.authorize(request(token))
    assert isinstance(result, Action)
    sandbox.call("POST", f"/v1/charges/{result.provider_id}/authenticate", {"result": answer})
    ended = bank.sync_payment(PaymentLookup(reference="pay_1_1", provider_id=result.provider_id))
    assert isinstance(ended, Declined)
    assert ended.code is code


def test_a_challenge_can_be_forced_and_has_the_kind_of_its_method(bank: SandboxConnector) -> None:
    result = bank.authorize(request("tok_upi_success", challenge=True))
    assert isinstance(result, Action)
    assert (result.kind, result.url[:10]) == (ActionKind.UPI_INTENT, "upi://pay?")
    assert "am=100.00&cu=INR" in result.url


def test_a_pending_charge_is_found_when_it_has_succeeded(sandbox: Sandbox, bank: SandboxConnector) -> None:
    assert isinstance(bank.authorize(request("tok_pending")), Pending)
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_1_1")), Pending)
    sandbox.call("POST", "/control", {"settle": "pay_1_1"})
    assert state(bank).captured == Money(10_000, "INR")


def test_nothing_is_known_of_a_reference_that_was_never_sent(bank: SandboxConnector) -> None:
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_9_1")), NotKnown)
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_9_1", provider_id="ch_none")), NotKnown)


def test_two_charges_under_one_reference_are_not_guessed_about(bank: SandboxConnector) -> None:
    bank.authorize(request("tok_visa"))
    bank.authorize(replace(request("tok_visa"), idempotency_key="att_1:again"))
    found = bank.sync_payment(PaymentLookup(reference="pay_1_1"))
    assert isinstance(found, Unknown)
    assert found.reason == "The provider holds 2 charges under one reference"


def test_a_reused_key_is_unknown_because_the_first_request_may_have_been_booked(bank: SandboxConnector) -> None:
    bank.authorize(request("tok_visa"))
    assert isinstance(bank.authorize(request("tok_visa", amount=1)), Unknown)
    assert state(bank).captured == Money(10_000, "INR")


def test_wrong_credentials_are_a_decline_for_a_charge_and_no_answer_to_a_question(sandbox: Sandbox) -> None:
    wrong = Sandbox(sandbox.url, secret_key="sk_test_elsewhere").connector()
    result = wrong.authorize(request("tok_visa"))
    assert isinstance(result, Declined)
    assert (result.code, result.failover_now) == (DeclineCode.INVALID_CREDENTIALS, True)
    assert isinstance(wrong.sync_payment(PaymentLookup(reference="pay_1_1")), Unknown)
    assert isinstance(wrong.describe_token("tok_visa"), Unknown)


@pytest.mark.parametrize("outage", ["error", "drop", "hang"])
def test_an_outage_leaves_every_question_open(sandbox: Sandbox, bank: SandboxConnector, outage: str) -> None:
    bank.authorize(request("tok_visa"))
    sandbox.control(outage=outage)
    assert isinstance(bank.authorize(replace(request("tok_visa"), reference="pay_2_1")), Unknown)
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_1_1")), Unknown)
    assert isinstance(bank.describe_token("tok_visa"), Unknown)
    sandbox.control(outage="none")
    assert [charge["reference"] for charge in sandbox.charges()] == ["pay_1_1"]


def test_a_technical_decline_is_certain(sandbox: Sandbox, bank: SandboxConnector) -> None:
    sandbox.control(outage="decline")
    result = bank.authorize(request("tok_visa"))
    assert isinstance(result, Declined)
    assert (result.code, result.failover_now) == (DeclineCode.PSP_ACQUIRER_ERROR, True)


def test_a_token_is_described_without_a_card_number(bank: SandboxConnector) -> None:
    card = bank.describe_token("tok_rupay")
    assert isinstance(card, TokenDescription)
    assert (card.method, card.brand, card.last4, card.country) == ("card", "rupay", "0011", "IN")
    assert (card.expiry_month, card.expiry_year) == (12, 2040)
    upi = bank.describe_token("tok_upi_success")
    assert isinstance(upi, TokenDescription)
    assert (upi.method, upi.label, upi.last4, upi.expiry_year) == ("upi", "success@sandbox", "", None)
    assert isinstance(bank.describe_token("tok_none"), NotKnown)


def test_what_is_kept_of_an_exchange_has_neither_secrets_nor_persons(bank: SandboxConnector) -> None:
    result = bank.authorize(request("tok_visa"))
    kept = str(result.request) + str(result.response)
    assert result.request["body"]["amount"] == 10_000
    assert result.response["body"]["status"] == "captured"
    for hidden in ("sk_test", "Tea for two", "order-77", "cust_1", "shop.example", "att_1:authorize"):
        assert hidden not in kept


def test_the_registry_builds_the_connector_by_name(sandbox: Sandbox) -> None:
    config = AccountConfig(base_url=sandbox.url, credentials={"secret_key": sandbox.secret_key})
    made = registry.connector("sandbox", config)
    assert made.name == "sandbox"
    assert made.capabilities().takes(method="upi", currency="INR")
    assert not made.capabilities().takes(method="upi", currency="USD")
    assert not made.capabilities().takes(method="crypto", currency="USD")
    assert isinstance(made.authorize(request("tok_visa")), Success)
    assert "sk_test" not in repr(config)
    with pytest.raises(registry.UnknownProvider, match="no provider 'stripes'"):
        registry.connector("stripes", config)
    with pytest.raises(MissingCredential):
        registry.connector("sandbox", AccountConfig(base_url=sandbox.url))
