"""Whatever cannot be taken exactly as it was meant is refused with a whole problem document, and nothing is written."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.places import Place, call, check_problem, contents, new_once

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAYMENTS = "/api/v1/payments"
JSON = "application/json"


def post(place: Place, body: bytes, *, path: str = PAYMENTS, content_type: str = JSON, **headers: str) -> Any:
    """Post bytes as they are, with a good token and a fresh key."""
    given = {"Authorization": f"Bearer {place.token}", "Idempotency-Key": new_once()}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    caller: Any = APIClient()
    return caller.generic("POST", path, body, content_type=content_type, headers=given)


def refused(place: Place, body: Any, status: int, code: str, **options: Any) -> dict[str, Any]:
    """Post a body, see it refused and nothing written, and give back the problem."""
    before = contents()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    problem = check_problem(post(place, raw, **options), status, code)
    assert contents() == before
    return problem


def wish(place: Place, **changed: Any) -> dict[str, Any]:
    """A payment that would be taken but for what is changed, without a row of its own."""
    names = {"customer_id": place.names["customer_id"], "payment_method_token": place.names["payment_method_token"]}
    return {"amount": 10_000, "currency": "INR", "method": "card", **names, **changed}


def nested(depth: int) -> bytes:
    return b'{"metadata":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json-patch+json",
        "application/problem+json",
        "application/octet-stream",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        'application/json; charset="iso-8859-1"',
        "json",
        "*/*",
        "application/*",
        "",
    ],
)
def test_only_json_in_utf_8_is_read(content_type: str, place: Place) -> None:
    problem = refused(place, wish(place), 415, "unsupported_media_type", content_type=content_type)
    assert "application/json" in problem["hint"]


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", 'application/json;charset="UTF-8"'])
def test_json_in_utf_8_is_read(content_type: str, place: Place) -> None:
    body = json.dumps(wish(place, description="चाय"), ensure_ascii=False).encode()
    answer = post(place, body, content_type=content_type)
    assert (answer.status_code, answer.json()["description"]) == (201, "चाय")


MALFORMED = {
    "empty text": b" ",
    "truncated": b'{"amount": 1',
    "garbage behind": b'{"amount": 1} x',
    "two objects": b"{}{}",
    "list": b"[]",
    "text": b'"amount"',
    "number": b"5",
    "true": b"true",
    "null": b"null",
    "single quotes": b"{'amount': 1}",
    "comma at the end": b'{"amount": 1,}',
    "comment": b'{"amount": 1} // one',
    "key twice": b'{"amount": 1, "amount": 2}',
    "key twice, spelt differently": b'{"amount": 1, "\\u0061mount": 2}',
    "key twice inside": b'{"metadata": {"a": "1", "a": "2"}}',
    "NaN": b'{"amount": NaN}',
    "Infinity": b'{"amount": Infinity}',
    "minus Infinity": b'{"amount": -Infinity}',
    "beyond floats": b'{"amount": 1e400}',
    "5,000 digits": b'{"amount": ' + b"1" * 5000 + b"}",
    "hexadecimal": b'{"amount": 0x10}',
    "leading zero": b'{"amount": 010}',
    "plus": b'{"amount": +1}',
    "NUL in a text": b'{"description": "a\\u0000b"}',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "raw NUL": b'{"description": "a\x00b"}',
    "raw line break": b'{"description": "a\nb"}',
    "half a surrogate pair": b'{"description": "\\ud800"}',
    "half a pair in a key": b'{"\\udfff": 1}',
    "surrogates the wrong way round": b'{"description": "\\udc00\\ud800"}',
    "no UTF-8": b'{"description": "\xff\xfe"}',
    "overlong UTF-8": b'{"description": "\xc0\xaf"}',
    "surrogate in UTF-8": b'{"description": "\xed\xa0\x80"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"amount": 1}'.encode("utf-16"),
    "depth 21": nested(21),
    "depth 100,000": b"[" * 100_000,
    "depth 50,000 of objects": b'{"a":' * 50_000,
    "brackets and a text without end": b"[" * 21 + b'"' + b'\\"' * 131_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_strict_json_object_is_refused(body: bytes, place: Place) -> None:
    problem = refused(place, body, 400, "malformed_json")
    assert "JSON" in problem["hint"]


def test_depth_20_is_still_read(place: Place) -> None:
    refused(place, nested(20), 400, "invalid_input")


def test_a_body_of_256_kb_is_read_and_one_byte_more_is_not(place: Place) -> None:
    body = json.dumps(wish(place)).encode()
    full = body[:-1] + b" " * (262_144 - len(body)) + b"}"
    assert post(place, full).status_code == 201
    assert "262144" in refused(place, full[:-1] + b" }", 413, "body_too_large")["hint"]
    refused(place, b"x" * 2_000_000, 413, "body_too_large")


NO_IDS: list[Any] = [
    "",
    None,
    5,
    True,
    [],
    {},
    "x",
    "cust_0",
    "pay_" + "0" * 22,
    "cust_" + "z" * 22,
    "CUST_" + "0" * 22,
]
NO_TEXTS: list[Any] = [5, None, True, [], {}, 1.5, "x" * 501]
FIELDS: dict[str, list[Any]] = {
    "amount": [100.0, 1e2, 0.1, "100", "1e2", True, False, None, [], [100], {}, 0, -1, 2**53, 2**63, 10**30],
    "currency": ["inr", "Inr", "XXX", "XAU", "XDR", "XTS", "ZZZ", "IN", "INRR", " INR", "İNR", "", None, 356, ["INR"]],
    "method": ["cash", "CARD", " card", "", None, 1, True, ["card"], {}],
    "customer_id": [*NO_IDS, "cust_", "cust_" + "0" * 21, "cust_" + "0" * 23],
    "payment_method_token": [*NO_IDS, "tok_visa", "pm_" + "é" * 22],
    "capture": ["auto", "", None, True, ["manual"]],
    "description": [5, None, True, [], {}, "x" * 256],
    "order_id": [5, None, [], "x" * 65],
    "metadata": [
        *(None, [], "a", 5, [["a", "b"]], {str(number): "" for number in range(21)}),
        *({name: "1"} for name in ("", " ", "a b", "x" * 41, "a\tb")),
        *({"a": value} for value in NO_TEXTS),
    ],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in FIELDS.items() for value in values])
def test_a_field_of_another_form_is_pointed_at(field: str, value: Any, place: Place) -> None:
    problem = refused(place, wish(place, **{field: value}), 400, "invalid_input")
    assert {error["pointer"].split("/")[1] for error in problem["errors"]} == {field}
    assert all(error["message"] and error["code"] for error in problem["errors"])
    if field == "amount":
        assert any(part in problem["detail"] for part in ("minor units", "equal to", "null"))


@pytest.mark.parametrize("field", ["amount", "currency", "method", "customer_id"])
def test_a_field_that_is_missing_is_pointed_at(field: str, place: Place) -> None:
    body = {name: value for name, value in wish(place).items() if name != field}
    problem = refused(place, body, 400, "invalid_input")
    assert problem["errors"] == [{"pointer": f"/{field}", "code": "required", "message": "This field is required."}]


@pytest.mark.parametrize(
    "name", ["amounts", "Amount", "status", "amount_captured", "livemode", "__class__", "a/b~c", ""]
)
def test_a_field_that_does_not_exist_is_refused_by_name(name: str, place: Place) -> None:
    problem = refused(place, wish(place) | {name: 1}, 400, "invalid_input")
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, "unknown_field")]


BODIES: dict[str, list[Any]] = {
    "payments/{payment_id}/refunds": [{"amount": 1.0}, {"amount": 0}, {"reason": "late_success"}, {"note": "x" * 501}],
    "payments/{authorized_id}/capture": [{"amount": "1"}, {"amount": -1}, {"amount": 2**53}, {"all": True}],
    "payments/{authorized_id}/cancel": [{"amount": 1}, {"reason": "x"}],
    "payments/{waiting_id}/confirm": [{}, {"payment_method_token": "tok_visa"}, {"payment_method_token": None}],
    "payment-methods": [{}, {"customer_id": "x", "type": "card", "token": "tok_visa"}],
    "customers": [{"email": "no address"}, {"email": 5}, {"phone": "call me"}, {"name": "x" * 121}, {"id": "cust_1"}],
    "api-keys": [{}, {"name": "a", "scopes": []}, {"name": "a", "scopes": ["*"]}, {"name": 1, "scopes": "all"}],
    "api-keys/{key_id}/rotate": [{"overlap_seconds": -1}, {"overlap_seconds": 1.0}, {"overlap_seconds": 10**9}],
    "users": [{"email": "a@example.com"}, {"email": "a@example.com", "role": 5}, {"role": "viewer"}],
    "webhook-endpoints": [{}, {"url": 5, "events": ["*"]}, {"url": "https://example.com", "events": "payment.*"}],
    "webhook-endpoints/{endpoint_id}/rotate-secret": [{"overlap_seconds": "60"}, {"secret": "whsec_1"}],
    "auth/token": [
        {},
        {"email": "a@example.com"},
        {"email": 1, "password": 2},
        {"email": "a", "password": "b", "mode": "x"},
    ],
    "auth/refresh": [{}, {"refresh": 5}, {"refresh": "x", "access": "y"}],
}


@pytest.mark.parametrize(("route", "body"), [(route, body) for route, bodies in BODIES.items() for body in bodies])
def test_every_door_is_as_strict(route: str, body: Any, place: Place) -> None:
    path = "/api/v1/" + route.format(**place.names)
    assert refused(place, body, 400, "invalid_input", path=path)["errors"]
    for raw in (b"[]", b'{"a": 1, "a": 1}', b'{"a": NaN}'):
        refused(place, raw, 400, "malformed_json", path=path)


@pytest.mark.parametrize("field", ["customer_id", "payment_method_token"])
def test_another_merchants_id_in_the_body_does_not_exist(field: str, place: Place, stranger: Place) -> None:
    foreign = refused(place, wish(place, **{field: stranger.names[field]}), 404, "not_found")
    prefix = stranger.names[field].partition("_")[0]
    missing = refused(place, wish(place, **{field: f"{prefix}_{'0' * 22}"}), 404, "not_found")
    assert foreign.keys() == missing.keys()
    assert foreign["title"] == missing["title"]


@pytest.mark.parametrize(
    "key", ["", "short-7", "k" * 256, "with space 1", "slash/slash", "komma,komma", "ümlaut-key", "a" * 7]
)
def test_an_idempotency_key_has_a_form(key: str, place: Place) -> None:
    refused(place, wish(place), 400, "idempotency_key_invalid", Idempotency_Key=key)


@pytest.mark.parametrize("route", ["payments", "payments/{payment_id}/refunds", "payments/{authorized_id}/capture"])
def test_what_moves_money_needs_an_idempotency_key(route: str, place: Place) -> None:
    before = contents()
    path = "/api/v1/" + route.format(**place.names)
    body = wish(place) if route == "payments" else {}
    answer = call("POST", path, body, bearer=place.token)
    assert "Idempotency-Key" in check_problem(answer, 400, "idempotency_key_required")["hint"]
    assert contents() == before


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "image/png", "nonsense", "application/json;q=x, text/csv"]
)
def test_an_answer_that_is_not_json_is_not_served(accept: str, place: Place) -> None:
    answer = call("GET", PAYMENTS, bearer=place.token, Accept=accept)
    if answer.status_code != 200:
        check_problem(answer, 406, "not_acceptable")
    assert answer.headers["Content-Type"].endswith("json")


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/payments", "/api/v1/payments/", "/api/v1//payments"]
)
def test_an_address_that_does_not_exist_is_a_problem_too(path: str, place: Place) -> None:
    for bearer in (None, place.token):
        assert call("GET", path, bearer=bearer).status_code in {301, 404}
    if path.startswith("/api/v"):
        check_problem(call("POST", path, {}, bearer=place.token), 404, "not_found")


def test_a_request_for_another_host_is_refused() -> None:
    for host in ("evil.example", "127.0.0.1:bad", "a b", "[::1", "x" * 300):
        answer = APIClient().get(PAYMENTS, headers={"Host": host})
        check_problem(answer, 400, "bad_request")


def test_a_body_whose_length_nobody_tells_is_not_taken_for_an_empty_one(place: Place) -> None:
    """Behind a WSGI server it cannot be read; an empty body would refund everything."""
    path = f"/api/v1/payments/{place.names['payment_id']}/refunds"
    refused(place, b"", 411, "length_required", path=path, Transfer_Encoding="chunked")


def test_a_verb_in_a_header_is_not_the_verb(place: Place) -> None:
    path = f"/api/v1/customers/{place.names['customer_id']}"
    before = contents()
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
        assert call("GET", path, bearer=place.token, **{name: "DELETE"}).status_code == 200
    assert contents() == before


def test_answers_are_for_no_cache_and_no_other_origin(place: Place) -> None:
    for bearer in (None, place.token):
        answer = call("GET", PAYMENTS, bearer=bearer, Origin="https://evil.example")
        assert answer.headers["Cache-Control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
