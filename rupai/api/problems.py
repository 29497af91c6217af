"""Errors as RFC 9457 problem documents: a stable code, pointers to the fields, and a hint what to do."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.defaults import bad_request, page_not_found, permission_denied, server_error
from rest_framework import exceptions as rest
from rest_framework.renderers import JSONRenderer

from rupai.core import logs
from rupai.core.errors import DomainError

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="rupai"'
_TITLES = {
    400: "The request cannot be taken",
    401: "Authentication is needed",
    402: "The payment did not succeed",
    403: "This is not allowed",
    404: "There is no such thing",
    405: "This method is not served here",
    406: "No wanted form of answer is served here",
    409: "This cannot be done now",
    411: "The length of the body is needed",
    413: "The body is too large",
    415: "This content type is not taken",
    422: "A rule forbids this",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available right now",
}
_UNKNOWN_HINT = "It was logged with the request_id. Retry with the same Idempotency-Key; nothing is done twice."


def document(
    *, status: int, code: str, detail: str, hint: str = "", errors: list[dict[str, str]] | None = None, **details: Any
) -> dict[str, Any]:
    """Build the members of a problem document; ``errors`` are ``{pointer, code, message}`` per field."""
    problem: dict[str, Any] = {
        "type": f"urn:rupai:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if hint:
        problem["hint"] = hint
    if errors:
        problem["errors"] = errors
    problem["request_id"] = logs.correlation_id()
    return {**problem, **{key: value for key, value in details.items() if key not in problem}}


def of_refusal(refusal: DomainError) -> dict[str, Any]:
    """Translate a refusal by name."""
    details = dict(refusal.details)
    errors = details.pop("errors", None)
    problem = document(
        status=refusal.status, code=refusal.code, detail=refusal.message, hint=refusal.hint, errors=errors
    )
    return {**problem, **{name: value for name, value in details.items() if name not in problem}}


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Django REST framework's exception handler: every error of the door ends here."""
    if isinstance(error, DomainError):
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = REALM
        return answer(of_refusal(error), headers)
    if isinstance(error, Http404):
        error = rest.NotFound()
    if isinstance(error, PermissionDenied):
        error = rest.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return answer(document(status=413, code="body_too_large", detail="The body is too large"))
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return answer(_bad_request())
    if isinstance(error, rest.APIException):
        return _of_rest(error)
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database not available", error=str(error))
        text = "The database does not answer right now"
        problem = document(status=503, code="temporarily_unavailable", detail=text, hint="Retry after the pause.")
        return answer(problem, {"Retry-After": "2"})
    log.error("unhandled error", exc_info=error)
    got_request_exception.send(sender=None, request=getattr(context.get("request"), "_request", None))
    detail = "An unexpected error happened"
    return answer(document(status=500, code="internal_error", detail=detail, hint=_UNKNOWN_HINT))


def _bad_request() -> dict[str, Any]:
    hint = "See /api/docs/ for what this address takes."
    return document(status=400, code="bad_request", detail="The request is not well formed", hint=hint)


def _of_rest(error: rest.APIException) -> HttpResponse:
    headers: dict[str, str] = {}
    if isinstance(error, rest.ValidationError):
        errors = list(flatten(error.get_full_details(), ""))
        problem = document(
            status=400, code="invalid_input", detail=_summary(errors), errors=errors, hint="See errors for each field."
        )
        return answer(problem)
    if isinstance(error, rest.Throttled):
        headers["Retry-After"] = str(max(1, round(getattr(error, "wait", None) or 1)))
    if isinstance(error, rest.AuthenticationFailed | rest.NotAuthenticated):
        headers["WWW-Authenticate"] = getattr(error, "auth_header", "") or REALM
    # Django REST framework writes the pause behind the text; here it stands in the header.
    detail = str(error.detail).partition(" Expected available in")[0]
    code = str(error.get_codes()) if isinstance(error.get_codes(), str) else "refused"
    codes = {"authentication_failed": "unauthorized", "not_authenticated": "unauthorized", "throttled": "rate_limited"}
    hints = {
        401: "Send a valid API key or access token as Authorization: Bearer ...",
        405: "See /api/docs/ for what this address takes.",
        406: "Accept application/json.",
        415: "Send application/json in UTF-8.",
        429: "Wait for the time in Retry-After.",
    }
    problem = document(
        status=error.status_code,
        code=codes.get(code, code),
        detail=detail,
        hint=hints.get(error.status_code, ""),
    )
    return answer(problem, headers)


def flatten(found: Any, pointer: str = "") -> list[dict[str, str]]:
    """The full details of a serializer's errors as ``{pointer, code, message}`` for each field."""
    if isinstance(found, dict) and set(found) == {"message", "code"}:
        return [{"pointer": pointer, "code": str(found["code"]), "message": str(found["message"])}]
    if isinstance(found, dict):
        name = "non_field_errors"
        return [
            entry
            for key, item in found.items()
            for entry in flatten(item, pointer if key == name else f"{pointer}/{_escape(str(key))}")
        ]
    if isinstance(found, list):
        leaves = all(isinstance(item, dict) and set(item) == {"message", "code"} for item in found)
        return [
            entry
            for index, item in enumerate(found)
            for entry in flatten(item, pointer if leaves else f"{pointer}/{index}")
        ]
    return []


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _summary(errors: list[dict[str, str]]) -> str:
    return f"{errors[0]['pointer'] or 'body'}: {errors[0]['message']}" if errors else "The input is not valid"


def answer(problem: dict[str, Any], headers: dict[str, str] | None = None) -> HttpResponse:
    """Answer a problem as JSON, whatever the view would have answered."""
    body = JSONRenderer().render(problem)
    return HttpResponse(body, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses, such as one for a wrong host."""
    return answer(_bad_request()) if _is_api(request) else bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself does not allow."""
    if _is_api(request):
        return answer(document(status=403, code="permission_denied", detail="This is not allowed"))
    return permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address: a problem below /api/, a page elsewhere."""
    if _is_api(request):
        hint = "See /api/docs/ for all addresses."
        return answer(document(status=404, code="not_found", detail="There is nothing at this address", hint=hint))
    return page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an error outside Django REST framework."""
    if _is_api(request):
        detail = "An unexpected error happened"
        return answer(document(status=500, code="internal_error", detail=detail, hint=_UNKNOWN_HINT))
    return server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
