"""Preferences: theme, density, time zone and start page of one person."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from rupai.accounts.services.customers import create_customer
from rupai.accounts.tests.factories import PASSWORD, new_member, new_merchant, owner_of
from rupai.core import clock
from rupai.pages.models import Preference

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
URL = "/admin/preferences/"
LIST = "/admin/accounts/customer/?all=1"
KEPT = {"theme": "dark", "density": "compact", "timezone": "America/New_York", "start_page": "core_event_changelist"}


@pytest.fixture
def client() -> Client:
    merchant = new_merchant("Chai House", timezone="Asia/Kolkata")
    with clock.at(datetime(2026, 3, 1, 22, 45, tzinfo=UTC)):
        create_customer(actor=owner_of(merchant), name="Asha")
    found = Client()
    found.force_login(new_member(merchant=merchant, is_staff=True, email="asha@example.in").user)
    return found


def test_what_is_chosen_holds_from_then_on(client: Client) -> None:
    assert "2 Mar, 04:15" in client.get(LIST).content.decode(), "the merchant's zone"
    answer = client.post(URL, KEPT, follow=True)
    assert "Your preferences are kept." in answer.content.decode()
    assert client.cookies["theme"].value == "dark"
    text = client.get(LIST).content.decode()
    assert "1 Mar, 17:45" in text
    assert "(America/New_York)" in text
    assert "list-table compact" in text
    assert timezone.get_current_timezone_name() == "UTC", "a zone ends with its request"


@pytest.mark.parametrize(
    ("field", "value"), [("timezone", "Mars/Base"), ("theme", "pink"), ("density", "x"), ("start_page", "core_nothing")]
)
def test_what_does_not_exist_is_refused(field: str, value: str, client: Client) -> None:
    answer = client.post(URL, {**KEPT, field: value})
    assert "Select a valid choice" in answer.content.decode()
    assert not Preference.objects.exists()


def test_signing_in_leads_to_the_start_page(client: Client) -> None:
    client.post(URL, KEPT)
    client.logout()
    wish = {"username": "asha@example.in", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", wish)["Location"] == "/admin/core/event/"
    client.logout()
    elsewhere = client.post("/admin/login/", {**wish, "next": "/admin/accounts/customer/"})
    assert elsewhere["Location"] == "/admin/accounts/customer/"


def test_a_start_page_that_is_no_longer_ones_own_is_the_overview(client: Client) -> None:
    client.post(URL, {**KEPT, "start_page": "accounts_apikey_changelist"})
    from rupai.accounts.models import Membership, Role

    Membership.objects.update(role=Role.objects.get(merchant=None, name="viewer"))
    client.logout()
    wish = {"username": "asha@example.in", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", wish)["Location"] == "/admin/"
