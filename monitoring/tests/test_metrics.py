"""``/metrics`` is closed without its token, and tells the business figures with it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from monitoring.metrics import exposition, queues
from monitoring.models import InvariantResult
from monitoring.probes.checks import NotReady
from monitoring.services import heartbeats
from payments.tests.factories import Shop
from rupai.core import clock
from rupai.core.models import DeadLetter, Event, ReaderCursor

TOKEN = "metrics-token-of-the-tests"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def token(settings: Settings) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def scraped(client: Client) -> Figures:
    """Every sample by its name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_without_a_token_in_the_settings_the_page_does_not_exist(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    for given in ("", "Bearer ", "Bearer x"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"bearer {TOKEN}", f"Basic {TOKEN}", "Bearer é"])
def test_a_wrong_token_is_refused(client: Client, token: str, given: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": given} if given else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert b"rupai_" not in answer.content


@pytest.mark.django_db
def test_the_process_and_the_business_are_told_together(client: Client, token: str) -> None:
    heartbeats.beat(queue="payments", worker="test@here")
    figures = scraped(client)
    assert ("django_http_requests_before_middlewares_total", ()) in figures
    for collector in exposition.COLLECTORS:
        assert figures["rupai_collector_ok", (("collector", collector),)] == 1
    assert figures["rupai_events_unsequenced", ()] == 0
    assert figures["rupai_broker_up", ()] == 1
    assert figures["rupai_queue_messages", (("queue", "payments"),)] >= 0
    assert figures["rupai_worker_heartbeat_age_seconds", (("queue", "payments"),)] < 5


def test_payments_are_counted_by_state_and_provider(client: Client, token: str, shop: Shop) -> None:
    for _ in range(3):
        shop.pay(10_000)
    figures = scraped(client)
    labels = (("mode", "test"), ("provider", "sandbox"), ("state", "captured"))
    assert figures["rupai_payments", labels] == 3
    assert figures["rupai_attempts_answered", (("provider", "sandbox"),)] == 3
    assert 0 <= figures["rupai_attempt_seconds", (("provider", "sandbox"), ("quantile", "0.5"))] < 10
    # Nobody has numbered their events yet.
    assert figures["rupai_events_unsequenced", ()] == Event.objects.count() > 0
    assert 0 <= figures["rupai_events_unsequenced_age_seconds", ()] < 60


def test_payments_of_yesterday_are_outside_the_window(client: Client, token: str, shop: Shop) -> None:
    with clock.at(clock.now() - timedelta(days=1)):
        shop.pay(10_000)
    assert not [name for name, _ in scraped(client) if name == "rupai_payments"]


@pytest.mark.django_db
def test_dead_letters_and_lag_and_rules_are_told(client: Client, token: str) -> None:
    for replayed in (None, None, clock.now()):
        DeadLetter.objects.create(
            task="payments.sweep", queue="payments", error="x", tries=5, created_at=clock.now(), replayed_at=replayed
        )
    ReaderCursor.objects.create(name="handlers", position=0)
    InvariantResult.objects.create(
        name="I1", title="t", state="broken", count=7, violations=["a"], milliseconds=3, checked_at=clock.now()
    )
    figures = scraped(client)
    assert figures["rupai_dead_letters", (("task", "payments.sweep"),)] == 2
    assert figures["rupai_reader_lag_events", (("reader", "handlers"),)] == 0
    assert figures["rupai_invariant_holds", (("name", "I1"),)] == 0
    assert figures["rupai_invariant_violations", (("name", "I1"),)] == 7


@pytest.mark.django_db
def test_figures_that_fail_are_missing_and_the_rest_is_there(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return []

    monkeypatch.setattr(exposition, "COLLECTORS", {**exposition.COLLECTORS, "payments": broken})
    figures = scraped(client)
    assert figures["rupai_collector_ok", (("collector", "payments"),)] == 0
    assert figures["rupai_collector_ok", (("collector", "log"),)] == 1
    assert ("rupai_payments_estimated", ()) not in figures


@pytest.mark.django_db
def test_without_a_broker_the_scrape_says_so(client: Client, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise NotReady("no answer")

    monkeypatch.setattr(queues, "broker_connection", away)
    figures = scraped(client)
    assert figures["rupai_broker_up", ()] == 0
    assert not [name for name, _ in figures if name == "rupai_queue_messages"]


@pytest.mark.django_db
def test_every_figure_is_found_by_an_index_or_a_bound(client: Client, token: str) -> None:
    scraped(client)
    with CaptureQueriesContext(connection) as asked:
        scraped(client)
    counted = [query["sql"] for query in asked if "count(" in query["sql"].lower()]
    assert counted
    for query in counted:
        assert "LIMIT" in query
    assert len(asked) < 40
