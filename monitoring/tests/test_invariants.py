"""The rules of the database: checked by command and by the hour, told with figures, remembered for ``/metrics``."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from monitoring.models import Heartbeat, InvariantResult
from monitoring.services import heartbeats
from monitoring.tasks import check_invariant, check_invariants
from rupai.core import invariants
from rupai.core.events import PLATFORM_STREAM
from rupai.core.models import Event

Register = Callable[[str, Callable[[], list[str]]], None]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Only the rules that a test registers."""
    monkeypatch.setattr(invariants, "_registered", {})

    def register(name: str, check: Callable[[], list[str]]) -> None:
        invariants.invariant(name, f"Rule {name}")(check)

    return register


def run_command(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_invariants", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_an_empty_database_keeps_every_registered_rule() -> None:
    code, text = run_command()
    assert code == 0, text
    for rule in invariants.registered():
        assert f"{rule.name:<5} holds " in text
    assert f"{len(invariants.registered())} rules" in text
    assert len(invariants.registered()) >= 8


@pytest.mark.django_db(transaction=True)
def test_a_broken_rule_ends_with_code_1_and_its_first_lines(rules: Register) -> None:
    rules("I1", list)
    rules("I2", lambda: [f"account {number} is out of balance" for number in range(7)])
    code, text = run_command("--lines", "2")
    assert code == 1
    assert "I1    holds             0 violations" in text
    assert "I2    BROKEN            7 violations" in text
    assert text.count("out of balance") == 2
    assert "and 5 more" in text
    assert "2 rules, 1 hold; not: I2" in text


@pytest.mark.django_db(transaction=True)
def test_a_rule_that_cannot_be_checked_is_no_rule_that_holds(rules: Register) -> None:
    def broken() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        return []

    rules("I1", broken)
    rules("I2", list)
    code, text = run_command()
    assert code == 1
    assert "I1    NOT CHECKED" in text
    assert "I2    holds" in text


@pytest.mark.django_db(transaction=True)
def test_a_rule_sees_one_moment_and_cannot_write(rules: Register) -> None:
    seen = []

    def look() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
            seen.append(cursor.fetchone())
        return []

    def write() -> list[str]:
        heartbeats.beat(queue="payments", worker="x")
        return []

    rules("I1", look)
    rules("I2", write)
    code, text = run_command()
    assert seen == [("repeatable read", "on")]
    assert code == 1
    assert "read-only transaction" in text
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_hourly_task_remembers_verdicts_and_forgets_old_rules(rules: Register) -> None:
    rules("I1", list)
    rules("I2", lambda: ["one", "two"])
    check_invariants()
    found = {result.name: (result.state, result.count, result.violations) for result in InvariantResult.objects.all()}
    assert found == {"I1": ("holds", 0, []), "I2": ("broken", 2, ["one", "two"])}
    invariants._registered.pop("I2")
    check_invariants()
    assert [result.name for result in InvariantResult.objects.all()] == ["I1"]


@pytest.mark.django_db(transaction=True)
def test_an_event_tells_when_a_rule_breaks_and_when_it_holds_again(rules: Register) -> None:
    found: list[str] = []
    rules("I1", lambda: list(found))
    check_invariants()
    assert not Event.objects.exists()
    found.append("a paisa too much")
    check_invariants()
    check_invariants()
    found.clear()
    check_invariants()
    told = Event.objects.order_by("inserted").values_list("type", "subject_id", "merchant_id", "data__violations")
    assert list(told) == [
        ("invariant.broken", "inv_I1", PLATFORM_STREAM, 1),
        ("invariant.restored", "inv_I1", PLATFORM_STREAM, 0),
    ]


@pytest.mark.django_db(transaction=True)
def test_looking_only_at_what_changed_breaks_a_rule_but_does_not_heal_it(rules: Register) -> None:
    whole, changed = ["an old error"], list[str]()
    rules("I1", lambda: whole)
    invariants.recent("I1")(lambda _since: changed)
    check_invariants()
    assert not InvariantResult.objects.filter(state="broken").exists()
    check_invariant(name="I1")
    check_invariants()
    assert InvariantResult.objects.get().violations == ["an old error"]
    whole.clear()
    check_invariant(name="I1")
    assert InvariantResult.objects.get().state == "holds"
    changed.append("a new error")
    check_invariants()
    assert InvariantResult.objects.get().violations == ["a new error"]
