"""The sandbox acquirer on a socket: keep-alive, strict parsing, and answers that do not arrive."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from payments.sandbox.server import NotLoopback, Server, in_thread, require_loopback
from payments.tests.sandboxes import SECRET_KEY, Sandbox, running_sandbox
from rupai.core import clock


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def line(sandbox: Sandbox) -> Iterator[socket.socket]:
    address = urlsplit(sandbox.url)
    assert address.port
    with socket.create_connection(("127.0.0.1", address.port), timeout=5) as connection:
        yield connection


def answer(line: socket.socket) -> tuple[int, bytes]:
    """Read one answer; the status is 0 when the connection ended without one."""
    stream = line.makefile("rb")
    first = stream.readline()
    if not first:
        return 0, b""
    length = 0
    while (header := stream.readline()) not in (b"\r\n", b""):
        name, _, value = header.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return int(first.split()[1]), stream.read(length)


def charge_request(token: str, *, key: str) -> bytes:
    body = json.dumps({"reference": f"wire_{key}", "amount": 100, "currency": "INR", "token": token}).encode()
    head = (
        "POST /v1/charges HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {SECRET_KEY}\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def test_one_connection_serves_many_requests_however_they_are_cut(line: socket.socket) -> None:
    for number in range(3):
        request = charge_request("tok_visa", key=f"kept-alive-{number}")
        for start in range(0, len(request), 40):
            line.sendall(request[start : start + 40])
        assert answer(line)[0] == 201


def test_requests_sent_without_waiting_are_answered_in_order(sandbox: Sandbox, line: socket.socket) -> None:
    sandbox.control(slow_ms=100)
    slow, quick = charge_request("tok_slow", key="pipelined-1"), charge_request("tok_visa", key="pipelined-2")
    line.sendall(slow + quick)
    stream = line.makefile("rb")
    references = []
    for _ in range(2):
        while (header := stream.readline()) != b"\r\n":
            length = int(header.split(b":")[1]) if header.startswith(b"Content-Length") else 0
        references.append(json.loads(stream.read(length))["reference"])
    assert references == ["wire_pipelined-1", "wire_pipelined-2"]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /health HTTP/1.1\r\n\r\n", 400),
        (b"GET health HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /health HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\nHost: a\n\r\n\r\n", 400),
        (b"POST /v1/charges HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /v1/charges HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST /v1/charges HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n", 413),
        (b"POST /v1/charges HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (b"GET /health?a=1&a=2 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000, 431),
    ],
)
def test_an_ambiguous_request_is_refused_and_the_connection_ends(
    line: socket.socket, request_bytes: bytes, status: int
) -> None:
    line.sendall(request_bytes)
    assert answer(line)[0] == status
    assert line.recv(1) == b""


def test_health_needs_no_key_and_http_1_0_is_closed_after_its_answer(line: socket.socket) -> None:
    line.sendall(b"GET /health HTTP/1.0\r\n\r\n")
    assert answer(line) == (200, b'{"status":"ok"}')
    assert line.recv(1) == b""


def test_a_large_import_is_asked_to_continue(sandbox: Sandbox, line: socket.socket) -> None:
    body = json.dumps({"import": [], "reset": False}).encode().ljust(400_000)
    head = (
        f"POST /control HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {sandbox.secret_key}\r\nExpect: 100-continue\r\n"
    )
    line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    assert answer(line)[0] == 100
    line.sendall(body)
    assert answer(line)[0] == 200


@pytest.mark.parametrize("token", ["tok_timeout_before", "tok_timeout_after"])
def test_a_time_out_holds_the_line_then_drops_it(sandbox: Sandbox, line: socket.socket, token: str) -> None:
    sandbox.control(hold_ms=250)
    started = time.perf_counter()
    line.sendall(charge_request(token, key=f"held-{token}"))
    assert line.recv(1) == b""
    assert 0.2 <= time.perf_counter() - started < 2
    assert len(sandbox.charges(reference=f"wire_held-{token}")) == (token == "tok_timeout_after")


@pytest.mark.parametrize("token", ["tok_drop_before", "tok_drop_after"])
def test_a_drop_ends_the_connection_at_once(sandbox: Sandbox, line: socket.socket, token: str) -> None:
    line.sendall(charge_request(token, key=f"dropped-{token}"))
    with suppress(ConnectionResetError):
        assert line.recv(1) == b""
    assert len(sandbox.charges(reference=f"wire_dropped-{token}")) == (token == "tok_drop_after")


@pytest.mark.parametrize("token", ["tok_error_before", "tok_error_after"])
def test_an_error_is_a_500_whether_or_not_something_was_booked(
    sandbox: Sandbox, line: socket.socket, token: str
) -> None:
    line.sendall(charge_request(token, key=f"failed-{token}"))
    assert answer(line)[0] == 500
    assert len(sandbox.charges(reference=f"wire_failed-{token}")) == (token == "tok_error_after")


def test_a_lost_answer_is_given_to_the_repeated_request(sandbox: Sandbox) -> None:
    body = {"reference": "wire_again", "amount": 100, "currency": "INR", "token": "tok_drop_after"}
    with pytest.raises(urllib3.exceptions.ProtocolError):
        sandbox.call("POST", "/v1/charges", body, key="asked-again")
    status, charge = sandbox.call("POST", "/v1/charges", body, key="asked-again")
    assert (status, charge["amount_captured"]) == (201, 100)
    assert len(sandbox.charges(reference="wire_again")) == 1


def browser(method: str, url: str, body: bytes | None = None) -> urllib3.BaseHTTPResponse:
    """Do what a browser does: no key, a form, redirects shown to us."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    return urllib3.request(method, url, body=body, headers=headers, redirect=False, retries=False, timeout=5.0)


