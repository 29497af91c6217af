"""The command search: by id, e-mail, last four digits, references and page names; own rows only, few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments.models import PaymentMethod
from payments.tests.factories import Shop, new_merchant, new_method
from payments.tests.test_payment_list import HTMX, fill, staff_of
from rupai.accounts.services.customers import create_customer
from rupai.core.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
URL = "/admin/search/"
# The whole page, frame and all lists that are looked into; it may only fall.
MOST_QUERIES = 21


def titles(response: object) -> dict[str, list[str]]:
    return {each.title: [hit.title for hit in each.hits] for each in response.context["found"]}  # type: ignore[attr-defined]


def test_an_id_leads_straight_to_its_page(shop: Shop) -> None:
    payment = fill(shop, 1)[0]
    event = Event.objects.order_by("inserted").first() or (create_customer(actor=shop.actor) and Event.objects.get())
    client = staff_of(shop)
    answer = client.get(URL, {"q": payment.public_id})
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/payments/{payment.public_id}/")
    assert client.get(URL, {"q": f" {shop.customer.public_id} "})["Location"].startswith("/admin/payments/customers/")
    assert client.get(URL, {"q": event.public_id})["Location"] == f"/admin/core/event/{event.pk}/change/"
    # While someone types there is nowhere to go, only something to offer.
    suggested = client.get(URL, {"q": payment.public_id}, headers=HTMX)
    assert suggested.status_code == 200
    assert titles(suggested) == {"Payments": [payment.public_id]}
    assert "<html" not in suggested.content.decode()


def test_what_people_know_is_found(shop: Shop) -> None:
    payment = fill(shop, 1, order_id="ORD-9", provider_reference="ch_99")[0]
    PaymentMethod.objects.filter(pk=new_method(shop.actor, shop.customer).pk).update(last4="8842")
    client = staff_of(shop)
    assert titles(client.get(URL, {"q": "ORD-9"})) == {"Payments": [payment.public_id]}
    assert titles(client.get(URL, {"q": "ch_99"})) == {"Payments": [payment.public_id]}
    by_mail = titles(client.get(URL, {"q": "ASHA@example.in"}))
    assert by_mail == {"Payments": [payment.public_id], "Customers": [shop.customer.public_id]}
    assert set(titles(client.get(URL, {"q": "8842"}))) == {"Payment methods"}
    assert titles(client.get(URL, {"q": "refu"})) == {"Pages": ["Refunds"]}
    assert "Nothing found for" in client.get(URL, {"q": "<b>"}).content.decode()
    assert "What are you looking for?" in client.get(URL).content.decode()


def test_another_merchants_rows_are_not_found(shop: Shop) -> None:
    other = Shop(new_merchant("Other House"))
    theirs = fill(other, 1, order_id="ORD-9")[0]
    client = staff_of(shop)
    for term in (theirs.public_id, other.customer.public_id, "ORD-9"):
        assert titles(client.get(URL, {"q": term})) == {}, term


def test_a_role_finds_what_it_may_see(shop: Shop) -> None:
    fill(shop, 1)
    client = staff_of(shop, "viewer")
    assert "API keys" not in titles(client.get(URL, {"q": "keys"})).get("Pages", [])


def test_a_search_takes_few_queries(shop: Shop) -> None:
    fill(shop, 60, order_id="ORD-9")
    client = staff_of(shop)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(URL, {"q": "ORD-9"})
    assert len(titles(page)["Payments"]) == 5
    assert page.context["found"][0].more_url.endswith("/payments/payment/?q=ORD-9")
    assert len(queries) <= MOST_QUERIES
