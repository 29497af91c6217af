"""The outcome model of the sandbox acquirer is a pure function of what it is given."""

from dataclasses import replace

import pytest

from payments.sandbox.declines import DECLINES
from payments.sandbox.outcomes import Outage, Outcome, OutcomeModel, decide, decide_later, delay_ms
from payments.sandbox.tokens import TOKENS, Challenge, Delivery, Verdict

pytestmark = pytest.mark.unit

MODEL = OutcomeModel()


def charge(token: str, *, reference: str = "pay_1_1", model: OutcomeModel = MODEL, challenge: bool = False) -> Outcome:
    return decide(
        token=token,
        amount=10_000,
        currency="INR",
        reference=reference,
        capture=False,
        challenge=challenge,
        model=model,
    )


def test_a_plain_token_succeeds_for_the_amount_asked_for() -> None:
    assert charge("tok_visa") == Outcome(verdict=Verdict.APPROVED, booked=10_000)


def test_upi_takes_the_money_in_one_step() -> None:
    assert charge("tok_upi_success").capture is True
    assert charge("tok_visa").capture is False


def test_the_wrong_amount_token_books_one_minor_unit_more() -> None:
    assert charge("tok_wrong_amount").booked == 10_001


def test_the_same_question_has_the_same_answer() -> None:
    model = replace(MODEL, success_rate=5_000, seed=7)
    first = [charge("tok_visa", reference=f"pay_{number}_1", model=model) for number in range(200)]
    assert first == [charge("tok_visa", reference=f"pay_{number}_1", model=model) for number in range(200)]
    assert {outcome.verdict for outcome in first} == {Verdict.APPROVED, Verdict.DECLINED}
    other = replace(model, seed=8)
    assert first != [charge("tok_visa", reference=f"pay_{number}_1", model=other) for number in range(200)]


def test_the_success_rate_and_the_decline_mix_are_kept() -> None:
    model = replace(
        MODEL,
        success_rate=9_000,
        success_rate_by_method={"upi": 5_000},
        decline_mix={"insufficient_funds": 3, "do_not_honor": 1},
    )
    cards = [charge("tok_visa", reference=f"pay_{number}_1", model=model) for number in range(10_000)]
    declined = [outcome.decline for outcome in cards if outcome.verdict is Verdict.DECLINED]
    assert len(declined) == pytest.approx(1_000, abs=100)
    assert declined.count("insufficient_funds") == pytest.approx(750, abs=90)
    assert set(declined) == {"insufficient_funds", "do_not_honor"}
    by_upi = [charge("tok_upi_success", reference=f"pay_{number}_1", model=model) for number in range(10_000)]
    assert sum(outcome.verdict is Verdict.APPROVED for outcome in by_upi) == pytest.approx(5_000, abs=200)


def test_a_token_with_a_behaviour_of_its_own_keeps_it_under_any_success_rate() -> None:
    model = replace(MODEL, success_rate=0)
    assert charge("tok_visa", model=model).decline == "do_not_honor"
    assert charge("tok_3ds_required", model=model).verdict is Verdict.ACTION
    assert charge("tok_timeout_after", model=model).delivery is Delivery.HOLD_AFTER


def test_a_forced_challenge_asks_the_payer_in_the_way_of_the_method() -> None:
    assert charge("tok_3ds_optional").verdict is Verdict.APPROVED
    assert charge("tok_3ds_optional", challenge=True).challenge is Challenge.THREE_DS
    assert charge("tok_visa", challenge=True).verdict is Verdict.ACTION
    assert charge("tok_upi_success", challenge=True).challenge is Challenge.UPI_INTENT
    assert charge("tok_netbanking_success", challenge=True).challenge is Challenge.REDIRECT


def test_asking_the_payer_heals_a_decline_for_missing_authentication_and_no_other() -> None:
    assert charge("tok_authentication_required").decline == "authentication_required"
    healed = charge("tok_authentication_required", challenge=True)
    assert (healed.verdict, healed.decline, healed.booked) == (Verdict.ACTION, "", 10_000)
    assert charge("tok_stolen_card", challenge=True).verdict is Verdict.DECLINED


def test_an_outage_stops_every_operation_in_its_way() -> None:
    for outage, delivery in (
        (Outage.ERROR, Delivery.ERROR_BEFORE),
        (Outage.DROP, Delivery.DROP_BEFORE),
        (Outage.HANG, Delivery.HOLD_BEFORE),
    ):
        model = replace(MODEL, outage=outage)
        assert charge("tok_visa", model=model).delivery is delivery
        for operation in ("capture", "void", "refund"):
            later = decide_later(token="tok_visa", operation=operation, reference="ch_1", model=model)
            assert later.delivery is delivery
            assert not later.delivery.books
    technical = charge("tok_visa", model=replace(MODEL, outage=Outage.DECLINE))
    assert (technical.verdict, technical.decline) == (Verdict.DECLINED, "acquirer_error")


def test_latency_is_the_set_one_plus_a_bounded_jitter() -> None:
    model = replace(MODEL, latency_ms=40, jitter_ms=10)
    delays = {delay_ms(model=model, reference=f"pay_{number}_1") for number in range(500)}
    assert delays == set(range(40, 51))
    assert charge("tok_slow").delay_ms == 1_500


def test_upi_is_for_rupees_only() -> None:
    refused = decide(
        token="tok_upi_success",
        amount=100,
        currency="USD",
        reference="pay_1_1",
        capture=True,
        challenge=False,
        model=MODEL,
    )
    assert refused.decline == "currency_not_enabled"


def test_an_unknown_token_is_declined() -> None:
    assert charge("tok_nobody_knows").decline == "unknown_token"


def test_every_token_is_consistent() -> None:
    for name, token in TOKENS.items():
        assert name == token.name
        assert token.note
        assert (token.last4 == "") is (token.method != "card")
        for behaviour in (token.charge, token.capture, token.void, token.refund):
            assert behaviour.decline == "" or behaviour.decline in DECLINES
            assert behaviour.verdict is not Verdict.DECLINED or behaviour.decline
    numbers = [token.last4 for token in TOKENS.values() if token.last4]
    assert len(numbers) == len(set(numbers))
