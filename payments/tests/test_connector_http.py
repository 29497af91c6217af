"""The connectors' HTTP: what proves that nothing was sent, and that no provider can hold or flood a worker."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from payments.providers.base import AccountConfig, ChargeRequest, Declined, PaymentLookup, Unknown
from payments.providers.http import MAX_ANSWER, HttpTransport, InsecureAddress, NoAnswer, NotSent
from payments.providers.sandbox import SandboxConnector
from payments.providers.taxonomy import DeclineCode
from rupai.core import clock
from rupai.core.money import Money

Behaviour = Callable[[socket.socket], None]
CHARGE = ChargeRequest(
    reference="pay_1_1",
    idempotency_key="att_1:authorize",
    amount=Money(10_000, "INR"),
    method="card",
    token="tok_visa",
)


@contextmanager
def provider(behave: Behaviour) -> Iterator[int]:
    """A provider that does something to each connection; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        behave(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stopping.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


def answering(head: bytes, body: bytes = b"") -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head + b"\r\n\r\n" + body)

    return behave


def json_answer(status: str, body: bytes) -> Behaviour:
    return answering(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}".encode(), body)


def connector(port: int, *, connect_seconds: float = 1.0, read_seconds: float = 0.4) -> SandboxConnector:
    return SandboxConnector(
        AccountConfig(
            base_url=f"http://127.0.0.1:{port}",
            credentials={"secret_key": "sk_test_sandbox_demo"},
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
        )
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    bank = connector(free_port())
    result = bank.authorize(CHARGE)
    assert isinstance(result, Declined)
    assert (result.code, result.provider_code) == (DeclineCode.DOWNSTREAM_TECHNICAL_ISSUE, "not_sent")
    assert (result.failover_now, result.retry_later) == (True, True)
    # A question that was not asked is not answered: the charge it is about may exist.
    assert isinstance(bank.sync_payment(PaymentLookup(reference="pay_1_1")), Unknown)


def test_a_connection_that_cannot_be_made_in_time_proves_it_too() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # The queue of a server that accepts nobody is full, so the next one's SYN is dropped.
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        started = time.perf_counter()
        result = connector(port, connect_seconds=0.3).authorize(CHARGE)
        assert time.perf_counter() - started < 1
        for one in waiting:
            one.close()
    assert isinstance(result, Declined)
    assert result.code is DeclineCode.DOWNSTREAM_TECHNICAL_ISSUE


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(lambda connection: connection.recv(65_536), id="read and hang up"),
        pytest.param(lambda _: None, id="hang up at once"),
        pytest.param(json_answer("500 Internal Server Error", b'{"error":{"code":"invalid_field"}}'), id="500"),
        pytest.param(json_answer("502 Bad Gateway", b"<html>"), id="502"),
        pytest.param(json_answer("201 Created", b"<html>"), id="no JSON"),
        pytest.param(json_answer("201 Created", b"[]"), id="no object"),
        pytest.param(json_answer("201 Created", b"{}"), id="empty object"),
        pytest.param(json_answer("201 Created", b'{"a":' * 50_000), id="too deep"),
        pytest.param(json_answer("402 Payment Required", b"{}"), id="402 without a reason"),
        pytest.param(json_answer("404 Not Found", b"{}"), id="404 of a proxy"),
        pytest.param(json_answer("409 Conflict", b'{"error":{"code":"idempotency_key_reused"}}'), id="409"),
        pytest.param(json_answer("418 Teapot", b'{"error":{"code":"teapot"}}'), id="unknown refusal"),
        pytest.param(answering(b"HTTP/1.1 201 Created\r\nContent-Length: 500", b'{"id":'), id="cut off"),
        pytest.param(answering(b"nonsense"), id="no HTTP"),
        pytest.param(answering(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0"), id="redirect"),
        pytest.param(
            json_answer("201 Created", b'{"id":"ch_1","reference":"pay_2_1","status":"captured"}'), id="another's"
        ),
        pytest.param(
            json_answer(
                "201 Created",
                b'{"id":"ch_1","reference":"pay_1_1","status":"captured","amount":10000.0,"currency":"INR"}',
            ),
            id="a float",
        ),
    ],
)
def test_whatever_is_not_understood_is_unknown(behave: Behaviour) -> None:
    with provider(behave) as port:
        assert isinstance(connector(port).authorize(CHARGE), Unknown)
        assert isinstance(connector(port).sync_payment(PaymentLookup(reference="pay_1_1")), Unknown)


@pytest.mark.slow
def test_a_provider_that_drips_cannot_stretch_the_read_time_out() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        for byte in b"HTTP/1.1 201 Created\r\n" + b"X-Slow: yes\r\n" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    def drip_body(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(200):
            connection.sendall(b" ")
            time.sleep(0.05)

    def stall(connection: socket.socket) -> None:
        connection.recv(65_536)
        time.sleep(0.8)
        connection.sendall(b"HTTP/1.1 201 Created\r\n")
        time.sleep(2)

    for behave in (drip, drip_body, stall):
        with provider(behave) as port:
            started = time.perf_counter()
            assert isinstance(connector(port, read_seconds=1.0).authorize(CHARGE), Unknown)
            assert 0.95 < time.perf_counter() - started < 1.5


def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n")
        for _ in range(64):
            connection.sendall(b" " * MAX_ANSWER)
            sent += MAX_ANSWER

    with provider(flood) as port:
        assert isinstance(connector(port, read_seconds=5).authorize(CHARGE), Unknown)
    assert sent < 32 * MAX_ANSWER


def test_connections_are_kept_and_a_closed_one_is_noticed_before_sending() -> None:
    connections = 0

    def once(connection: socket.socket) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2", b"{}")(connection)

    with provider(once) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}", connect_seconds=1, read_seconds=1)
        for _ in range(4):
            assert transport.send("GET", "/", headers={}).body == b"{}"
            time.sleep(0.05)
    assert connections == 2


def test_plain_http_stays_on_this_machine() -> None:
    for address in ("http://example.com", "http://10.0.0.1", "ftp://127.0.0.1", "example.com"):
        with pytest.raises(InsecureAddress):
            HttpTransport(address, connect_seconds=1, read_seconds=1)


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = clock.now()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now.replace(year=now.year + 1))
    certificate = builder.sign(key, hashes.SHA256())
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def test_a_certificate_that_nobody_vouches_for_stops_the_request_before_it_is_sent(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    received = b""

    def shake(connection: socket.socket) -> None:
        nonlocal received
        with context.wrap_socket(connection, server_side=True) as secure:
            received += secure.recv(65_536)

    with provider(shake) as port:
        transport = HttpTransport(f"https://localhost:{port}", connect_seconds=1, read_seconds=1)
        with pytest.raises(NotSent):
            transport.send("POST", "/v1/charges", headers={}, body=b"{}")
    assert received == b""


def test_a_handshake_that_fails_otherwise_is_no_proof() -> None:
    with provider(answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0")) as port:
        transport = HttpTransport(f"https://127.0.0.1:{port}", connect_seconds=1, read_seconds=0.4)
        with pytest.raises(NoAnswer):
            transport.send("POST", "/v1/charges", headers={}, body=b"{}")
