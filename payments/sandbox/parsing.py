"""A small, strict reader of HTTP/1.1 requests: Content-Length bodies only, everything ambiguous is refused."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from payments.sandbox.messages import Refused, Request

MAX_HEAD = 16_384
MAX_BODY = 8_388_608
_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) (/[!-~]{0,4000}) HTTP/1\.([01])")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([\t -~\x80-\xff]*)")
_ONCE = frozenset({"host", "content-length", "content-type", "authorization", "idempotency-key"})


@dataclass(frozen=True, slots=True)
class Head:
    """The parsed head of a request: how long its body is and whether the connection stays open after it."""

    method: str
    target: str
    headers: dict[str, str]
    head_length: int
    body_length: int
    keep_alive: bool

    def request(self, body: bytes) -> Request:
        """Join the head with its body.

        :raises Refused: 400 when a query parameter occurs twice.
        """
        path, _, query = self.target.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20) if query else []
        values = dict(pairs)
        if len(values) != len(pairs):
            raise Refused(400, "invalid_field", "A query parameter occurs twice")
        return Request(self.method, path, values, self.headers, body)


def read_head(buffer: bytearray) -> Head | None:
    """Read the head at the start of the buffer, or nothing while it is incomplete.

    :raises Refused: when it is malformed, too large or uses a transfer encoding; the connection cannot go on then.
    """
    end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD + 4)
    if end < 0:
        if len(buffer) > MAX_HEAD:
            raise Refused(431, "head_too_large", f"The head of a request has at most {MAX_HEAD} bytes")
        return None
    first, *lines = bytes(buffer[:end]).split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise Refused(400, "invalid_request", "The request line is malformed")
    headers = _headers(lines)
    minor = line[3]
    if minor == b"1" and "host" not in headers:
        raise Refused(400, "invalid_request", "Host is missing")
    if "transfer-encoding" in headers:
        raise Refused(501, "transfer_encoding", "Send the body with a Content-Length")
    connection = headers.get("connection", "").lower()
    keep_alive = connection == "keep-alive" if minor == b"0" else connection != "close"
    return Head(line[1].decode(), line[2].decode(), headers, end + 4, _body_length(headers), keep_alive)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise Refused(400, "invalid_request", "A header is malformed")
        name = found[1].decode().lower()
        if name in headers and name in _ONCE:
            raise Refused(400, "invalid_request", f"{name} occurs twice")
        headers[name] = found[2].decode("latin-1").rstrip(" \t")
    return headers


def _body_length(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Refused(400, "invalid_request", "Content-Length must be a number")
    if int(text) > MAX_BODY:
        raise Refused(413, "body_too_large", f"A body has at most {MAX_BODY} bytes")
    return int(text)
