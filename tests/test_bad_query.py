"""Query parameters are as strict as bodies: unknown, empty, doubled and malformed ones are refused, never ignored."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.places import Place, call, check_problem

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LISTS = {
    "accounts": ["currency", "code"],
    "api-keys": [],
    "customers": ["email"],
    "events": ["type", "subject_id"],
    "payment-methods": ["customer_id", "type"],
    "payments": ["status", "method", "provider", "currency", "order_id", "customer_id", "min_amount", "max_amount"],
    "payments/{payment_id}/refunds": [],
    "refunds": ["status", "payment_id"],
    "transfers": ["kind", "reference", "account_id"],
    "users": [],
    "webhook-endpoints": [],
    "webhook-endpoints/{endpoint_id}/deliveries": ["state"],
}


def get(place: Place, route: str, query: str) -> Any:
    return call("GET", f"/api/v1/{route.format(**place.names)}?{query}", bearer=place.token)


def some(route: str, texts: list[str]) -> list[str]:
    """All of them for one list; the others run the same code and get a few."""
    return texts if route == "payments" else texts[:4]


def cursor_of(place: Place, route: str, query: str = "limit=1") -> str:
    page = get(place, route, query).json()
    assert page["has_more"]
    return quote(page["next_cursor"])


UNKNOWN = [
    "colour=red",
    "page=2",
    "offset=0",
    "format=json",
    "limit=5&limit=5",
    "cursor=a&cursor=b",
    "limit[]=1",
    "limit%00=1",
    "LIMIT=1",
    "%F0%9F%92%B3=1",
    "merchant_id=mer_0000000000000000000000",
    "livemode=true",
    "=1",
    "limit=1;cursor=2",
]
NO_LIMITS = ["0", "101", "-1", "abc", "1.0", "1e1", "+5", " 5", "٥", "0x5", "null", "9" * 9, "5%00"]


@pytest.mark.parametrize("route", LISTS)
def test_a_parameter_nobody_knows_is_refused(route: str, place: Place) -> None:
    for query in some(route, UNKNOWN):
        problem = check_problem(get(place, route, query), 400)
        assert problem["code"] in {"unknown_parameter", "invalid_page"}, query


@pytest.mark.parametrize("route", LISTS)
def test_a_page_has_one_to_a_hundred_rows(route: str, place: Place) -> None:
    for limit in some(route, NO_LIMITS):
        problem = check_problem(get(place, route, f"limit={limit}"), 400)
        assert problem["code"] in {"invalid_page", "unknown_parameter"}, limit


@pytest.mark.parametrize(("route", "name"), [(route, name) for route, names in LISTS.items() for name in names])
def test_an_empty_or_doubled_filter_is_not_ignored(route: str, name: str, place: Place) -> None:
    assert name in check_problem(get(place, route, f"{name}="), 400, "unknown_parameter")["detail"]
    check_problem(get(place, route, f"{name}=a&{name}=b"), 400, "unknown_parameter")
    check_problem(get(place, route, f"{name}=%00"), 400, "unknown_parameter")


@pytest.mark.parametrize(
    ("route", "query"),
    [
        ("payments", "status=paid"),
        ("payments", "status=Captured"),
        ("payments", "method=cash"),
        ("payments", "currency=inr"),
        ("payments", "currency=XXX"),
        ("payments", "currency=INRR"),
        ("payments", "min_amount=-1"),
        ("payments", "min_amount=1.5"),
        ("payments", "min_amount=1.0"),
        ("payments", "max_amount=1e3"),
        ("payments", "max_amount=9007199254740992"),
        ("payments", "max_amount=" + "9" * 400),
        ("payments", "max_amount=NaN"),
        ("payments", "max_amount=%2B5"),
        ("payments", "max_amount=٥"),
        ("payments", "order_id=" + "x" * 65),
        ("payments", "created_from=yesterday"),
        ("payments", "created_from=2026-13-01T00:00:00Z"),
        ("payments", "created_before=2026-02-30"),
        ("payments", "created_before=10000-01-01T00:00:00Z"),
        ("payments", "created_before=1767225600"),
        ("refunds", "status=refunded"),
        ("accounts", "code=PETTY_CASH"),
        ("accounts", "currency=usd"),
        ("payment-methods", "type=cash"),
        ("webhook-endpoints/{endpoint_id}/deliveries", "state=lost"),
        ("customers", "email=" + "x" * 255),
    ],
)
def test_a_filter_that_cannot_be_meant_is_pointed_at(route: str, query: str, place: Place) -> None:
    problem = check_problem(get(place, route, query), 400, "invalid_input")
    assert [error["pointer"] for error in problem["errors"]] == [f"/{query.partition('=')[0]}"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00"])
def test_moments_at_the_ends_of_time_are_refused_or_compared(moment: str, place: Place) -> None:
    beyond = "23:59" in moment and not moment.endswith("00:00:00")
    for name in ("created_from", "created_before"):
        assert get(place, "payments", f"{name}={moment}").status_code == (400 if beyond else 200)
    assert get(place, "payments", "created_from=2026-01-01T00:00:00%2B18:00").status_code == 200


MANGLED = [
    "abc",
    "=",
    "%3D%3D%3D%3D",
    "A" * 43,
    "A" * 44,
    "A" * 10_000,
    "!" * 43,
    "%FF",
    "ü" * 43,
    "0",
    "null",
    "-1",
    "2026-01-01T00:00:00Z",
    "pay_0000000000000000000000",
]


@pytest.mark.parametrize("route", LISTS)
def test_a_cursor_that_is_none_of_ours_is_refused(route: str, place: Place) -> None:
    for cursor in some(route, MANGLED):
        problem = check_problem(get(place, route, f"cursor={cursor}"), 400, "invalid_page")
        assert "next_cursor" in problem["hint"]


def test_a_cursor_holds_for_its_list_only(place: Place, stranger: Place) -> None:
    cursor = cursor_of(place, "payments")
    assert get(place, "payments", f"limit=1&cursor={cursor}").status_code == 200
    assert get(place, "payments", f"limit=7&cursor={cursor}").status_code == 200
    elsewhere = [
        get(place, "events", f"limit=1&cursor={cursor}"),
        get(place, "transfers", f"cursor={cursor}"),
        get(place, "payments", f"limit=1&status=captured&cursor={cursor}"),
        get(stranger, "payments", f"limit=1&cursor={cursor}"),
        get(place, "payments", f"limit=1&cursor={cursor[:-1]}"),
        get(place, "payments", f"limit=1&cursor={'B' + cursor[1:]}"),
    ]
    for answer in elsewhere:
        check_problem(answer, 400, "invalid_page")


def test_a_cursor_of_a_filtered_list_needs_its_filter(place: Place) -> None:
    cursor = cursor_of(place, "events", "limit=1&type=payment.created")
    assert get(place, "events", f"type=payment.created&cursor={cursor}").status_code == 200
    check_problem(get(place, "events", f"type=payment.captured&cursor={cursor}"), 400, "invalid_page")
    check_problem(get(place, "events", f"cursor={cursor}"), 400, "invalid_page")


@pytest.mark.parametrize(
    ("verb", "route"),
    [
        ("GET", "payments/{payment_id}"),
        ("GET", "refunds/{refund_id}"),
        ("GET", "users/{user_id}"),
        ("POST", "payments"),
        ("POST", "payments/{payment_id}/refunds"),
        ("POST", "customers"),
        ("PATCH", "customers/{customer_id}"),
        ("DELETE", "payment-methods/{payment_method_token}"),
        ("POST", "auth/token"),
    ],
)
def test_where_no_parameter_is_known_none_is_taken(verb: str, route: str, place: Place) -> None:
    for query in ("limit=1", "status=captured", "x", "amount=1"):
        answer = call(verb, f"/api/v1/{route.format(**place.names)}?{query}", {}, bearer=place.token)
        check_problem(answer, 400, "unknown_parameter")


def test_a_thousand_parameters_are_refused(place: Place) -> None:
    query = "&".join(f"a{number}=1" for number in range(1_500))
    check_problem(get(place, "payments", query), 400, "bad_request")
