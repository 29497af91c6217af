"""Rates: set by hand, found in either direction or through the euro, and never changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from rupai.accounts.models import Merchant
from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import ScopeMissing
from rupai.core.models import Event
from rupai.core.money import UnknownCurrency
from wallets.fx import SameCurrency
from wallets.models import FxRate
from wallets.selectors.fx import RateUnknown, mid_rate, rates_in_force
from wallets.services.fx_rates import BadRate, set_rate
from wallets.tests.fx_world import MORNING

pytestmark = pytest.mark.django_db
PLATFORM = Actor.platform("rates")


@pytest.fixture
def merchant() -> Merchant:
    return new_merchant()


@pytest.fixture
def owner(merchant: Merchant) -> Actor:
    return owner_of(merchant)


def put(actor: Actor, base: str, quote: str, rate: str) -> FxRate:
    return set_rate(actor=actor, base=base, quote=quote, rate=Decimal(rate))


def mid(actor: Actor, source: str, target: str) -> Decimal:
    return mid_rate(actor=actor, source=source, target=target, at=clock.now())


def test_the_newest_rate_that_has_begun_wins(owner: Actor) -> None:
    with clock.at(MORNING):
        put(owner, "USD", "INR", "83.12")
        set_rate(actor=owner, base="USD", quote="INR", rate=Decimal(90), valid_from=MORNING + timedelta(hours=2))
        set_rate(actor=owner, base="USD", quote="INR", rate=Decimal(70), valid_from=MORNING - timedelta(hours=2))
        assert mid(owner, "USD", "INR") == Decimal("83.12")
    with clock.at(MORNING + timedelta(hours=1)):
        put(owner, "USD", "INR", "84")
        assert mid(owner, "USD", "INR") == 84
    with clock.at(MORNING + timedelta(hours=2)):
        assert mid(owner, "USD", "INR") == 90
        assert [rate.rate for rate in rates_in_force(actor=owner)] == [90]


def test_of_two_rates_from_one_moment_the_one_recorded_later_wins(owner: Actor) -> None:
    for minutes, rate in enumerate(["83.12", "83.21"]):
        with clock.at(MORNING + timedelta(minutes=minutes)):
            set_rate(actor=owner, base="USD", quote="INR", rate=Decimal(rate), valid_from=MORNING)
            assert mid(owner, "USD", "INR") == Decimal(rate)


def test_the_inverse_is_used_only_when_there_is_no_other(owner: Actor) -> None:
    put(owner, "USD", "INR", "80")
    assert mid(owner, "INR", "USD") == Decimal("0.0125")
    put(owner, "INR", "USD", "0.0124")
    assert mid(owner, "INR", "USD") == Decimal("0.0124")
    assert mid(owner, "USD", "INR") == 80


def test_two_rates_through_the_euro_give_a_third(owner: Actor) -> None:
    put(PLATFORM, "EUR", "USD", "1.0850")
    put(PLATFORM, "EUR", "JPY", "162.75")
    assert mid(owner, "USD", "JPY") == 150
    assert mid(owner, "EUR", "JPY") == Decimal("162.75")
    assert mid(owner, "JPY", "USD") == Decimal("0.006666666666666666")
    put(owner, "EUR", "USD", "1.05")
    assert mid(owner, "USD", "JPY") == 155


def test_the_merchants_own_rate_goes_before_the_platforms(owner: Actor) -> None:
    put(PLATFORM, "USD", "INR", "83")
    put(owner, "INR", "USD", "0.0125")
    assert mid(owner, "USD", "INR") == 80


def test_another_merchant_or_mode_does_not_see_it(owner: Actor, merchant: Merchant) -> None:
    put(owner, "USD", "INR", "80")
    for stranger in (owner_of(new_merchant()), owner_of(merchant, livemode=True)):
        with pytest.raises(RateUnknown):
            mid(stranger, "USD", "INR")
        assert not rates_in_force(actor=stranger).exists()
    put(PLATFORM, "USD", "INR", "83")
    assert mid(owner_of(merchant, livemode=True), "USD", "INR") == 83


def test_a_rate_that_is_set_is_told(owner: Actor) -> None:
    rate = put(owner, "USD", "INR", "83.1200")
    event = Event.objects.get(type="fx.rate_set")
    assert (event.merchant_id, event.livemode, event.subject_id) == (owner.merchant_id, False, rate.public_id)
    assert (event.data["rate"], event.data["source"], event.data["owner"]) == ("83.12", "manual", "merchant")


def test_who_may_not_and_what_is_no_rate(owner: Actor, merchant: Merchant) -> None:
    with pytest.raises(ScopeMissing):
        put(owner_of(merchant, scopes=frozenset({"wallets:transfer"})), "USD", "INR", "83")
    for rate in ("0", "-1", "NaN", "Infinity", "10000000000", "1.00000000001", "1e-11"):
        with pytest.raises(BadRate):
            put(owner, "USD", "INR", rate)
    with pytest.raises(UnknownCurrency):
        put(owner, "USD", "XAU", "1")
    with pytest.raises(SameCurrency):
        put(owner, "USD", "USD", "1")
    assert not FxRate.objects.exists()
    assert not Event.objects.filter(type="fx.rate_set").exists()


def test_a_rate_is_never_changed_or_deleted(owner: Actor) -> None:
    rate = put(owner, "USD", "INR", "83")
    for change in (
        lambda: FxRate.objects.filter(pk=rate.pk).update(rate=1),
        lambda: FxRate.objects.filter(pk=rate.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert FxRate.objects.get(pk=rate.pk).rate == 83
