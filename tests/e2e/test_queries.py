"""The queries of each page are recorded, and may only fall.

After making a page cheaper: ``RUPAI_RECORD=1 python -m pytest tests/e2e/test_queries.py`` writes the lower numbers
down, and the numbers of new pages.
"""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.queries import counted
from tests.e2e.world import World

pytestmark = [pytest.mark.e2e]
RECORD = Path(__file__).with_name("queries.json")


def recorded() -> dict[str, int]:
    found: dict[str, int] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return found


def test_no_page_asks_the_database_more_than_before(rows: World) -> None:
    before = recorded()
    # One address per route is asked; where a route has several, the dearest counts.
    now: dict[str, int] = {}
    for address, count in counted():
        now[address.route] = max(count, now.get(address.route, 0))
    if os.environ.get("RUPAI_RECORD"):
        lower = {route: min(count, before.get(route, count)) for route, count in now.items()}
        RECORD.write_text(json.dumps(lower, indent=1, sort_keys=True) + "\n")
        before = lower
    dearer = {route: (before[route], count) for route, count in now.items() if count > before.get(route, count)}
    assert not dearer, f"more queries than recorded (recorded, now): {dearer}"
    assert not now.keys() - before.keys(), "pages without a recorded number of queries; see the head of this file"
    assert not before.keys() - now.keys(), "recorded pages that are no more; see the head of this file"
