"""The ledger against facts from TigerBeetle."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import ledger_recorded, ledger_scenarios

pytestmark = pytest.mark.django_db


@pytest.fixture
def scenarios(shared_dir: Path) -> Any:
    return json.loads((shared_dir / "vectors/ledger_two_phase_tigerbeetle.json").read_text())


@pytest.fixture
def recorded(shared_dir: Path) -> Any:
    return json.loads((shared_dir / "vectors/ledger_oracle_recorded_tigerbeetle.json").read_text())


def test_every_scenario_that_applies_gives_the_expected_results(scenarios: Any) -> None:
    report = ledger_scenarios.replay(scenarios)
    assert report.mismatches == []
    assert report.passed == 330
    assert report.excluded.total() == 252


def test_scenarios_at_the_end_of_the_numbers_hold_at_the_end_of_ours(scenarios: Any) -> None:
    report = ledger_scenarios.replay(scenarios, scaled=True)
    assert report.mismatches == []
    assert {"beyond 2^63", "end of the clock"}.isdisjoint(report.excluded)


def test_recorded_workloads_give_the_recorded_results_and_balances(recorded: Any) -> None:
    report = ledger_recorded.replay(recorded)
    assert report.mismatches == []
    assert report.passed == 1045


def test_a_wrong_expectation_is_a_mismatch(recorded: Any) -> None:
    recorded["runs"] = recorded["runs"][:1]
    recorded["runs"][0]["steps"] = recorded["runs"][0]["steps"][:5]
    recorded["runs"][0]["steps"][4]["batch"][0]["expect"] = "exceeds_credits"
    report = ledger_recorded.replay(recorded)
    assert report.mismatches == ["seed 1 step 4 transfer 2: expected 'exceeds_credits', got 'created'"]
    assert (report.passed, report.total) == (4, 5)
