"""Who calls the REST door: an API key or an access token, sent as ``Authorization: Bearer`` (RFC 6750)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
from django.core.cache import cache
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from rupai.accounts.models import User
from rupai.accounts.services.authenticate import actor_of_key
from rupai.accounts.services.tokens import actor_of_token
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.addresses import client_address, neighbourhood

log = structlog.get_logger(__name__)
REALM = 'Bearer realm="rupai"'
MOST_WRONG_A_MINUTE = 20


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Stands in ``request.user`` for an API key: known, but nobody who could enter the console."""

    pk: str
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False


class BearerAuthentication(BaseAuthentication):
    """Puts the ``Actor`` into ``request.auth``; a request without a bearer value stays anonymous."""

    def authenticate(self, request: Request) -> tuple[User | KeyHolder, Actor] | None:
        value = bearer_of(request)
        if value is None:
            return None
        address = client_address(request._request)
        found = identify(value, address=address, agent=request.META.get("HTTP_USER_AGENT", ""))
        if found is None:
            refuse_flood(address)
            raise AuthenticationFailed("The key or token is not valid")
        request._request.actor_id = found[1].id  # type: ignore[attr-defined]
        return found

    def authenticate_header(self, request: Request) -> str:
        wrong = ', error="invalid_token", error_description="The key or token is not valid"'
        return REALM + (wrong if bearer_of(request) is not None else "")


def bearer_of(request: Request) -> str | None:
    """The value after ``Bearer``; None when another scheme or nothing was sent."""
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def identify(value: str, *, address: str | None, agent: str = "") -> tuple[User | KeyHolder, Actor] | None:
    """Find who holds a key or token; None when it is wrong."""
    if not value.startswith("rk_"):
        return actor_of_token(value)
    actor = actor_of_key(value, address=address, agent=agent)
    return None if actor is None else (KeyHolder(actor.id), actor)


def refuse_flood(address: str | None) -> None:
    """Count a wrong key or token of an address, and refuse it by 429 once there were too many in this minute.

    Right keys are never held up: callers behind one address do not pay for a neighbour's guessing, and 192 random bits
    are not found by guessing. So a lost cache may let wrong keys through to their 401.

    :raises Throttled: after the 20th wrong one.
    """
    second = int(clock.now().timestamp())
    name = f"wrong_keys:{neighbourhood(address)}:{second // 60}"
    try:
        count = 1 if cache.add(name, 1, timeout=120) else cache.incr(name)
    except (RedisError, OSError, ValueError) as error:
        log.warning("counter of wrong keys not available", error=str(error))
        return
    if count > MOST_WRONG_A_MINUTE:
        raise Throttled(wait=60 - second % 60, detail="Too many wrong keys from this address")


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry is not annotated
    """How the OpenAPI description names this authentication."""

    target_class = "rupai.accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`rk_test_...`, `rk_live_...`) or an access token of /api/v1/auth/token.",
        }
