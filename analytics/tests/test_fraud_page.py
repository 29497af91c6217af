"""The page of patterns shows what stands out, and leads to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from analytics.tests.story import judged, written
from payments.tests.consoles import words
from payments.tests.factories import Shop
from rupai.accounts.models import Role
from rupai.accounts.tests.factories import new_member
from rupai.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


@pytest.fixture
def client(shop: Shop) -> Client:
    found = Client()
    found.force_login(new_member(shop.merchant, is_staff=True).user)
    return found


def read(client: Client, **asked: str) -> Any:
    return client.get("/admin/analytics/fraud/", asked)


def test_a_payment_that_stands_out(client: Client, shop: Shop) -> None:
    assert "Nothing to look at" in words(read(client))
    strange = written(shop, clock.now() - timedelta(hours=1))
    assert "Nothing stands out" in words(read(client))
    judged(strange, "amount_over_block_limit", score=1.0, verdict="block")
    page = read(client)
    assert f"100.0 % Deny {strange.public_id} Amount over block limit 1.00" in words(page)
    assert f'href="/admin/payments/{strange.public_id}/"' in page.content.decode()
    assert client.get(f"/admin/payments/{strange.public_id}/").status_code == 200


@pytest.mark.parametrize("kind", ["behavioral_anomaly", "velocity", "recent_activity", "system_wide"])
@pytest.mark.parametrize("window", ["24h", "7d", "30d"])
def test_each_pattern_has_its_page(client: Client, shop: Shop, kind: str, window: str) -> None:
    judged(written(shop, clock.now()), "customer_velocity", score=0.9, verdict="challenge")
    page = read(client, kind=kind, window=window)
    assert page.status_code == 200
    assert "too few refunds for fraud" in words(page).lower()


def test_customers_lead_to_their_page(client: Client, shop: Shop) -> None:
    judged(written(shop, clock.now()), "customer_velocity", score=0.9, verdict="challenge")
    page = read(client, kind="velocity").content.decode()
    assert f'href="/admin/payments/customers/{shop.customer.public_id}/"' in page
    whole = read(client, kind="system_wide")
    assert shop.merchant.public_id in words(whole)


@pytest.mark.parametrize("asked", [{"kind": "gossip"}, {"window": "8d"}, {"window": ""}])
def test_an_unknown_pattern_leads_back(client: Client, asked: dict[str, str]) -> None:
    answer = read(client, **asked)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/analytics/fraud/")


def test_it_needs_the_scope(shop: Shop) -> None:
    member = new_member(shop.merchant, is_staff=True)
    member.role = Role.objects.create(merchant=shop.merchant, name="clerk", scopes=["payments:read"])
    member.save(update_fields=["role"])
    client = Client()
    client.force_login(member.user)
    assert read(client).status_code == 403
