"""The one sender to addresses of others: never inside, never further than asked, never for ever."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from pytest_django import Settings

from rupai.core import outbound
from rupai.core.outbound import OutboundFailed, OutboundRefused

pytestmark = pytest.mark.unit
PUBLIC = "93.184.216.34"
PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:0a00:0001::",
    "2002:c0a8:0101::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


class Names:
    """Answers look-ups of names; each look-up may be answered differently."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    found = Names()
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    return found


@pytest.fixture
def strict(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE = False


def post(url: str) -> outbound.OutboundAnswer:
    return outbound.post(url, body=b"{}", headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_never_called(address: str, strict: None, names: Names) -> None:
    literal = f"[{address}]" if ":" in address else address
    names.answers = [[address]]
    with pytest.raises(OutboundRefused, match="not public"):
        post(f"https://{literal}/hook")
    with pytest.raises(OutboundRefused, match="not public"):
        outbound.check_url(f"https://{literal}/hook")
    with pytest.raises(OutboundRefused, match="not public"):
        post("https://looks-harmless.example/hook")
    names.answers = [[PUBLIC, address]]
    with pytest.raises(OutboundRefused, match="not public"):
        post("https://one-of-two.example/hook")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "0"])
def test_other_spellings_of_the_own_machine_are_seen_through(host: str, strict: None) -> None:
    with pytest.raises((OutboundRefused, OutboundFailed)):
        post(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/hook",
        "http://example.com/hook",
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "https://",
        "https:///hook",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://:secret@example.com/",
        "https://example.com:notaport/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://[nonsense]/",
    ],
)
def test_a_url_that_can_never_be_called_is_refused_by_its_form(url: str, strict: None) -> None:
    with pytest.raises(OutboundRefused):
        outbound.check_url(url)
    with pytest.raises(OutboundRefused):
        post(url)


def test_the_connection_goes_to_the_address_that_was_checked(strict: None, names: Names) -> None:
    """A second look-up would lead inside; there is none."""
    names.answers = [[PUBLIC], ["127.0.0.1"]]
    target = outbound._resolve("https://rebinding.example:8443/hook?a=1")
    assert (target.address, target.port, target.path) == (PUBLIC, 8443, "/hook?a=1")
    pool = outbound._pool(target)
    assert (pool.host, pool.port) == (PUBLIC, 8443)
    assert names.asked == ["rebinding.example"]


@pytest.mark.parametrize(
    "address", [PUBLIC, "2606:2800:220:1::1", "::ffff:5db8:d822", "64:ff9b::5db8:d822", "2002:5db8:d822::1"]
)
def test_a_public_address_may_be_called(address: str, strict: None, names: Names) -> None:
    names.answers = [[address]]
    assert outbound._resolve("https://example.com/").address == address


def test_a_name_that_does_not_exist_is_a_failure_and_no_refusal(strict: None) -> None:
    for host in ("nothing.invalid", "x" * 64 + ".example", "xn--\u00e9.example"):
        with pytest.raises(OutboundFailed):
            post(f"https://{host}/")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers by the address it is asked at, and notes what came."""

    seen: ClassVar[list[tuple[str, str | None, bytes]]] = []
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["Host"], body))
        act = {"/redirect": self._redirect, "/large": self._large, "/hang-up": self._hang_up}
        act.get(self.path, self._fine)()

    do_GET = do_POST

    def _fine(self) -> None:
        self._answer(204)

    def _redirect(self) -> None:
        self._answer(302, Location="/elsewhere")

    def _large(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**9))
        self.end_headers()
        try:
            for _ in range(1_000):
                self.wfile.write(b"x" * 65_536)
        except OSError:
            self.close_connection = True

    def _hang_up(self) -> None:
        self.close_connection = True

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def receiver(settings: Settings) -> Iterator[str]:
    settings.OUTBOUND_ALLOW_PRIVATE = True
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    Receiver.seen.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_what_is_sent_arrives_and_the_answer_comes_back(receiver: str) -> None:
    answer = post(f"{receiver}/hook?a=1 b")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.milliseconds >= 0
    assert Receiver.seen == [("/hook?a=1%20b", receiver.removeprefix("http://"), b"{}")]


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: str) -> None:
    answer = post(f"{receiver}/redirect")
    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")
    assert [path for path, _, _ in Receiver.seen] == ["/redirect"]


def test_no_more_than_64_kb_of_an_answer_are_read(receiver: str) -> None:
    started = time.perf_counter()
    answer = post(f"{receiver}/large")
    assert len(answer.body) == outbound.MOST_BYTES
    assert time.perf_counter() - started < 5


def test_a_receiver_that_hangs_up_or_is_not_there_is_a_failure(receiver: str) -> None:
    with pytest.raises(OutboundFailed):
        post(f"{receiver}/hang-up")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(OutboundFailed):
            post(f"http://127.0.0.1:{closed.getsockname()[1]}/")


def test_what_is_not_tls_is_a_failure(receiver: str) -> None:
    with pytest.raises(OutboundFailed):
        post(receiver.replace("http://", "https://"))
    assert Receiver.seen == []
