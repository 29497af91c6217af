"""The runner of reference vectors: what it recognises, counts and answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.vectors.__main__ import main
from tests.vectors.formats import format_of
from tests.vectors.report import Report

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ledger_two_phase_tigerbeetle.json", "ledger scenarios"),
        ("ledger_oracle_recorded_tigerbeetle.json", "recorded ledger workload"),
    ],
)
def test_files_are_recognised_by_their_content(shared_dir: Path, file: str, name: str) -> None:
    known = format_of(json.loads((shared_dir / "vectors" / file).read_text()))
    assert known is not None
    assert known.name == name


@pytest.mark.parametrize("content", [{}, [], {"cases": []}, {"scenarios": []}, {"runs": []}, "text", None])
def test_other_content_is_not_recognised(content: object) -> None:
    assert format_of(content) is None


def test_scenarios_without_steps_are_not_the_ledgers(shared_dir: Path) -> None:
    assert format_of(json.loads((shared_dir / "vectors" / "idempotency_scenarios.json").read_text())) is None


@pytest.mark.parametrize(
    "scenarios",
    [[{"id": "a"}], [{"steps": []}], [{"steps": ["tick"]}], [{"steps": [{"op": "tick"}]}, {}], "steps", {"steps": 1}],
)
def test_what_only_looks_like_scenarios_is_not_recognised(scenarios: object) -> None:
    assert format_of({"scenarios": scenarios}) is None


def test_without_a_file_it_says_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "python -m tests.vectors" in capsys.readouterr().out


def test_a_report_counts_what_is_out_apart() -> None:
    report = Report()
    report.expect("first", expected=1, got=1)
    report.expect("second", expected=1, got=2)
    report.exclude("user data", 3)
    assert report.lines("a.json") == [
        "a.json: 1/2",
        "  excluded 3: user data 3",
        "  second: expected 1, got 2",
    ]


@pytest.mark.slow
def test_a_bad_file_is_told_and_does_not_stop_the_next(shared_dir: Path, tmp_path: Path) -> None:
    vectors = shared_dir / "vectors"
    (tmp_path / "torn.json").write_text('{"scenarios": [')
    odd = {"scenarios": [{"scenario": "odd", "steps": [{"op": "create_transfers", "batch": [{"id": "1"}]}]}]}
    (tmp_path / "odd.json").write_text(json.dumps(odd))
    good = vectors / "ledger_two_phase_tigerbeetle.json"
    files = [tmp_path / "torn.json", vectors / "idempotency_scenarios.json", tmp_path / "odd.json", good]
    done = run(*files)
    told = done.stdout.splitlines()
    assert told[0].startswith("torn.json: cannot be read")
    assert told[1] == "idempotency_scenarios.json: no known format"
    assert told[2].startswith("odd.json: not a file of ledger scenarios: KeyError")
    assert told[3] == "ledger_two_phase_tigerbeetle.json: 330/330"
    assert done.returncode == 1


def run(*files: Path) -> subprocess.CompletedProcess[str]:
    """The command itself, since it sets Django up on books of its own."""
    command = [sys.executable, "-m", "tests.vectors", *map(str, files)]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=120)
