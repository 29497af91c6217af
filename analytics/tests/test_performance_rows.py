"""How providers and webhooks did, from what was measured."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.registry import Measured, parts_of, performance_part
from analytics.reports.performance import measured
from analytics.tests.story import count_all, paid_at
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.tests.factories import owner_of
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.models import Event
from rupai.notifications.models import WebhookAttempt
from rupai.notifications.tests.factories import endpoint_at, number_all, opened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
DAY = date(2026, 5, 20)


def found(shop: Shop, scope: str = "all") -> list[Measured]:
    return measured(actor=shop.actor, start=DAY, end=DAY, scope=scope)


def tried(shop: Shop, *answers: tuple[int | None, int], at: datetime = NOW) -> None:
    """Tries to deliver one event, each with a status (None: no answer) and milliseconds."""
    with clock.at(at):
        endpoint = endpoint_at("https://example.com/hooks", actor=owner_of(shop.merchant), patterns=["*"])
        shop.pay(100)
        number_all()
        event = Event.objects.filter(merchant_id=shop.merchant.pk).latest("inserted")
        delivery = opened(event, endpoint)
    WebhookAttempt.objects.bulk_create(
        WebhookAttempt(delivery=delivery, at=at, status=status, milliseconds=milliseconds)
        for status, milliseconds in answers
    )


def test_providers(shop: Shop) -> None:
    paid_at(shop, NOW, 100)
    paid_at(shop, NOW, 100)
    paid_at(shop, NOW, 100, token="tok_insufficient_funds")
    paid_at(shop, NOW - timedelta(days=1), 100)
    count_all(NOW)
    [provider] = found(shop, "providers")
    assert (provider.area, provider.name) == ("provider", "sandbox")
    assert (provider.count, provider.succeeded, provider.failed, provider.success_rate) == (3, 2, 1, 0.666667)
    assert (provider.p50_ms, provider.p95_ms) == (100, 100)
    assert found(shop, "api") == []


def test_webhooks(shop: Shop) -> None:
    tried(shop, (200, 10), (204, 20), (500, 30), (None, 4_000))
    [webhook] = found(shop, "api")
    assert webhook == Measured(
        area="webhook",
        name="https://example.com/hooks",
        count=4,
        succeeded=2,
        failed=2,
        p50_ms=20,
        p95_ms=4_000,
    )
    assert [each.area for each in found(shop)] == ["webhook"]


def test_only_the_own_ones_of_the_days_asked_for(shop: Shop) -> None:
    tried(shop, (200, 10), at=NOW - timedelta(days=1))
    other = Shop(new_merchant("Other"))
    tried(other, (200, 10))
    assert found(shop) == []
    assert [each.count for each in found(other, "api")] == [1]


def test_apps_above_plug_in_what_they_measure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.registry._parts", {})
    asked: list[tuple[Actor, datetime, datetime]] = []

    @performance_part("doors", scope="api")
    def doors(actor: Actor, since: datetime, until: datetime) -> list[Measured]:
        asked.append((actor, since, until))
        return [Measured(area="api", name="GET", count=1, succeeded=0, failed=0, p50_ms=None, p95_ms=None)]

    assert parts_of("api") == {"doors": doors}
    [row] = found(shop)
    assert (row.name, row.success_rate) == ("GET", None)
    # The day of the merchant, as moments.
    beginning = datetime(2026, 5, 19, 18, 30, tzinfo=UTC)
    assert asked == [(shop.actor, beginning, beginning + timedelta(days=1))]
