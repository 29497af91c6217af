"""The runner of reference vectors: what it recognises, counts and answers."""

import json
from pathlib import Path

import pytest

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
