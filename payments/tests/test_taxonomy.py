"""The unified decline codes: complete, and without contradictions."""

import json
from pathlib import Path

import pytest

from payments.providers.base import Declined
from payments.providers.decline_rules import RULES
from payments.providers.taxonomy import DeclineClass, DeclineCode, Fault, RecommendedAction

pytestmark = pytest.mark.unit


def test_the_codes_and_actions_are_those_of_the_vector_file(shared_dir: Path) -> None:
    taxonomy = json.loads((shared_dir / "vectors" / "dunning_and_retry.json").read_text())["decline_taxonomy"]
    assert sorted(DeclineCode) == sorted(taxonomy["codes"])
    assert len(DeclineCode) == 45
    assert sorted(RecommendedAction) == sorted(taxonomy["recommended_actions"])
    assert len(RecommendedAction) == 12


def test_every_code_has_one_rule_with_words_for_payer_and_merchant() -> None:
    assert set(RULES) == set(DeclineCode)
    for code, rule in RULES.items():
        assert rule.code is code
        assert rule.fault in Fault
        assert rule.message.endswith(".")
        assert rule.merchant_advice.endswith(".")


def test_what_must_never_be_tried_elsewhere_is_never_tried_elsewhere() -> None:
    never = {
        DeclineClass.HARD_CARD,
        DeclineClass.CUSTOMER_ACTION,
        DeclineClass.FUNDS_LIMIT,
        DeclineClass.TECHNICAL_UNKNOWN,
        DeclineClass.FRAUD,
    }
    assert {rule.group for rule in RULES.values() if not rule.failover_now} == never


def test_the_recommended_action_agrees_with_whether_waiting_helps() -> None:
    for rule in RULES.values():
        assert rule.action.waits is rule.retry_later, rule.code


@pytest.mark.parametrize(
    ("code", "failover", "later", "retryable"),
    [
        ("card_lost_or_stolen", False, False, False),
        ("invalid_card_number", False, False, False),
        ("suspected_fraud", False, False, False),
        ("insufficient_funds", False, True, True),
        ("do_not_honor", True, True, True),
        ("issuer_unavailable", True, True, True),
        ("authentication_required", False, False, True),
        ("downstream_technical_issue", True, True, True),
        ("transaction_timed_out", False, True, True),
        ("invalid_credentials", True, False, False),
    ],
)
def test_what_may_be_done_about_a_decline(code: str, failover: bool, later: bool, retryable: bool) -> None:
    declined = Declined(code=DeclineCode(code))
    assert (declined.failover_now, declined.retry_later, declined.retryable) == (failover, later, retryable)


def test_the_providers_advice_forbids_what_the_code_would_allow() -> None:
    declined = Declined(code=DeclineCode.DO_NOT_HONOR, advice=RecommendedAction.DO_NOT_RETRY)
    assert declined.action is RecommendedAction.DO_NOT_RETRY
    assert (declined.failover_now, declined.retry_later, declined.retryable) == (False, False, False)


def test_the_providers_advice_revives_neither_a_hard_decline_nor_a_fraud() -> None:
    for code in (DeclineCode.CARD_LOST_OR_STOLEN, DeclineCode.SUSPECTED_FRAUD):
        declined = Declined(code=code, advice=RecommendedAction.RETRY_LATER)
        assert (declined.failover_now, declined.retry_later, declined.retryable) == (False, False, False)


def test_a_stolen_card_is_not_named_to_the_payer() -> None:
    for code in (DeclineCode.CARD_LOST_OR_STOLEN, DeclineCode.SUSPECTED_FRAUD):
        assert not {"stolen", "lost", "fraud"} & set(RULES[code].message.lower().replace(".", "").split())
