"""Payments as a CSV file: exact content of many rows, selections, scopes, tenants and what is told of it."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.utils import timezone

from payments.models import Payment
from payments.tests.factories import Shop, new_merchant
from payments.tests.test_payment_list import URL, fill, signed_in, staff_of
from rupai.accounts.tests.factories import new_user
from rupai.core.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXPORT = f"{URL}export/"


def lines(response: Any) -> list[dict[str, str]]:
    assert response.streaming
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_five_thousand_rows_come_whole_and_in_order(shop: Shop) -> None:
    rows = fill(shop, 5_000, provider="sandbox")
    fill(shop, 1, state="cancelled")
    response: Any = staff_of(shop).post(f"{EXPORT}?status=failed", {})
    pieces = list(response.streaming_content)
    # The heading, then 500 rows at a time and never more.
    assert len(pieces) == 11
    assert max(piece.count(b"\r\n") for piece in pieces) == 500
    found = list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))
    wanted = sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)
    assert [line["public_id"] for line in found] == [row.public_id for row in wanted]
    assert [int(line["amount_minor"]) for line in found] == [row.amount for row in wanted]
    assert response["Content-Disposition"] == f'attachment; filename="payments-{timezone.now():%Y-%m-%d}.csv"'


def test_one_line_says_exactly_what_the_row_says(shop: Shop) -> None:
    moment = datetime(2026, 3, 1, 6, tzinfo=UTC)
    row = fill(shop, 1, start=moment, amount=1_234_567, currency="JPY", state="captured", provider="sandbox")[0]
    assert lines(staff_of(shop).post(EXPORT, {})) == [
        {
            "amount": "1234567",
            "currency": "JPY",
            "amount_minor": "1234567",
            "status": "captured",
            "public_id": row.public_id,
            "method": "UPI",
            "provider": "Sandbox",
            "customer": "asha@example.in",
            "risk": "",
            "created_at": "2026-03-01T06:00:00Z",
        }
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str, shop: Shop) -> None:
    shop.customer.set_person({"email": f"{start}HYPERLINK(1)"})
    shop.customer.save()
    fill(shop, 1)
    assert lines(staff_of(shop).post(EXPORT, {}))[0]["customer"] == f"'{start}HYPERLINK(1)"


def test_a_selection_is_all_that_leaves(shop: Shop) -> None:
    rows = fill(shop, 3)
    chosen = {"selection": "1", "_selected_action": [str(rows[0].pk), str(rows[2].pk)]}
    found = lines(staff_of(shop).post(EXPORT, chosen))
    assert [line["public_id"] for line in found] == [rows[2].public_id, rows[0].public_id]
    nothing = staff_of(shop).post(EXPORT, {"selection": "1"}, follow=True)
    assert "Nothing is selected" in nothing.content.decode()


def test_another_merchants_rows_never_leave(shop: Shop) -> None:
    mine = fill(shop, 1)[0]
    other = Shop(new_merchant("Other House"))
    theirs = fill(other, 1)[0]
    chosen = {"selection": "1", "_selected_action": [str(mine.pk), str(theirs.pk)]}
    assert [line["public_id"] for line in lines(staff_of(shop).post(EXPORT, chosen))] == [mine.public_id]


def test_each_merchant_is_told_of_its_rows(shop: Shop) -> None:
    fill(shop, 1)
    other = Shop(new_merchant("Other House"))
    fill(other, 1)
    Shop(new_merchant("Empty House"))
    staff_of(shop).post(f"{EXPORT}?q=asha@example.in", {})
    event = Event.objects.get(type="data.exported")
    assert (event.merchant_id, event.data["list"], event.data["filters"]) == (
        shop.merchant.pk,
        "payments.payment",
        ["q"],
    )
    assert "asha" not in str(event.data)
    signed_in(new_user(is_staff=True, is_superuser=True)).post(EXPORT, {})
    told = Event.objects.filter(type="data.exported").exclude(pk=event.pk)
    assert {each.merchant_id for each in told} == {shop.merchant.pk, other.merchant.pk}


def test_a_file_needs_the_scope(shop: Shop) -> None:
    fill(shop, 1)
    client = staff_of(shop, "viewer")
    for answer in (client.post(EXPORT, {}), client.get(EXPORT)):
        assert answer.status_code == 403
        assert "exports:create" in answer.content.decode()
    assert not Event.objects.filter(type="data.exported").exists()
    assert "Export" not in client.get(f"{URL}?all=1").content.decode()


def test_asking_first_makes_no_file(shop: Shop) -> None:
    fill(shop, 1)
    page = staff_of(shop).get(f"{EXPORT}?status=failed")
    assert "Status: Failed" in page.content.decode()
    assert not Event.objects.filter(type="data.exported").exists()


def test_an_asynchronous_server_streams_it_too(shop: Shop) -> None:
    fill(shop, 1_200)
    session = staff_of(shop).cookies["sessionid"].value
    client = AsyncClient()
    client.cookies["sessionid"] = session

    async def collect() -> list[bytes]:
        response: Any = await client.post(EXPORT, {})
        assert response.is_async
        return [piece async for piece in response.streaming_content]

    pieces = async_to_sync(collect)()
    assert [piece.count(b"\r\n") for piece in pieces] == [1, 500, 500, 200]
    assert Payment.objects.count() == 1_200
