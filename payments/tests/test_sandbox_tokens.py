"""docs/sandbox.md says what the tokens really do."""

import re

import pytest
from django.conf import settings

from payments.providers.decline_rules import RULES
from payments.providers.sandbox_codes import DECLINES
from payments.sandbox.outcomes import OutcomeModel
from payments.sandbox.tokens import TOKENS, Verdict

pytestmark = pytest.mark.unit

PAGE = (settings.BASE_DIR / "docs" / "sandbox.md").read_text()
ROWS = [
    [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `tok_")
]


def test_every_token_is_documented_and_no_other() -> None:
    assert set(re.findall(r"\btok_[0-9a-z_]+", PAGE)) == set(TOKENS)


def test_the_documented_declines_are_the_real_ones() -> None:
    documented = {row[0]: row[1:] for row in ROWS if len(row) == 4}
    declining = {
        name: token.charge.decline for name, token in TOKENS.items() if token.charge.verdict is Verdict.DECLINED
    }
    assert set(documented) == set(declining)
    for name, reason in declining.items():
        code = DECLINES[reason]
        assert documented[name] == [reason, code, RULES[code].group.replace("_", " ")]


def test_the_documented_brands_and_digits_are_the_real_ones() -> None:
    for name, method, brand, shown, country in [row for row in ROWS if len(row) == 5 and row[1] in ("card", "upi")]:
        token = TOKENS[name]
        assert (method, brand, country) == (token.method, token.brand, token.country)
        assert shown in (f"•••• {token.last4}", token.label)


def test_the_documented_settings_have_the_real_defaults() -> None:
    model = OutcomeModel()
    for name in ("success_rate", "slow_ms", "hold_ms", "pending_ms", "action_ms", "seed"):
        assert f"| `{name}` | {getattr(model, name)} |" in PAGE
