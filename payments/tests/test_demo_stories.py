"""The stories of the demo world, before anybody tells them to the services."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from payments.demo import making, merchants, stories
from payments.demo.weather import Weather
from payments.models import DemoWorld
from payments.sandbox.declines import DECLINES
from payments.sandbox.outcomes import Outage
from payments.sandbox.tokens import TOKENS

pytestmark = [pytest.mark.unit, pytest.mark.slow]

UNTIL = datetime(2026, 6, 30, 15, 20, tzinfo=UTC)


def past(plan: merchants.MerchantPlan = merchants.BAZAAR, *, payments: int = 2_000, seed: int = 7) -> stories.Past:
    return stories.tell(plan, payments=payments, days=90, until=UNTIL, seed=seed)


@pytest.mark.parametrize("plan", merchants.MERCHANTS, ids=lambda plan: plan.key)
def test_a_past_is_as_long_as_asked_in_order_and_the_same_for_the_same_seed(plan: merchants.MerchantPlan) -> None:
    told = past(plan)
    moments = [story.at for story in told.stories]
    assert len(moments) == 2_000
    assert moments == sorted(moments)
    assert UNTIL - timedelta(days=90) <= moments[0]
    assert moments[-1] < UNTIL
    assert told == past(plan)
    assert told != past(plan, seed=8)


@pytest.mark.parametrize("plan", merchants.MERCHANTS, ids=lambda plan: plan.key)
def test_every_payer_pays_with_a_token_of_the_sandbox_that_one_of_the_accounts_takes(
    plan: merchants.MerchantPlan,
) -> None:
    for payer in past(plan).payers:
        assert TOKENS[payer.token].method == payer.method
        takers = [account for account in plan.accounts if account.provider == payer.provider]
        assert any(payer.method in account.methods for account in takers)
        assert payer.email.partition("@")[2] in {"example.com", "example.net", "example.org"}


def test_people_buy_more_in_the_evening_and_more_at_the_end_than_at_the_start() -> None:
    told = past(payments=10_000).stories
    hours = Counter(story.at.astimezone(ZoneInfo("Asia/Kolkata")).hour for story in told)
    assert hours[20] > 5 * hours[3]
    thirds = Counter((story.at - UNTIL + timedelta(days=90)) // timedelta(days=30) for story in told)
    assert thirds[2] > 1.1 * thirds[0]


def test_only_one_merchant_is_visited_by_the_ring() -> None:
    assert [plan.key for plan in merchants.MERCHANTS if past(plan).ring] == ["arcade"]
    ring = past(merchants.ARCADE, payments=3_000).ring
    assert ring is not None
    assert (ring.payments, ring.members) == (60, 5)


def test_the_merchants_share_all_payments() -> None:
    assert merchants.shares(20_000) == {"bazaar": 10_000, "voyages": 5_000, "arcade": 3_000, "atelier": 2_000}
    assert sum(merchants.shares(333).values()) == 333


def test_two_processes_get_as_much_to_do() -> None:
    shares = merchants.shares(20_000)
    parts = making.split([DemoWorld(plan=key, payments=number) for key, number in shares.items()], 2)
    assert [sum(world.payments for world in part) for part in parts] == [10_000, 10_000]
    assert len(making.split([DemoWorld(plan="bazaar", payments=1)], 2)) == 1


def test_an_acquirer_has_an_outage_of_some_hours_on_its_main_accounts_only() -> None:
    weather = Weather(7, 90, UNTIL)
    silent, refusing, well = weather.outage
    assert well - silent == timedelta(hours=4, minutes=15)
    minute = timedelta(minutes=1)
    seen = [
        weather.model("sandbox_alpha", "Alpha", "card", moment).outage
        for moment in (silent - minute, silent, refusing, well)
    ]
    assert seen == [Outage.NONE, Outage.ERROR, Outage.DECLINE, Outage.NONE]
    assert weather.model("sandbox_alpha", "Alpha reserve", "card", silent).outage is Outage.NONE
    assert weather.model("sandbox_gamma", "Gamma", "card", silent).outage is Outage.NONE


def test_every_account_knows_how_it_does_for_each_of_its_methods() -> None:
    weather = Weather(7, 90, UNTIL)
    for plan in merchants.MERCHANTS:
        for account in plan.accounts:
            for method in account.methods:
                model = weather.model(account.provider, account.name, method, UNTIL)
                assert 8_000 < model.success_rate_by_method[method] < 10_000
                assert set(model.decline_mix) <= set(DECLINES)
                assert model.latency_ms > 0
