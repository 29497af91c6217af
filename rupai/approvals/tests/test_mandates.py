"""What is set aside, counted and given back of a mandate: in the calendar's windows, and never over a limit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from rupai.accounts.models import Agent
from rupai.accounts.services.agents import change_agent, kill_agent
from rupai.accounts.tests.factories import acting, new_agent, new_member, owner_of
from rupai.approvals.errors import MandateRefused
from rupai.approvals.models import MandateCounter, MandateUse
from rupai.approvals.probes import counters_are_sums_of_uses
from rupai.approvals.selectors import limits_in_use
from rupai.approvals.services import mandates
from rupai.approvals.services.granting import revoke_mandate
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock, ids
from rupai.core.locks import LockNeedsTransaction
from rupai.core.money import Money

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
PAYEE, OTHER = (ids.public_id("cust", ids.new_key()) for _ in range(2))
ROOMY = {"INR": {"transaction": 10_000, "hour": 20_000, "day": 30_000, "month": 40_000, "total": 50_000}}


@pytest.fixture
def agent() -> Agent:
    return new_agent(new_member())


def take(agent: Agent, amount: int, *, at: datetime = NOON, currency: str = "INR", **more: Any) -> str:
    """Reserve an amount, and give its key."""
    key = ids.public_id("pay", ids.new_key())
    given = {"scope": "payments:write", "payee": PAYEE, "key": key, "subject": key, **more}
    with clock.at(at), transaction.atomic():
        mandates.reserve(actor=acting(agent), money=Money(amount, currency), **given)
    return key


def refused(agent: Agent, amount: int, **more: Any) -> str:
    """The reason why an amount is refused; asking beforehand says the same, and neither counts anything."""
    before = list(MandateCounter.objects.order_by("pk").values())
    at = more.get("at", NOON)
    asked = {
        "scope": "payments:write",
        "payee": PAYEE,
        **{name: more[name] for name in ("scope", "payee") if name in more},
    }
    money = Money(amount, more.get("currency", "INR"))
    with clock.at(at):
        verdict = mandates.policy(actor=acting(agent), money=money, **asked)
    with pytest.raises(MandateRefused) as refusal:
        take(agent, amount, **more)
    assert refusal.value.status == 403
    assert list(MandateCounter.objects.order_by("pk").values()) == before
    assert refusal.value.details["reason"] == verdict.reason
    return verdict.reason


def settle(kind: str, key: str, agent: Agent) -> None:
    with transaction.atomic():
        getattr(mandates, kind)(key=key, by=agent.public_id)


def counted() -> dict[str, tuple[int, int]]:
    """Used and reserved of each window that has a counter; one window must not have two here."""
    assert counters_are_sums_of_uses() == []
    found = {row.window: (row.used, row.reserved) for row in MandateCounter.objects.all()}
    assert len(found) == MandateCounter.objects.count()
    return found


def test_an_amount_is_reserved_then_counted_in_each_window(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    key = take(agent, 7_000)
    windows = ["hour", "day", "month", "total"]
    assert counted() == dict.fromkeys(windows, (0, 7_000))
    settle("commit", key, agent)
    settle("commit", key, agent)
    assert counted() == dict.fromkeys(windows, (7_000, 0))
    use = MandateUse.objects.get()
    assert (use.state, use.amount, use.payee, use.settled_at is not None) == ("committed", 7_000, PAYEE, True)
    assert use.hour_at == NOON.replace(minute=0)
    # The merchant's day and month begin at midnight in Kolkata.
    assert use.day_at == datetime(2026, 3, 9, 18, 30, tzinfo=UTC)
    assert use.month_at == datetime(2026, 2, 28, 18, 30, tzinfo=UTC)


def test_what_did_not_move_is_given_back(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    key = take(agent, 7_000)
    settle("release", key, agent)
    settle("release", key, agent)
    settle("commit", key, agent)
    assert set(counted().values()) == {(0, 0)}
    assert MandateUse.objects.get().state == "released"


def test_an_authorisation_that_was_let_go_is_given_back(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    key = take(agent, 7_000)
    settle("commit", key, agent)
    settle("release", key, agent)
    assert set(counted().values()) == {(0, 0)}


def test_money_that_moves_at_once_is_counted_at_once(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    money = Money(2_000, "INR")
    with clock.at(NOON), transaction.atomic():
        mandates.spend(actor=acting(agent), scope="wallets:transfer", money=money, payee=PAYEE, key="wtr", subject="w")
    assert set(counted().values()) == {(2_000, 0)}


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("window", "later", "again"),
    [
        # Within the same hour, day or month; then the first moment of the next one.
        ("hour", timedelta(minutes=29, seconds=59), timedelta(minutes=30)),
        ("day", timedelta(hours=5, minutes=59, seconds=59), timedelta(hours=6)),
        ("month", timedelta(days=21, hours=5, minutes=59), timedelta(days=21, hours=6)),
        ("total", timedelta(days=365), None),
    ],
)
def test_each_window_ends_by_the_calendar(agent: Agent, window: str, later: timedelta, again: timedelta | None) -> None:
    mandate = new_mandate(agent, {"INR": {window: 10_000}}, valid_from=NOON)
    take(agent, 6_000)
    assert refused(agent, 4_001, at=NOON + later) == f"over_{window}"
    with clock.at(NOON + later):
        verdict = mandates.policy(actor=acting(agent), scope="payments:write", money=Money(4_000, "INR"), payee=PAYEE)
    assert verdict.public() == {
        "outcome": "allowed",
        "mandate_id": mandate.public_id,
        "remaining": [{"window": window, "amount": 4_000, "currency": "INR"}],
    }
    take(agent, 4_000, at=NOON + later)
    assert refused(agent, 1, at=NOON + later) == f"over_{window}"
    if again is not None:
        take(agent, 10_000, at=NOON + again)
        assert refused(agent, 1, at=NOON + again) == f"over_{window}"
    assert counters_are_sums_of_uses() == []


def test_one_movement_alone_needs_no_counter(agent: Agent) -> None:
    new_mandate(agent, {"INR": {"transaction": 10_000}}, valid_from=NOON)
    assert refused(agent, 10_001) == "over_transaction"
    for _ in range(3):
        take(agent, 10_000)
    assert not MandateCounter.objects.exists()


def test_the_narrowest_window_that_is_passed_is_named(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    assert refused(agent, 10_001) == "over_transaction"
    take(agent, 10_000)
    take(agent, 9_000)
    assert refused(agent, 1_001) == "over_hour"
    take(agent, 10_000, at=NOON + HOUR)
    assert refused(agent, 1_001, at=NOON + 2 * HOUR) == "over_day"
    take(agent, 10_000, at=NOON + DAY)
    assert refused(agent, 1_001, at=NOON + 2 * DAY) == "over_month"
    take(agent, 10_000, at=NOON + 31 * DAY)
    assert refused(agent, 1_001, at=NOON + 62 * DAY) == "over_total"


def test_whatever_does_not_fit_is_refused_by_name(agent: Agent) -> None:
    assert refused(agent, 1) == "no_mandate"
    until = NOON + DAY
    with clock.at(NOON - DAY):
        made = new_mandate(
            agent, ROOMY, scopes=["payments:write"], allowed_payees=[PAYEE], valid_from=NOON, valid_until=until
        )
    assert refused(agent, 1, scope="refunds:write") == "no_mandate"
    assert refused(agent, 1, currency="USD") == "currency_not_covered"
    assert refused(agent, 1, payee=OTHER) == "payee_not_allowed"
    assert refused(agent, 1, at=NOON - HOUR) == "mandate_not_started"
    assert refused(agent, 1, at=until) == "mandate_expired"
    take(agent, 1)
    revoke_mandate(actor=owner_of(agent.merchant), mandate_id=made.public_id)
    assert refused(agent, 1) == "no_mandate"


def test_the_kill_switch_holds_for_those_who_are_on_their_way(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    actor = acting(agent)
    kill_agent(actor=owner_of(agent.merchant), agent_id=agent.public_id)
    with pytest.raises(MandateRefused) as refusal, clock.at(NOON), transaction.atomic():
        mandates.reserve(
            actor=actor, scope="payments:write", money=Money(1, "INR"), payee=PAYEE, key="pay_1", subject="pay_1"
        )
    assert refusal.value.details["reason"] == "agent_killed"
    assert (
        mandates.policy(actor=actor, scope="payments:write", money=Money(1, "INR"), payee=PAYEE).reason
        == "agent_killed"
    )
    assert not MandateUse.objects.exists()


def test_an_agent_whose_time_is_over_moves_nothing(agent: Agent) -> None:
    new_mandate(agent, ROOMY, valid_from=NOON)
    actor, ends = acting(agent), clock.now() + HOUR
    change_agent(actor=owner_of(agent.merchant), agent_id=agent.public_id, expires_at=ends)
    verdict = mandates.policy(actor=actor, scope="payments:write", money=Money(1, "INR"), payee=PAYEE, at=ends)
    assert verdict.reason == "agent_killed"


def test_above_the_approval_limit_a_second_person_is_needed(agent: Agent) -> None:
    made = new_mandate(agent, ROOMY, approval_over={"INR": 2_000}, valid_from=NOON)
    take(agent, 2_000)
    assert refused(agent, 2_001) == "over_approval_limit"
    with clock.at(NOON):
        asked = {"scope": "payments:write", "payee": PAYEE}
        verdict = mandates.policy(actor=acting(agent), money=Money(2_001, "INR"), **asked)  # type: ignore[arg-type]
        beyond = mandates.policy(actor=acting(agent), money=Money(10_001, "INR"), **asked)  # type: ignore[arg-type]
    assert (verdict.outcome, verdict.mandate_id) == ("needs_approval", made.public_id)
    # No agreement makes a mandate wider.
    assert (beyond.outcome, beyond.reason) == ("denied", "over_transaction")


def test_of_several_mandates_the_one_that_allows_is_used(agent: Agent) -> None:
    small = new_mandate(agent, {"INR": {"transaction": 1_000}}, valid_from=NOON)
    large = new_mandate(agent, {"INR": {"transaction": 5_000}}, allowed_payees=[PAYEE], valid_from=NOON)
    for amount, payee, mandate in [(1_000, PAYEE, small), (1_001, PAYEE, large), (1_000, OTHER, small)]:
        key = take(agent, amount, payee=payee)
        assert MandateUse.objects.get(key=key).mandate == mandate
    assert refused(agent, 1_001, payee=OTHER) == "over_transaction"


def test_people_and_programs_need_no_mandate_and_cost_no_query(
    agent: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person, money = owner_of(agent.merchant), Money(1, "INR")
    with transaction.atomic(), django_assert_num_queries(0):
        assert mandates.policy(actor=person, scope="payments:write", money=money, payee=PAYEE).allowed
        mandates.reserve(actor=person, scope="payments:write", money=money, payee=PAYEE, key="x", subject="x")
        mandates.commit(key="x", by=person.id)
        mandates.release(key="x", by="key_0000000000000000000001")
    with transaction.atomic():
        mandates.commit(key="x", by=agent.public_id)
    assert not MandateUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_reserved_outside_a_transaction() -> None:
    agent = new_agent(new_member())
    new_mandate(agent)
    with pytest.raises(LockNeedsTransaction):
        mandates.reserve(
            actor=acting(agent), scope="payments:write", money=Money(1, "INR"), payee=PAYEE, key="x", subject="x"
        )


def test_the_database_itself_refuses_to_go_over(agent: Agent) -> None:
    new_mandate(agent, {"INR": {"day": 10_000}}, valid_from=NOON)
    take(agent, 9_000)
    for values in ({"reserved": 10_001}, {"used": 1_001}, {"reserved": -1}, {"used": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            MandateCounter.objects.update(**values)


def test_the_probe_finds_a_counter_that_lies(agent: Agent) -> None:
    new_mandate(agent, {"INR": {"day": 10_000}}, valid_from=NOON)
    take(agent, 9_000)
    assert counters_are_sums_of_uses() == []
    MandateCounter.objects.update(reserved=8_000)
    assert len(counters_are_sums_of_uses()) == 1
    MandateCounter.objects.all().delete()
    assert len(counters_are_sums_of_uses()) == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM approvals_mandateuse")
    assert counters_are_sums_of_uses() == []


def test_what_is_left_is_told_for_each_limit(agent: Agent) -> None:
    mandate = new_mandate(agent, {"USD": {"total": 500}, "INR": {"transaction": 5_000, "day": 9_000}}, valid_from=NOON)
    settle("commit", take(agent, 4_000), agent)
    take(agent, 1_000)
    now = [(use.currency, use.window, use.ceiling, use.used, use.remaining) for use in limits_in_use(mandate, at=NOON)]
    assert now == [
        ("INR", "transaction", 5_000, 0, 5_000),
        ("INR", "day", 9_000, 5_000, 4_000),
        ("USD", "total", 500, 0, 500),
    ]
    assert [use.used for use in limits_in_use(mandate, at=NOON + DAY)] == [0, 0, 0]
