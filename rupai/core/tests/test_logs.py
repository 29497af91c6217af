"""Logs: one JSON object a line, one id through all that a request causes, and no secrets."""

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.http import HttpRequest, HttpResponse

from rupai.core import ids, logs
from rupai.core.logs import REMOVED

pytestmark = pytest.mark.unit
# The same in every process, because parallel runs compare the names of tests.
HEX = hashlib.sha256(b"no secret").hexdigest()
KEY = f"rk_live_{ids.public_id('', UUID(int=7))[1:]}_{HEX[:48]}"
# In pieces, so that nobody takes it for a real one.
TOKEN = ".".join(["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiJhYmMifQ", "c2lnbmF0dXJlX29mX3Rva2Vu"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer abc"),
        ("Authorization", "Basic YTpi"),
        ("password", "correct horse battery"),
        ("new_password2", "x"),
        ("client_secret", "x"),
        ("whsec", f"whsec_{HEX[:32]}"),
        ("refresh_token", "x"),
        ("api_key", "x"),
        ("apikey", "x"),
        ("Set-Cookie", "sessionid=abc"),
        ("credentials", "x"),
        ("otp", "123456"),
        ("private_key", b"x"),
        ("text", KEY),
        ("text", f"sent {KEY} to somebody"),
        ("text", f"sk_live_{HEX[:24]}"),
        ("text", f"Bearer {TOKEN}"),
        ("path", f"/admin/invitation/MQ/{'c4f2ab'}-{HEX[:32]}/"),
        ("text", "paid with 4242 4242 4242 4242 today"),
    ],
)
def test_a_secret_is_taken_out_by_its_name_or_its_form(name: str, value: str | bytes) -> None:
    cleaned = str(logs.clean(value, name=name))
    assert "removed]" in cleaned
    for secret in (KEY, TOKEN, "4242 4242", "correct horse", "sessionid"):
        assert secret not in cleaned


def test_secrets_are_found_at_any_depth() -> None:
    event = {"a": [{"headers": {"Authorization": "Bearer abc", "Host": "example.com"}}, (KEY, "fine")], "n": 5}
    assert logs.clean(event) == {
        "a": [{"headers": {"Authorization": REMOVED, "Host": "example.com"}}, [REMOVED, "fine"]],
        "n": 5,
    }


@pytest.mark.parametrize(
    "text", ["pay_0351ibUgBMD4bvesQes5vt", "payment.captured", "tokenise", "2026-03-01T12:00:00Z", ""]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.clean(text) == text


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What a handler of ours writes, read back as JSON."""
    configuration = logs.configuration(level="INFO")
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=configuration["formatters"]["json"]["processors"],
        foreign_pre_chain=configuration["formatters"]["json"]["foreign_pre_chain"],
    )
    found: list[dict[str, Any]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = self.format(record)
            assert "\n" not in line
            found.append(json.loads(line))

    handler = Handler()
    handler.setFormatter(formatter)
    logger = logging.getLogger("rupai.tests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)


def test_a_line_is_one_json_object_with_the_id_of_its_cause(lines: list[dict[str, Any]]) -> None:
    with logs.correlated("a-request-0001"):
        structlog.get_logger("rupai.tests").warning("task not sent", task="payments.sync", api_key=KEY)
        logging.getLogger("rupai.tests").error("from a library: %s", KEY)
    structlog.get_logger("rupai.tests").info("on its own")
    assert [line["event"] for line in lines] == ["task not sent", f"from a library: {REMOVED}", "on its own"]
    assert [line.get("correlation_id") for line in lines] == ["a-request-0001", "a-request-0001", None]
    assert lines[0]["task"] == "payments.sync"
    assert lines[0]["api_key"] == REMOVED
    assert [line["level"] for line in lines] == ["warning", "error", "info"]
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_an_exception_is_told_without_the_secrets_in_it(lines: list[dict[str, Any]]) -> None:
    try:
        raise RuntimeError(f"refused {KEY} for 4242424242424242\nsecond line")
    except RuntimeError:
        structlog.get_logger("rupai.tests").exception("unhandled error")
    assert "RuntimeError" in lines[0]["exception"]
    assert KEY not in lines[0]["exception"]
    assert "4242424242424242" not in lines[0]["exception"]


def test_correlation_ends_with_its_block() -> None:
    assert logs.correlation_id() == ""
    with logs.correlated("outer-0001"):
        with logs.correlated("inner-0001"):
            assert logs.correlation_id() == "inner-0001"
        assert logs.correlation_id() == "outer-0001"
    assert logs.correlation_id() == ""


def answer_to(given: str | None) -> str:
    """The id under which a request was handled and answered."""
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(logs.correlation_id())
        return HttpResponse()

    request = HttpRequest()
    request.method, request.path = "GET", "/"
    if given is not None:
        request.META["HTTP_X_REQUEST_ID"] = given
    response = logs.RequestLog(view)(request)
    assert seen == [response.headers["X-Request-Id"]]
    return seen[0]


def test_a_callers_own_id_is_kept_if_it_is_harmless() -> None:
    assert answer_to("shop-order-0001.A_b") == "shop-order-0001.A_b"


@pytest.mark.parametrize(
    "given",
    [None, "", "short", "x" * 65, "with space 1", "line\nbreak-1", "ümlaut-000", "4242424242424242"],
)
def test_any_other_gets_a_fresh_one(given: str | None) -> None:
    first, second = answer_to(given), answer_to(given)
    assert len(first) == len(second) == 32
    assert first != second
    assert given is None or given not in first or given == ""
