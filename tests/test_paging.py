"""Pages by cursor: every row that was there is met exactly once, whatever is written or deleted meanwhile."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from rupai.accounts.models import Customer, Merchant
from rupai.accounts.tests.factories import new_key, new_merchant
from rupai.core import ids

pytestmark = pytest.mark.slow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Shop:
    """A merchant with a key and customers without names."""

    def __init__(self) -> None:
        self.merchant: Merchant = new_merchant()
        self.key = new_key(self.merchant, scopes=frozenset({"customers:read"})).secret

    def add(self, moments: list[datetime], *, livemode: bool = False) -> list[str]:
        rows = [
            Customer(
                id=ids.new_key(moment),
                merchant_id=self.merchant.pk,
                livemode=livemode,
                created_at=moment,
                updated_at=moment,
                personal=b"",
                data_key=None,
            )
            for moment in moments
        ]
        return [row.public_id for row in Customer.objects.bulk_create(rows)]

    def page(self, query: str = "") -> dict[str, Any]:
        answer = APIClient().get(f"/api/v1/customers?{query}", headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def walk(self, limit: int, between: Callable[[], object] = lambda: None) -> Iterator[list[str]]:
        """The ids of each page, with something happening before the next one is asked for."""
        page = self.page(f"limit={limit}")
        yield [row["id"] for row in page["data"]]
        while page["has_more"]:
            between()
            page = self.page(f"limit={limit}&cursor={quote(page['next_cursor'])}")
            yield [row["id"] for row in page["data"]]
        assert "next_cursor" not in page


def flat(pages: Iterator[list[str]]) -> list[str]:
    return [name for page in pages for name in page]


@pytest.mark.django_db
def test_a_thousand_rows_are_met_once_while_newer_ones_arrive() -> None:
    shop = Shop()
    there = shop.add([NOON + timedelta(seconds=second) for second in range(1_000)])
    arriving = iter(range(10_000))

    def write_more() -> None:
        shop.add([NOON + timedelta(hours=1, seconds=next(arriving)) for _ in range(5)])

    met = flat(shop.walk(37, write_more))
    assert met == list(reversed(there))


@pytest.mark.django_db(transaction=True)
def test_a_thousand_rows_are_met_once_while_others_write_at_the_same_time() -> None:
    shop = Shop()
    there = set(shop.add([NOON + timedelta(milliseconds=number) for number in range(1_000)]))
    done = threading.Event()
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for step in range(2_000):
                if done.is_set():
                    return
                # Into the same span of time, before and behind the reader.
                shop.add([NOON + timedelta(milliseconds=(step * 37 + number) % 2_000)])
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for writer in writers:
        writer.start()
    met = flat(shop.walk(40))
    done.set()
    for writer in writers:
        writer.join(30)
    assert failed == []
    assert len(met) == len(set(met))
    assert there <= set(met)


@pytest.mark.django_db
def test_rows_of_one_moment_are_ordered_by_their_key() -> None:
    shop = Shop()
    there = shop.add([NOON] * 250)
    met = flat(shop.walk(10))
    assert met == sorted(there, reverse=True)


@pytest.mark.django_db
def test_a_row_that_is_deleted_takes_no_other_with_it() -> None:
    shop = Shop()
    there = shop.add([NOON + timedelta(seconds=second // 3) for second in range(200)])
    deleted: list[str] = []

    def delete_some() -> None:
        # The row at which the last page ended, one behind it, and one that was met before.
        rows = list(Customer.objects.filter(merchant_id=shop.merchant.pk).order_by("-created_at", "-pk"))
        for row in (rows[0], rows[len(rows) // 2], rows[-1]):
            deleted.append(row.public_id)
            row.delete()

    met = flat(shop.walk(20, delete_some))
    assert len(met) == len(set(met))
    assert set(there) - set(met) <= set(deleted)
    assert met == sorted(met, key=lambda name: ids.parse("cust", name), reverse=True)


@pytest.mark.django_db
def test_the_row_at_the_end_of_a_page_may_go() -> None:
    shop = Shop()
    there = shop.add([NOON + timedelta(seconds=second) for second in range(10)])
    first = shop.page("limit=4")
    Customer.objects.get(pk=ids.parse("cust", first["data"][-1]["id"])).delete()
    second = shop.page(f"limit=4&cursor={quote(first['next_cursor'])}")
    assert [row["id"] for row in second["data"]] == list(reversed(there))[4:8]


@pytest.mark.django_db
def test_the_edges_of_pages() -> None:
    shop = Shop()
    assert shop.page() == {"data": [], "has_more": False}
    shop.add([NOON + timedelta(seconds=second) for second in range(100)])
    shop.add([NOON], livemode=True)
    assert (len(shop.page()["data"]), shop.page()["has_more"]) == (25, True)
    assert (len(shop.page("limit=100")["data"]), shop.page("limit=100")["has_more"]) == (100, False)
    assert (len(shop.page("limit=99")["data"]), shop.page("limit=99")["has_more"]) == (99, True)
    assert [len(page) for page in shop.walk(50)] == [50, 50]
    assert [len(page) for page in shop.walk(1)] == [1] * 100


@pytest.mark.django_db
def test_a_late_page_costs_as_little_as_the_first() -> None:
    shop = Shop()
    shop.add([NOON + timedelta(seconds=second) for second in range(300)])
    costs: list[int] = []
    page = shop.page("limit=50")
    while page["has_more"]:
        with CaptureQueriesContext(connection) as queries:
            page = shop.page(f"limit=50&cursor={quote(page['next_cursor'])}")
        costs.append(len(queries))
        listing = next(query["sql"] for query in queries if "accounts_customer" in query["sql"])
        assert "OFFSET" not in listing
        assert "COUNT" not in listing
    assert len(set(costs)) == 1
