"""Rates, quotes and terms in the console: who sees and sets what, and that a form sent twice sets one rate."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rupai.accounts.tests.factories import new_member
from rupai.core.actor import Actor
from wallets.models import FxRate
from wallets.services.fx_rates import set_rate
from wallets.services.fx_terms import spread_of
from wallets.tests.fx_world import FxWorld

pytestmark = pytest.mark.django_db
RATES, ADD = "admin:wallets_fxrate_changelist", "admin:wallets_fxrate_add"
WISH = {"base": "EUR", "quote": "JPY", "rate": "162.75", "valid_from": "", "idempotency_key": "form-0123456789"}


@pytest.fixture
def world() -> FxWorld:
    return FxWorld()


def signed_in(world: FxWorld, role: str) -> Client:
    client = Client()
    client.force_login(new_member(merchant=world.merchant, role=role, is_staff=True).user)
    return client


def listed(client: Client) -> set[str]:
    return {str(rate.base) for rate in client.get(reverse(RATES)).context["cl"].queryset}


def test_a_list_has_the_own_rates_and_the_platforms(world: FxWorld) -> None:
    FxWorld()
    set_rate(actor=Actor.platform("rates"), base="EUR", quote="USD", rate=Decimal("1.085"))
    viewer = signed_in(world, "viewer")
    assert listed(viewer) == {"USD", "EUR"}
    assert viewer.get(reverse(RATES)).context["cl"].queryset.count() == 2
    assert viewer.get(reverse(ADD)).status_code == 404


def test_a_rate_is_set_once_by_who_may(world: FxWorld) -> None:
    finance = signed_in(world, "finance")
    for _ in range(2):
        assert finance.post(reverse(ADD), WISH).status_code == 302
    rate = FxRate.objects.get(base="EUR")
    assert (rate.merchant_id, rate.livemode, rate.rate) == (world.merchant.pk, False, Decimal("162.75"))
    for role in ("viewer", "support", "developer"):
        assert signed_in(world, role).post(reverse(ADD), WISH).status_code == 404
    assert FxRate.objects.filter(base="EUR").count() == 1


@pytest.mark.parametrize(
    "changed",
    [{"rate": "0"}, {"rate": "-1"}, {"rate": "NaN"}, {"rate": "1.00000000001"}, {"quote": "EUR"}, {"base": ""}],
)
def test_what_is_no_rate_is_shown_again(world: FxWorld, changed: dict[str, Any]) -> None:
    answer = signed_in(world, "finance").post(reverse(ADD), {**WISH, **changed})
    assert answer.status_code in {400, 422}
    assert answer.context["form"].errors
    assert not FxRate.objects.filter(quote="JPY").exists()


def test_a_rate_can_be_looked_at_and_neither_changed_nor_deleted(world: FxWorld) -> None:
    rate, owner = FxRate.objects.get(), signed_in(world, "owner")
    assert owner.get(reverse("admin:wallets_fxrate_change", args=[rate.pk])).status_code == 200
    assert owner.post(reverse("admin:wallets_fxrate_change", args=[rate.pk]), WISH).status_code == 403
    assert owner.post(reverse("admin:wallets_fxrate_delete", args=[rate.pk]), {"post": "yes"}).status_code == 403


def test_quotes_are_listed_to_their_merchant(world: FxWorld) -> None:
    quote, other = world.quote(), FxWorld()
    shown = reverse("admin:wallets_fxquote_changelist")
    assert [row.pk for row in signed_in(world, "viewer").get(shown).context["cl"].queryset] == [quote.pk]
    assert not signed_in(other, "viewer").get(shown).context["cl"].queryset.exists()


def test_the_spread_is_a_setting(world: FxWorld) -> None:
    owner, address = signed_in(world, "owner"), reverse("admin:settings_section", args=["exchange"])
    assert owner.post(address, {"exchange-spread_bps": "1001"}).status_code == 422
    reviewed = owner.post(address, {"exchange-spread_bps": "75"})
    assert spread_of(world.actor) == 50
    given = {"exchange-spread_bps": "75", "seen": reviewed.context["seen"], "step": "save"}
    assert owner.post(address, given).status_code == 302
    assert spread_of(world.actor) == 75
    assert b"spread" in owner.get(reverse("admin:settings")).content
