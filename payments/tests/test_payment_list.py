"""The list of payments: pages, filters, search, tenants, selection and its price in queries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from payments.models import Payment, PaymentMethod
from payments.tests.factories import Shop, new_customer, new_method
from rupai.accounts.models import Membership, Role, User
from rupai.accounts.tests.factories import new_user
from rupai.core import clock, ids

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
URL = "/admin/payments/payment/"
HTMX = {"HX-Request": "true"}
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
# Queries of a page; these may only fall.
MOST_QUERIES = {"first page": 16, "rows alone": 14, "filtered rows": 15}


def staff_of(shop: Shop, role: str = "owner") -> Client:
    user = new_user(is_staff=True)
    Membership.objects.create(
        user=user, merchant=shop.merchant, role=Role.objects.get(merchant=None, name=role), created_at=clock.now()
    )
    return signed_in(user)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fill(shop: Shop, count: int, *, start: datetime = START, **fields: Any) -> list[Payment]:
    """Payments a second apart, as rows only; every tenth shares its moment with the one before."""
    made = []
    for number in range(count):
        moment = start + timedelta(seconds=number - (1 if number % 10 == 9 else 0))
        values: dict[str, Any] = {
            "customer": shop.customer, "method": "upi", "amount": 100 + number, "currency": "INR",
            "state": "failed", "created_by": shop.actor.id, "updated_at": moment, **fields,
        }  # fmt: skip
        made.append(
            Payment(
                id=ids.new_key(moment),
                merchant_id=shop.merchant.pk,
                livemode=False,
                created_at=moment,
                **values,
            )
        )
    return Payment.objects.bulk_create(made)


def names(response: Any) -> list[str]:
    return [line.name for line in response.context["lines"]]


def walk(client: Client, start: str = "", way: str = "older", then: Any = None) -> list[str]:
    """All ids from page to page; ``then`` happens after each page."""
    found: list[str] = []
    query = start
    while True:
        page = client.get(f"{URL}?{query}", headers=HTMX)
        found += names(page)
        query = getattr(page.context["page"], way)
        if not query:
            return found
        if then is not None:
            then()


def test_a_thousand_rows_are_walked_while_others_arrive(shop: Shop) -> None:
    rows = fill(shop, 1000)
    client = staff_of(shop)
    later = iter(range(1, 100))

    def arrive() -> None:
        fill(shop, 7, start=START + timedelta(days=next(later)))

    newest_first = [row.public_id for row in sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)]
    assert walk(client, then=arrive) == newest_first
    assert Payment.objects.count() == 1000 + 7 * 19
    back = client.get(f"{URL}?order=oldest", headers=HTMX)
    assert names(back) == newest_first[::-1][:50]


def test_a_page_has_its_neighbours(shop: Shop) -> None:
    fill(shop, 120)
    client = staff_of(shop)
    first = client.get(f"{URL}?all=1")
    assert first.context["count"].text == "120"
    second = client.get(f"{URL}?{first.context['page'].older}")
    third = client.get(f"{URL}?{second.context['page'].older}")
    assert [len(names(page)) for page in (first, second, third)] == [50, 50, 20]
    assert not third.context["page"].older
    assert names(client.get(f"{URL}?{third.context['page'].newer}")) == names(second)
    assert names(client.get(f"{URL}?{second.context['page'].newer}")) == names(first)


def test_more_than_a_thousand_are_not_counted(shop: Shop) -> None:
    fill(shop, 1001)
    assert staff_of(shop).get(f"{URL}?all=1").context["count"].text == "1,000+"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("stauts=failed", "There is no filter"),
        ("status=lost", "Status cannot be"),
        ("from=yesterday", "From cannot be"),
        ("to=2026-99-99", "To cannot be"),
        ("from=9999-12-31&to=9999-12-31", "To cannot be"),
        ("after=nonsense", "This page of the list cannot be found"),
        ("after=WzEsICIxIl0", "This page of the list cannot be found"),
        ("min_amount=-1", "At least (minor units) cannot be"),
        ("customer=cust_1", "Customer cannot be"),
        ("status=failed&status=captured", "stands twice"),
        ("order=sideways", "There is no order"),
        ("q=%00", "has a NUL"),
    ],
)
def test_what_cannot_be_read_is_said_and_shows_nothing(query: str, words: str, shop: Shop) -> None:
    fill(shop, 3)
    client = staff_of(shop)
    page = client.get(f"{URL}?{query}")
    assert page.status_code == 400
    assert words in page.content.decode()
    assert names(page) == []
    assert client.get(f"{URL}?{query}", headers=HTMX).status_code == 200


def test_filters_narrow_and_can_be_taken_away(shop: Shop) -> None:
    fill(shop, 3)
    fill(shop, 2, state="cancelled", currency="USD", order_id="A-1")
    fill(shop, 1, start=datetime(2026, 4, 2, 18, 45, tzinfo=UTC), method="card")
    client = staff_of(shop)
    for query, count in [
        ("all=1", 6), ("status=failed", 4), ("status=cancelled", 2), ("currency=USD", 2), ("order_id=A-1", 2),
        ("method=card", 1), ("min_amount=102", 1), ("max_amount=100", 3), ("from=2026-03-02", 1),
        # The merchant's zone is Asia/Kolkata, where 18:45 UTC is the next day already.
        ("from=2026-04-03&to=2026-04-03", 1), ("from=2026-04-02&to=2026-04-02", 0),
        ("to=2026-04-02T18:45:00Z", 5), (f"customer={shop.customer.public_id}", 6),
    ]:  # fmt: skip
        page = client.get(f"{URL}?{query}")
        assert len(names(page)) == count, query
    chips = client.get(f"{URL}?status=failed&currency=INR").context["chips"]
    assert [(chip["label"], chip["value"], chip["without"]) for chip in chips] == [
        ("Status", "Failed", "currency=INR"),
        ("Currency", "INR", "status=failed"),
    ]
    assert "No payments match" in client.get(f"{URL}?status=expired").content.decode()


def test_an_empty_shop_says_what_to_do(shop: Shop) -> None:
    page = staff_of(shop).get(f"{URL}?all=1").content.decode()
    assert "No payments yet" in page
    assert "Create payment" in page


def test_htmx_gets_the_rows_alone(shop: Shop) -> None:
    fill(shop, 2)
    client = staff_of(shop)
    part = client.get(f"{URL}?status=failed&method=&q=", headers=HTMX)
    text = part.content.decode()
    assert "<html" not in text
    assert 'id="list"' in text
    assert part["HX-Push-Url"] == f"{URL}?status=failed"
    whole = client.get(f"{URL}?status=failed")
    assert "<html" in whole.content.decode()
    assert "HX-Request" in part["Vary"]
    assert "HX-Request" in whole["Vary"]
    restored = client.get(f"{URL}?all=1", headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_payments_are_found_by_what_people_know(shop: Shop) -> None:
    wanted = fill(shop, 1, order_id="ORD-7", provider_reference="ch_77")[0]
    fill(shop, 3, customer=new_customer(shop.actor))
    shop.customer.set_person({"name": "Ravi", "email": "ravi@example.in"})
    shop.customer.save()
    method = new_method(shop.actor, shop.customer)
    PaymentMethod.objects.filter(pk=method.pk).update(last4="9911")
    Payment.objects.filter(pk=wanted.pk).update(payment_method=method)
    client = staff_of(shop)
    for term in (wanted.public_id, "ORD-7", "ch_77", "9911", "Ravi@Example.in", shop.customer.public_id):
        assert names(client.get(URL, {"q": term})) == [wanted.public_id], term
    for term in ("ORD", "ravi", "%", "pay_0000000000000000000000", "1' OR 1=1"):
        assert names(client.get(URL, {"q": term})) == [], term


def test_nothing_of_another_merchant_is_shown_or_reached(shop: Shop) -> None:
    from payments.tests.factories import new_merchant

    mine = fill(shop, 60)
    other = Shop(new_merchant("Other House"))
    theirs = fill(other, 60, order_id="THEIRS")
    client = staff_of(shop)
    assert set(walk(client)) == {row.public_id for row in mine}
    cursor = staff_of(other).get(f"{URL}?all=1").context["page"].older
    assert set(names(client.get(f"{URL}?{cursor}"))) <= {row.public_id for row in mine}
    for query in ({"q": theirs[0].public_id}, {"q": "THEIRS"}, {"customer": other.customer.public_id}):
        assert names(client.get(URL, query)) == [], query
    everything = signed_in(new_user(is_staff=True, is_superuser=True))
    assert len(walk(everything)) == 120


def test_contact_data_is_for_those_who_may_see_it(shop: Shop) -> None:
    fill(shop, 1)
    reader = Role.objects.create(merchant=shop.merchant, name="till", scopes=["payments:read"])
    client = staff_of(shop, "viewer")
    assert "asha@example.in" in client.get(f"{URL}?all=1").content.decode()
    Membership.objects.filter(merchant=shop.merchant).update(role=reader)
    text = client.get(f"{URL}?all=1").content.decode()
    assert "asha@example.in" not in text
    assert shop.customer.public_id in text
    assert names(client.get(URL, {"q": "asha@example.in"})) == []


def test_the_price_in_queries_does_not_grow_with_the_rows(shop: Shop) -> None:
    client = staff_of(shop)
    measured = []
    for count in (2, 60):
        fill(shop, count)
        seen = {}
        for name, query, headers in [
            ("first page", "all=1", {}), ("rows alone", "all=1", HTMX), ("filtered rows", "status=failed", HTMX)
        ]:  # fmt: skip
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(f"{URL}?{query}", headers=headers)
            seen[name] = len(queries)
        measured.append(seen)
    few, many = measured
    # A second page costs its count.
    assert all(many[name] - few[name] <= 2 for name in few)
    assert {name: many[name] for name in many if many[name] > MOST_QUERIES[name]} == {}, many


def test_a_selection_leads_to_the_page_that_asks_for_its_refund(shop: Shop) -> None:
    rows = fill(shop, 3)
    client = staff_of(shop, "support")
    chosen = {"action": "refund", "_selected_action": [str(row.pk) for row in rows[:2]]}
    answer = client.post(f"{URL}?status=failed", chosen)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/payments/bulk-refund/?id=")
    assert rows[0].public_id in answer["Location"]
    assert rows[2].public_id not in answer["Location"]
    every = client.post(f"{URL}?status=failed", {"action": "refund", "select_across": "1"})
    assert every["Location"].count("id=") == 3
    none = client.post(f"{URL}?status=failed", {"action": "refund"}, follow=True)
    assert "Nothing is selected" in none.content.decode()
    assert "Refund…" not in staff_of(shop, "viewer").get(f"{URL}?all=1").content.decode()
