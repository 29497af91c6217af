"""Every REST address, from the URL resolver, times every verb, times everybody who may not: 401, 403, 404 or 405."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from rupai.accounts.scopes import ALL, KEY_SCOPES
from rupai.accounts.services.keys import create_key
from rupai.accounts.tests.factories import access_token, owner_of
from tests.places import ADDRESS, Place, call, check_problem, contents, new_once, routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
NEW_KEY = {"name": "Till", "scopes": ["payments:read"]}
LIMITS = {"per_transaction": 50_00, "per_day": None, "per_month": None}
NEW_HOOK = {"url": ADDRESS, "events": ["payment.*"]}

# Address below /api/v1/: for each verb its scope.
MATRIX: dict[str, dict[str, str]] = {
    "users": {"GET": "users:read", "POST": "users:write"},
    "users/<str:user_id>": {"GET": "users:read", "PATCH": "users:write", "DELETE": "users:write"},
    "api-keys": {"GET": "api_keys:read", "POST": "api_keys:write"},
    "api-keys/<str:key_id>": {"GET": "api_keys:read", "DELETE": "api_keys:write"},
    "api-keys/<str:key_id>/rotate": {"POST": "api_keys:write"},
    "customers": {"GET": "customers:read", "POST": "customers:write"},
    "customers/<str:customer_id>": {"GET": "customers:read", "PATCH": "customers:write"},
    "events": {"GET": "events:read"},
    "events/<str:event_id>": {"GET": "events:read"},
    "webhook-endpoints": {"GET": "webhooks:read", "POST": "webhooks:write"},
    "webhook-endpoints/<str:endpoint_id>": {
        "GET": "webhooks:read",
        "PATCH": "webhooks:write",
        "DELETE": "webhooks:write",
    },
    "webhook-endpoints/<str:endpoint_id>/rotate-secret": {"POST": "webhooks:write"},
    "webhook-endpoints/<str:endpoint_id>/deliveries": {"GET": "webhooks:read"},
    "webhook-deliveries/<str:delivery_id>/replay": {"POST": "webhooks:write"},
    "accounts": {"GET": "ledger:read"},
    "accounts/<str:account_id>": {"GET": "ledger:read"},
    "transfers": {"GET": "ledger:read"},
    "transfers/<str:transfer_id>": {"GET": "ledger:read"},
    "wallets": {"GET": "wallets:read", "POST": "wallets:write"},
    "wallets/<str:wallet_id>": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/transfers": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/holds": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/holds/<str:hold_id>/capture": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/holds/<str:hold_id>/release": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/freeze": {"POST": "wallets:write"},
    "wallets/<str:wallet_id>/unfreeze": {"POST": "wallets:write"},
    "wallets/<str:wallet_id>/close": {"POST": "wallets:write"},
    "wallets/<str:wallet_id>/limits": {"GET": "wallets:read", "POST": "wallets:write"},
    "wallets/<str:wallet_id>/overdraft": {"POST": "wallets:write"},
    "wallet-limits": {"GET": "wallets:read", "POST": "wallets:write"},
    "wallets/<str:wallet_id>/statement": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/insights": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/exchanges": {"POST": "wallets:transfer"},
    "fx/rates": {"GET": "wallets:read"},
    "fx/quotes": {"POST": "wallets:transfer"},
    "fx/quotes/<str:quote_id>": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/top-ups": {"POST": "wallets:topup"},
    "wallets/<str:wallet_id>/withdrawals": {"POST": "wallets:withdraw"},
    "payouts": {"GET": "wallets:read"},
    "payouts/<str:payout_id>": {"GET": "wallets:read"},
    "payments": {"GET": "payments:read", "POST": "payments:write"},
    "payments/<str:payment_id>": {"GET": "payments:read"},
    "payments/<str:payment_id>/confirm": {"POST": "payments:write"},
    "payments/<str:payment_id>/capture": {"POST": "payments:write"},
    "payments/<str:payment_id>/cancel": {"POST": "payments:write"},
    "payments/<str:payment_id>/refunds": {"GET": "refunds:read", "POST": "refunds:write"},
    "refunds": {"GET": "refunds:read"},
    "refunds/<str:refund_id>": {"GET": "refunds:read"},
    "payment-methods": {"GET": "payment_methods:read", "POST": "payment_methods:write"},
    "payment-methods/<str:payment_method_token>": {"GET": "payment_methods:read", "DELETE": "payment_methods:write"},
}
# Where nobody may knock: the verbs and what they answer to an empty body.
OPEN: dict[str, dict[str, int]] = {
    "auth/token": {"POST": 400},
    "auth/refresh": {"POST": 400},
    "auth/logout": {"POST": 400},
}
# Addresses elsewhere that nobody may read.
INSTALLED = {"manifest.webmanifest": 200, "sw.js": 200, "offline/": 200}
PAGES: dict[str, int] = {
    "": 302,
    "health": 200,
    "ready": 503,
    "metrics": 404,
    "api/schema/": 200,
    "api/docs/": 200,
    **INSTALLED,
}
# Which payment or wallet an address needs to have something to do.
ROW_OF = {
    "payments/<str:payment_id>/confirm": "waiting_id",
    "payments/<str:payment_id>/capture": "authorized_id",
    "payments/<str:payment_id>/cancel": "authorized_id",
    "wallets/<str:wallet_id>/unfreeze": "frozen_id",
    "wallets/<str:wallet_id>/close": "payee_id",
}
OPERATIONS = [(route, verb) for route, verbs in MATRIX.items() for verb in verbs]
ONE_ROW = [(route, verb) for route, verb in OPERATIONS if "<" in route]
LISTS = [route for route, verbs in MATRIX.items() if "<" not in route and "GET" in verbs]
BODIES: dict[tuple[str, str], Any] = {
    ("users", "POST"): {"email": "eve@example.com", "role": "viewer"},
    ("users/<str:user_id>", "PATCH"): {"role": "support"},
    ("api-keys", "POST"): NEW_KEY,
    ("customers", "POST"): {"name": "Eve"},
    ("customers/<str:customer_id>", "PATCH"): {"name": "Eve"},
    ("webhook-endpoints", "POST"): NEW_HOOK,
    ("wallets/<str:wallet_id>/holds", "POST"): {"amount": 1_00},
    ("wallets/<str:wallet_id>/limits", "POST"): LIMITS,
    ("wallets/<str:wallet_id>/overdraft", "POST"): {"overdraft_limit": 10_00},
    ("wallet-limits", "POST"): {**LIMITS, "currency": "USD", "kyc_level": 1},
    ("fx/quotes", "POST"): {"from_currency": "USD", "to_currency": "INR", "amount": 1_00},
    ("wallets/<str:wallet_id>/withdrawals", "POST"): {"amount": 1_00, "currency": "USD", "destination": "bank_success"},
    ("webhook-endpoints/<str:endpoint_id>", "PATCH"): {"description": "Eve's"},
}


ALL_ROUTES = list(routes(get_resolver().url_patterns))


def path_of(route: str, names: dict[str, str]) -> str:
    wanted = ROW_OF.get(route)
    parts = []
    for part in route.split("/"):
        name = part.removeprefix("<str:").removesuffix(">") if part.startswith("<") else ""
        parts.append(names[wanted or name] if name else part)
    return "/api/v1/" + "/".join(parts)


def body_of(route: str, verb: str, place: Place) -> Any:
    own: dict[tuple[str, str], Callable[[], Any]] = {
        ("payments", "POST"): place.wish,
        ("payments/<str:payment_id>/confirm", "POST"): lambda: {"payment_method_token": place.method()},
        ("wallets", "POST"): lambda: {"customer_id": place.shop.customer.public_id, "currency": "EUR"},
        ("wallets/<str:wallet_id>/transfers", "POST"): lambda: {
            "to_wallet_id": place.names["payee_id"],
            "amount": 1_00,
            "currency": "USD",
        },
        ("wallets/<str:wallet_id>/exchanges", "POST"): place.exchange,
        ("wallets/<str:wallet_id>/top-ups", "POST"): place.top_up,
        ("payment-methods", "POST"): lambda: {
            "customer_id": place.shop.customer.public_id,
            "type": "card",
            "token": "tok_visa",
        },
    }
    return own[route, verb]() if (route, verb) in own else BODIES.get((route, verb))


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    below = {route.removeprefix("api/v1/") for route in ALL_ROUTES if route.startswith("api/v1/")}
    assert below == MATRIX.keys() | OPEN.keys()
    elsewhere = {route for route in ALL_ROUTES if not route.startswith(("api/v1/", "admin/"))}
    assert elsewhere == PAGES.keys()
    assert len([route for route in ALL_ROUTES if route.startswith("api/")]) == len(below) + 2


def test_the_scopes_of_the_matrix_are_all_there_are_for_addresses() -> None:
    used = {scope for verbs in MATRIX.values() for scope in verbs.values()}
    without = {"fx:write", "audit:read", "providers:read", "providers:write"}
    # What only the console offers.
    without |= {"exports:create", "settings:read", "settings:write"}
    assert used == ALL - without


@pytest.mark.parametrize(("route", "verb"), OPERATIONS)
def test_who_may_and_who_may_not(route: str, verb: str, place: Place, stranger: Place) -> None:
    path, body = path_of(route, place.names), body_of(route, verb, place)
    scope = MATRIX[route][verb]
    powerless = [place.key(scopes=[]).secret, access_token(place.member_who_may(set()))]
    powerless.append(access_token(place.member_who_may(set(ALL - {scope}))))
    before = contents()
    for wrong in (None, "", "rk_test_wrong", "a.b.c", place.token[:-2]):
        refused = call(verb, path, body, bearer=wrong, Idempotency_Key=new_once())
        check_problem(refused, 401, "unauthorized")
        assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="rupai"')
    for bearer in powerless:
        problem = check_problem(call(verb, path, body, bearer=bearer, Idempotency_Key=new_once()), 403, "scope_missing")
        assert problem["scope"] == scope
    if "<" in route or (route, verb) in {("payments", "POST"), ("payment-methods", "POST"), ("wallets", "POST")}:
        check_problem(call(verb, path, body, bearer=stranger.token, Idempotency_Key=new_once()), 404, "not_found")
    assert contents() == before
    allowed = call(verb, path, body, bearer=place.token, Idempotency_Key=new_once())
    assert allowed.status_code in {200, 201, 202, 204}, allowed.content


@pytest.mark.parametrize(("route", "verb"), [row for row in ONE_ROW if not row[0].startswith("users/")])
def test_the_other_mode_does_not_see_the_row(route: str, verb: str, place: Place) -> None:
    path, body = path_of(route, place.names), body_of(route, verb, place)
    live_key = create_key(actor=owner_of(place.merchant, livemode=True), name="Live", scopes=sorted(KEY_SCOPES))
    live_token = access_token(place.owner, livemode=True)
    before = contents()
    for bearer in (live_key.secret, live_token):
        check_problem(call(verb, path, body, bearer=bearer, Idempotency_Key=new_once()), 404, "not_found")
    assert contents() == before


@pytest.mark.parametrize("route", LISTS)
def test_a_list_holds_the_own_rows_of_the_mode_only(route: str, place: Place, stranger: Place) -> None:
    mine, theirs = set(place.names.values()), set(stranger.names.values())
    shown = call("GET", f"/api/v1/{route}?limit=100", bearer=place.token).content.decode()
    assert any(name in shown for name in mine)
    assert not any(name in shown for name in theirs)
    in_live = call("GET", f"/api/v1/{route}", bearer=access_token(place.owner, livemode=True)).json()
    if route != "users":
        assert in_live == {"data": [], "has_more": False}


@pytest.mark.parametrize("route", [*MATRIX, *OPEN])
def test_a_verb_that_is_not_served_is_405(route: str, place: Place) -> None:
    served = set(MATRIX.get(route, OPEN.get(route, {})))
    path = path_of(route, place.names)
    before = contents()
    for verb in set(VERBS) - served - ({"HEAD"} if "GET" in served else set()):
        refused = call(verb, path, bearer=place.token, Idempotency_Key=new_once())
        if verb != "HEAD":
            check_problem(refused, 405, "method_not_allowed")
        assert refused.status_code == 405
        allowed = set(refused.headers["Allow"].split(", "))
        assert allowed - {"HEAD"} == served
        if route in MATRIX:
            assert call(verb, path).status_code == 401
    assert contents() == before


@pytest.mark.parametrize("route", [route for route, verbs in MATRIX.items() if "GET" in verbs])
def test_head_needs_what_get_needs_and_has_no_body(route: str, place: Place) -> None:
    path = path_of(route, place.names)
    assert call("HEAD", path).status_code == 401
    assert call("HEAD", path, bearer=access_token(place.member_who_may(set()))).status_code == 403
    allowed = call("HEAD", path, bearer=place.token)
    assert (allowed.status_code, allowed.content) == (200, b"")


@pytest.mark.parametrize(("route", "verbs"), OPEN.items())
def test_the_door_for_those_who_are_nobody_yet(route: str, verbs: dict[str, int], place: Place) -> None:
    before = contents()
    for verb, status in verbs.items():
        for bearer in (None, "wrong", place.token):
            check_problem(call(verb, f"/api/v1/{route}", bearer=bearer), status, "invalid_input")
    assert contents() == before


GARBAGE = [
    "nonsense",
    "{prefix}",
    "{prefix}_",
    "{prefix}_0",
    "{prefix}_" + "0" * 21,
    "{prefix}_" + "0" * 22,
    "{prefix}_" + "0" * 23,
    "{prefix}_" + "z" * 22,
    "{prefix}_" + "0" * 21 + "%C3%A9",
    "{prefix}_" + "%00" * 22,
    "evt2_" + "0" * 22,
    "..",
    "%2e%2e%2f%2e%2e%2fadmin",
    "..%2fusers",
    "%00",
    "%FF%FE",
    "%E2%80%AE",
    "x" * 10_000,
    "-1",
    "1%27%20OR%201=1--",
    "019ab3c4-0000-7000-8000-000000000000",
    "4242424242424242",
]


@pytest.mark.parametrize(("route", "verb"), dict(ONE_ROW).items())
def test_an_id_that_is_none_names_nothing(route: str, verb: str, place: Place) -> None:
    body, mine = body_of(route, verb, place), path_of(route, place.names)
    own = next(part for part, name in zip(mine.split("/")[3:], route.split("/"), strict=True) if "<" in name)
    before = contents()
    for garbage in GARBAGE:
        path = mine.replace(own, garbage.format(prefix=own.partition("_")[0]))
        check_problem(call(verb, path, body, bearer=place.token, Idempotency_Key=new_once()), 404, "not_found")
    assert contents() == before


@pytest.mark.parametrize(("path", "status"), PAGES.items())
def test_the_pages_beside_the_door(path: str, status: int) -> None:
    client = Client()
    assert client.get(f"/{path}").status_code == status
    for verb in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert client.generic(verb, f"/{path}").status_code == 405, verb
