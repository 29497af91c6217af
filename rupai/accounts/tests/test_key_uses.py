"""Who calls with a key is kept per day, address and program, written at most once a minute, and never without end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from rupai.accounts.models import ApiKey, ApiKeyUse
from rupai.accounts.services import uses
from rupai.accounts.services.authenticate import actor_of_key
from rupai.accounts.services.keys import NewKey
from rupai.accounts.tests.factories import new_key, new_merchant
from rupai.core import clock

pytestmark = pytest.mark.django_db
NOON = datetime(2030, 5, 4, 12, 0, tzinfo=UTC)
HERE, THERE = "192.0.2.7", "2001:db8::1"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    uses._counted.clear()
    yield
    uses._counted.clear()


@pytest.fixture
def made() -> NewKey:
    return new_key(new_merchant())


def call(made: NewKey, seconds: int = 0, address: str | None = HERE, agent: str = "curl/8.5.0") -> None:
    with clock.at(NOON + timedelta(seconds=seconds)):
        assert actor_of_key(made.secret, address=address, agent=agent) is not None


def rows() -> list[tuple[str | None, str, int]]:
    return list(ApiKeyUse.objects.order_by("pk").values_list("address", "agent", "calls"))


def test_calls_are_counted_and_written_once_a_minute(
    made: NewKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    call(made)
    with django_assert_num_queries(4):
        for second in range(1, 5):
            call(made, second)
    assert rows() == [(HERE, "curl/8.5.0", 1)]
    call(made, 61)
    assert rows() == [(HERE, "curl/8.5.0", 6)]
    assert ApiKeyUse.objects.get().last_at == NOON + timedelta(seconds=61)
    assert ApiKey.objects.get().last_used_at == NOON + timedelta(seconds=61)


def test_callers_and_days_are_told_apart(made: NewKey) -> None:
    call(made)
    call(made, 1, address=THERE)
    call(made, 2, agent="python-requests/2.32 (linux; shop of Ann)")
    call(made, 3, address=None, agent="")
    call(made, 86_400)
    assert rows() == [
        (HERE, "curl/8.5.0", 1),
        (THERE, "curl/8.5.0", 1),
        (HERE, "python-requests/2.32", 1),
        (None, "", 1),
        (HERE, "curl/8.5.0", 1),
    ]
    assert ApiKeyUse.objects.filter(day=NOON.date()).count() == 4


def test_a_key_fills_at_most_a_hundred_rows_a_day(made: NewKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "MOST_A_DAY", 3)
    for number in range(5):
        call(made, number, agent=f"bot/{number}")
    assert len(rows()) == 3
    call(made, 100, agent="bot/0")
    assert rows()[0] == (HERE, "bot/0", 2)
    assert len(rows()) == 3


def test_wrong_secrets_are_nobodys_calls(made: NewKey) -> None:
    assert actor_of_key(made.secret[:-1] + "x", address=HERE, agent="curl/8.5.0") is None
    assert rows() == []


def test_old_callers_are_forgotten(made: NewKey) -> None:
    call(made)
    with clock.at(NOON + timedelta(days=90)):
        assert uses.forget_old() == 0
    with clock.at(NOON + timedelta(days=91)):
        assert uses.forget_old() == 1
    assert rows() == []


@pytest.mark.parametrize(
    ("agent", "program"),
    [("curl/8.5.0", "curl/8.5.0"), ("Mozilla/5.0 (X11)", "Mozilla/5.0"), ("é", ""), ("", ""), ("x" * 200, "x" * 40)],
)
def test_programs_are_short(agent: str, program: str) -> None:
    assert uses.program_of(agent) == program
