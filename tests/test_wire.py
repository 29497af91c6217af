"""What only a real server can get wrong: lengths, chunks, header lines, and what it tells about itself."""

import json
from typing import Any

import pytest

from payments.models import Payment, Refund
from rupai.core.models import IdempotencyRecord
from tests.live import LiveShop, Stack
from tests.places import new_once
from tests.wire import RawAnswer, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MOST_BYTES = 262_144


def head(shop: LiveShop, verb: str, path: str, *lines: str, version: str = "HTTP/1.1") -> bytes:
    """The head of a request with a good key; ``lines`` are further header lines."""
    every = [
        f"{verb} /api/v1{path} {version}",
        f"Host: 127.0.0.1:{shop.stack.web_port}",
        f"Authorization: Bearer {shop.key}",
        f"Idempotency-Key: {new_once()}",
        "Content-Type: application/json",
        *lines,
    ]
    return "\r\n".join([*every, "", ""]).encode("latin-1")


def chunked(content: bytes, size: int = 1000) -> bytes:
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


def sent(shop: LiveShop, content: bytes) -> RawAnswer:
    answer = send(shop.stack, content)
    assert answer is not None
    assert answer.status < 500
    assert not {"server", "x-powered-by"} & answer.headers.keys()
    return answer


def problem(answer: RawAnswer, status: int, code: str) -> None:
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.problem["code"] == code
    assert answer.problem["request_id"] == answer.headers["x-request-id"]


def pay(shop: LiveShop, **more: Any) -> str:
    made = shop.post("/payments", shop.wish(10_000, **more), once=new_once())
    assert made.status == 201
    return str(made.body["payment_id"])


def test_a_chunked_body_is_read_and_not_taken_for_an_empty_one(shop: LiveShop) -> None:
    """An empty body refunds everything, so a body that is overlooked would move the wrong money."""
    payment_id = pay(shop)
    body = chunked(json.dumps({"amount": 100}).encode(), size=5)
    answer = sent(shop, head(shop, "POST", f"/payments/{payment_id}/refunds", "Transfer-Encoding: chunked") + body)
    assert (answer.status, answer.problem["amount"]) == (201, 100)
    assert list(Refund.objects.values_list("amount", flat=True)) == [100]
    cancelled = pay(shop, capture="manual")
    empty = sent(shop, head(shop, "POST", f"/payments/{cancelled}/cancel", "Transfer-Encoding: chunked") + b"0\r\n\r\n")
    assert (empty.status, empty.problem["status"]) == (200, "cancelled")


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 3_000_000])
def test_a_body_that_is_too_large_is_refused_however_it_is_sent(size: int, shop: LiveShop) -> None:
    body = b'{"description": "' + b"x" * size + b'"}'
    told = head(shop, "POST", "/payments", f"Content-Length: {len(body)}") + body
    problem(sent(shop, told), 413, "body_too_large")
    untold = head(shop, "POST", "/payments", "Transfer-Encoding: chunked") + chunked(body, size=60_000)
    problem(sent(shop, untold), 413, "body_too_large")
    assert not Payment.objects.exists()
    assert not IdempotencyRecord.objects.exists()


def test_a_chunked_body_is_as_strict(shop: LiveShop) -> None:
    for body in (b'{"amount": NaN}', b"[]", b'{"a": 1, "a": 1}', b"\xff"):
        answer = sent(shop, head(shop, "POST", "/payments", "Transfer-Encoding: chunked") + chunked(body))
        problem(answer, 400, "malformed_json")
    assert not IdempotencyRecord.objects.exists()


