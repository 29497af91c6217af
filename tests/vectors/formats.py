"""The formats of reference vectors, recognised by what is in a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.vectors import ledger_recorded, ledger_scenarios
from tests.vectors.report import Report


@dataclass(frozen=True, slots=True)
class Format:
    """How to recognise a file and replay it against the real code; a replay leaves nothing behind in the database."""

    name: str
    recognises: Callable[[Any], bool]
    replay: Callable[[Any], Report]


FORMATS = (
    Format("ledger scenarios", ledger_scenarios.recognises, ledger_scenarios.replay),
    Format("recorded ledger workload", ledger_recorded.recognises, ledger_recorded.replay),
)


def format_of(content: Any) -> Format | None:
    """Find the format of a file's content; None when nobody knows it."""
    return next((known for known in FORMATS if known.recognises(content)), None)