def challenged(sandbox: Sandbox, *, key: str, return_url: str = "") -> str:
    body = {"reference": f"wire_{key}", "amount": 12_345, "currency": "INR", "token": "tok_3ds_required"}
    body |= {"return_url": return_url} if return_url else {}
    url: str = sandbox.call("POST", "/v1/charges", body, key=key)[1]["action"]["url"]
    return url


def test_the_payer_approves_on_a_page_and_returns_to_the_merchant(sandbox: Sandbox) -> None:
    url = challenged(sandbox, key="page-approve", return_url="https://shop.example/done?order=1")
    page = browser("GET", url)
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"12345 INR" in page.data
    assert page.data.count(b"<button") == 2

    done = browser("POST", url, b"result=approve")
    assert (done.status, done.headers["Location"]) == (303, "https://shop.example/done?order=1")
    assert sandbox.charges(reference="wire_page-approve")[0]["status"] == "captured"
    assert b"captured" in browser("POST", url, b"result=fail").data


def test_the_payer_fails_on_the_page_and_stays_there(sandbox: Sandbox) -> None:
    url = challenged(sandbox, key="page-fail")
    assert browser("POST", url, b"result=maybe").status == 400
    assert b"declined" in browser("POST", url, b"result=fail").data
    assert sandbox.charges(reference="wire_page-fail")[0]["decline"]["code"] == "authentication_failed"
    assert browser("GET", f"{sandbox.url}/3ds/3ds_guessed").status == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "8.8.8.8", "localhost", "example.com"])
def test_only_a_loopback_address_is_bound(tmp_path: Path, host: str) -> None:
    with pytest.raises(NotLoopback):
        require_loopback(host)
    server = Server(state=tmp_path, now=clock.now)
    with pytest.raises(NotLoopback), in_thread(server, host=host):
        pass


def test_ipv6_loopback_is_served(tmp_path: Path) -> None:
    with in_thread(Server(state=tmp_path, now=clock.now), host="::1") as url:
        assert Sandbox(url).call("GET", "/health") == (200, {"status": "ok"})
