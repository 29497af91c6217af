"""A card number is refused wherever it stands, and is found afterwards in no table and no log."""

import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from rest_framework.test import APIClient

from tests.places import Place, call, check_problem, contents, new_once

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
# Published test numbers of the networks.
VISA, MASTERCARD, AMEX = "4242424242424242", "5555555555554444", "378282246310005"
DINERS, DISCOVER, JCB, UNIONPAY = "30569309025904", "6011111111111117", "3566002020360505", "6200000000000005"
SPELLINGS = [
    *(VISA, MASTERCARD, AMEX, DINERS, DISCOVER, JCB, UNIONPAY),
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "4242.4242.4242.4242",
    "3782 822463 10005",
    f"card {VISA} 12/27 123",
    f"{VISA} 1227",
    f"12 {VISA}",
    f"pan={VISA};",
    f"<b>{VISA}</b>",
    f"card_{VISA}",
    "4242\u00a04242\u00a04242\u00a04242",
    "4242\u200b4242\u200b4242\u200b4242",
    "４２４２４２４２４２４２４２４２",
    "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
]
# Address and a body whose "#" is where the number goes.
PLACES: list[tuple[str, str]] = [
    ("payments", '{"description": "#"}'),
    ("payments", '{"order_id": "#"}'),
    ("payments", '{"payment_method_token": "#"}'),
    ("payments", '{"metadata": {"note": "#"}}'),
    ("payments", '{"metadata": {"#": "note"}}'),
    ("payments", '{"method": "#"}'),
    ("payments", '{"card": {"number": "#", "cvc": "123"}}'),
    ("payments", '{"#": 1}'),
    ("payments", '{"a": [[["#"]]]}'),
    ("payments/{payment_id}/refunds", '{"note": "#"}'),
    ("payment-methods", '{"token": "#"}'),
    ("customers", '{"name": "#"}'),
    ("customers", '{"phone": "#"}'),
    ("customers", '{"email": "#.x@example.com"}'),
    ("api-keys", '{"name": "#", "scopes": ["payments:read"]}'),
    ("users", '{"email": "a@example.com", "name": "#", "role": "viewer"}'),
    ("webhook-endpoints", '{"url": "https://example.com/#", "events": ["*"]}'),
    ("auth/token", '{"email": "a@example.com", "password": "#"}'),
]


def told() -> str:
    """Everything that stands in our tables."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    with connection.cursor() as cursor:
        parts = [f"SELECT to_jsonb(t)::text FROM {connection.ops.quote_name(table)} t" for table in tables]
        cursor.execute(" UNION ALL ".join(parts))
        return "\n".join(row[0] for row in cursor.fetchall())


def post(place: Place, path: str, body: str, **headers: str) -> Any:
    given = {"Authorization": f"Bearer {place.token}", "Idempotency-Key": new_once()}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    address = "/api/v1/" + path.format(**place.names)
    caller: Any = APIClient()
    return caller.generic("POST", address, body, content_type="application/json", headers=given)


def check_nowhere(number: str, answer: Any, log: pytest.LogCaptureFixture) -> None:
    assert number not in answer.content.decode()
    assert number not in log.text
    assert number not in told()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_refused(spelling: str, place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before = contents()
    answer = post(place, "payments", json.dumps(place.wish() | {"description": spelling}))
    problem = check_problem(answer, 400, "card_number_refused")
    assert "token" in problem["hint"]
    check_nowhere(spelling, answer, caplog)
    before["payments_paymentmethod"] = contents()["payments_paymentmethod"]
    assert contents() == before


@pytest.mark.parametrize(("path", "body"), PLACES)
def test_every_place_is_looked_at(path: str, body: str, place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before = contents()
    for number in (VISA, AMEX):
        answer = post(place, path, body.replace("#", number))
        check_problem(answer, 400, "card_number_refused")
        check_nowhere(number, answer, caplog)
    assert contents() == before


@pytest.mark.parametrize("field", ["amount", "customer_id", "card_number", "order_id"])
@pytest.mark.parametrize("number", [VISA, f"{AMEX}.0"])
def test_a_number_is_looked_at_as_a_text_is(field: str, number: str, place: Place) -> None:
    answer = post(place, "payments", f'{{"{field}": {number}}}')
    check_problem(answer, 400, "card_number_refused")
    assert number.removesuffix(".0") not in answer.content.decode()


def test_headers_and_addresses_keep_none(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before = contents()
    as_key = post(place, "payments", json.dumps({"amount": 1}), Idempotency_Key=VISA)
    check_problem(as_key, 400)
    as_key = post(place, "payments", json.dumps(place.wish()), Idempotency_Key=f"order-{VISA}")
    check_problem(as_key, 400, "idempotency_key_invalid")
    in_address = call("GET", f"/api/v1/payments/{VISA}", bearer=place.token)
    as_filter = call("GET", f"/api/v1/payments?order_id={VISA}", bearer=place.token)
    as_request = call("GET", "/api/v1/payments", bearer=place.token, X_Request_Id=VISA)
    assert as_request.headers["X-Request-Id"] != VISA
    assert (in_address.status_code, as_filter.status_code, as_request.status_code) == (404, 200, 200)
    check_nowhere(VISA, as_request, caplog)
    before["payments_paymentmethod"] = contents()["payments_paymentmethod"]
    assert contents() == before


def test_what_only_looks_like_one_is_taken(place: Place) -> None:
    texts = [
        "4242424242424241",
        "order 2026-11-22 10:11:12.123456",
        "+4915112345678",
        "019ab3c4-4242-7242-8242-424242424242",
        "deadbeef4242424242424242",
        "0.4242424242424242",
        "INR 1234567890123456",
    ]
    for text in texts:
        answer = post(place, "payments", json.dumps(place.wish() | {"description": text, "metadata": {"note": text}}))
        assert (answer.status_code, answer.json()["description"]) == (201, text)
