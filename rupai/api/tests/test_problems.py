"""Every error of the door ends as a problem document; what nobody expected tells the caller nothing about us."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as rest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from rupai.api import problems
from rupai.api.views import Door
from rupai.core import logs
from rupai.core.errors import DomainError, NotFound, ScopeMissing, WrongState

pytestmark = pytest.mark.unit
SECRET = "password=hunter2 at /srv/rupai/core.py line 3"


class TooFast(DomainError):
    code, status, retry_after = "too_fast", 429, 7


def failing_with(error: Exception) -> Any:
    """The answer of a door whose work fails."""

    class Failing(Door):
        permission_classes = ()
        throttle_classes = ()

        def get(self, request: Any) -> Response:
            raise error

    with logs.correlated("a-request-0001"):
        return Failing.as_view()(APIRequestFactory().get("/"))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("No payment"), 404, "not_found"),
        (ScopeMissing("This needs a scope"), 403, "scope_missing"),
        (WrongState("Not now", status_is="failed"), 409, "wrong_state"),
        (DomainError("No"), 422, "refused"),
        (TooFast("Wait"), 429, "too_fast"),
        (Http404(SECRET), 404, "not_found"),
        (PermissionDenied(SECRET), 403, "permission_denied"),
        (RequestDataTooBig(SECRET), 413, "body_too_large"),
        (TooManyFieldsSent(SECRET), 400, "bad_request"),
        (UnreadablePostError(SECRET), 400, "bad_request"),
        (rest.NotAuthenticated(), 401, "unauthorized"),
        (rest.AuthenticationFailed(), 401, "unauthorized"),
        (rest.MethodNotAllowed("GET"), 405, "method_not_allowed"),
        (rest.NotAcceptable(), 406, "not_acceptable"),
        (rest.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (rest.Throttled(wait=3.2), 429, "rate_limited"),
        (rest.ParseError(), 400, "parse_error"),
        (OperationalError(SECRET), 503, "temporarily_unavailable"),
        (InterfaceError(SECRET), 503, "temporarily_unavailable"),
        (KeyError(SECRET), 500, "internal_error"),
        (AssertionError(SECRET), 500, "internal_error"),
        (RecursionError(), 500, "internal_error"),
    ],
)
def test_every_kind_of_error_has_its_document(error: Exception, status: int, code: str) -> None:
    answer = failing_with(error)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = json.loads(answer.content)
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"urn:rupai:problem:{code}")
    assert problem["title"] != "Error"
    assert problem["detail"]
    assert problem["request_id"] == "a-request-0001"
    assert "hunter2" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def test_who_should_wait_is_told_how_long() -> None:
    assert failing_with(TooFast("Wait")).headers["Retry-After"] == "7"
    assert failing_with(rest.Throttled(wait=0.2)).headers["Retry-After"] == "1"
    assert failing_with(rest.Throttled(wait=30)).headers["Retry-After"] == "30"
    assert int(failing_with(OperationalError()).headers["Retry-After"]) >= 1


def test_who_is_nobody_is_told_how_to_say_who_they_are() -> None:
    for error in (rest.NotAuthenticated(), rest.AuthenticationFailed()):
        assert failing_with(error).headers["WWW-Authenticate"].startswith('Bearer realm="rupai"')


def test_fields_are_pointed_at_by_json_pointers() -> None:
    nested = rest.ValidationError(
        {
            "amount": [rest.ErrorDetail("Too small.", "min_value")],
            "metadata": {"a/b~c": [rest.ErrorDetail("Too long.", "max_length")]},
            "events": {"0": [rest.ErrorDetail("Unknown.", "unknown")]},
            "items": [{}, {"price": [rest.ErrorDetail("Missing.", "required")]}],
            "non_field_errors": [rest.ErrorDetail("Both.", "both")],
        }
    )
    problem = json.loads(failing_with(nested).content)
    assert problem["code"] == "invalid_input"
    assert {error["pointer"]: error["code"] for error in problem["errors"]} == {
        "/amount": "min_value",
        "/metadata/a~1b~0c": "max_length",
        "/events/0": "unknown",
        "/items/1/price": "required",
        "": "both",
    }
    assert problem["detail"].startswith("/amount: ")


def test_details_cannot_replace_what_a_document_always_has() -> None:
    refusal = DomainError("No", status="200", code="fine", payment="pay_1", errors=[{"pointer": "/a"}])
    shown = problems.of_refusal(refusal)
    assert (shown["status"], shown["code"], shown["payment"]) == (422, "refused", "pay_1")
    assert shown["errors"] == [{"pointer": "/a"}]