BAD_HEADS: list[list[str]] = [
    ["Content-Length: abc"],
    ["Content-Length: -1"],
    ["Content-Length: +2"],
    ["Content-Length: 1, 2"],
    ["Content-Length: 2", "Content-Length: 3"],
    ["Content-Length: 2", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked, gzip"],
    ["Transfer-Encoding: gzip"],
    ["Transfer-Encoding: xchunked"],
    ["X-Long: " + "x" * 70_000],
    *[[f"X-{number}: 1" for number in range(2_000)]],
    ["X-Bad\x00Name: 1"],
    ["no colon"],
]


def test_a_head_that_is_not_well_formed_does_nothing(shop: LiveShop) -> None:
    for lines in BAD_HEADS:
        answer = send(shop.stack, head(shop, "POST", "/payments", *lines) + b"{}")
        if answer is not None:
            assert 400 <= answer.status < 500, lines[0][:40]
            assert not {"server", "x-powered-by"} & answer.headers.keys()
    assert not Payment.objects.exists()
    assert shop.get("/payments").status == 200


GARBAGE = [
    b"/api/v1/payments/\xff\xfe",
    b"/api/v1/payments/%ff%fe",
    b"/api/v1/payments/%00",
    b"/api/v1/payments/../users",
    b"/api/v1/payments/..%2f..%2fadmin",
    b"/api/v1/payments/%2e%2e/users",
    b"/api/v1/payments/" + b"x" * 10_000,
    b"/api/v1/payments/%",
    b"/api/v1/payments/%zz",
    b"/api/v1/payments/a%0d%0aX-Injected:%201",
    b"//evil.example/api/v1/payments",
    b"/static/../manage.py",
    b"/static/%2e%2e/manage.py",
    b"/static/api/..%2f..%2f..%2fsettings/base.py",
    b"/static//etc/passwd",
    b"*",
    b"http://evil.example/api/v1/payments",
    b"/api/v1/payments?\xff=\xfe",
    b"/api/v1/payments#limit=1",
]


def test_an_address_that_is_garbage_is_not_found(shop: LiveShop) -> None:
    for path in GARBAGE:
        rest = f" HTTP/1.1\r\nHost: 127.0.0.1:{shop.stack.web_port}\r\nAuthorization: Bearer {shop.key}\r\n\r\n"
        answer = send(shop.stack, b"GET " + path + rest.encode())
        if answer is not None:
            assert answer.status in {400, 404}, path[:60]
            assert "x-injected" not in answer.headers
            assert not [word for word in (b"root:", b"django", b"Traceback") if word in answer.body], path[:60]


def test_a_first_line_that_is_none_is_hung_up_on(served: Stack) -> None:
    for line in (b"GET", b"GET /health", b"\x16\x03\x01", b"GET / HTTP/9.9", b"G\x00T / HTTP/1.1"):
        answer = send(served, line + b"\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer is None or 400 <= answer.status < 500, line
    after = send(served, f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{served.web_port}\r\n\r\n".encode())
    assert after is not None
    assert after.status == 200


def test_a_wrong_host_is_refused_with_a_problem(shop: LiveShop) -> None:
    content = head(shop, "GET", "/payments").replace(b"Host: 127.0.0.1", b"Host: evil.example")
    problem(sent(shop, content), 400, "bad_request")


@pytest.mark.parametrize("origin", ["", "Origin: https://evil.example\r\n"])
def test_a_socket_of_nobody_is_refused(origin: str, served: Stack) -> None:
    answer = send(
        served,
        f"GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1:{served.web_port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{origin}\r\n".encode(),
    )
    assert answer is not None
    assert answer.status == 403
    assert "server" not in answer.headers


def test_no_answer_says_what_serves_it(shop: LiveShop) -> None:
    for path in ("health", "ready", "metrics", "", "admin/", "api/docs/", "api/schema/", "api/v1/nothing", "nothing"):
        answer = send(shop.stack, f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{shop.stack.web_port}\r\n\r\n".encode())
        assert answer is not None
        assert not {"server", "x-powered-by", "x-django-version"} & answer.headers.keys(), path
        assert not {b"daphne", b"Twisted", b"Python/"} & set(answer.body.split()), path
