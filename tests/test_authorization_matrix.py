"""Every REST address, from the URL resolver, times every verb, times everybody who may not: 401, 403, 404 or 405."""

import pytest
from django.test import Client
from django.urls import get_resolver

from rupai.accounts.scopes import ALL, KEY_SCOPES
from rupai.accounts.services.keys import create_key
from rupai.accounts.tests.factories import access_token, owner_of
from tests.matrix import DOORS, LISTS, MATRIX, OF_A_ROW, ONE_ROW, OPEN, OPERATIONS, PAGES, body_of, path_of
from tests.places import Place, call, check_problem, contents, new_once, routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
ALL_ROUTES = list(routes(get_resolver().url_patterns))


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    below = {route.removeprefix("api/v1/") for route in ALL_ROUTES if route.startswith("api/v1/")}
    assert below == MATRIX.keys() | OPEN.keys()
    elsewhere = {route for route in ALL_ROUTES if not route.startswith(("api/v1/", "admin/"))}
    assert elsewhere == PAGES.keys() | DOORS
    assert len([route for route in ALL_ROUTES if route.startswith("api/")]) == len(below) + 2


def test_the_scopes_of_the_matrix_are_all_there_are_for_addresses() -> None:
    used = {scope for verbs in MATRIX.values() for scope in verbs.values()}
    without = {"fx:write", "audit:read", "providers:read", "providers:write"}
    # What only the console offers.
    without |= {"exports:create", "settings:read", "settings:write"}
    # What only the doors of agents ask for.
    without |= {"mcp:self", "docs:read"}
    # Names given to rooms whose doors are still to be built.
    without |= {"compliance:read", "compliance:export", "reports:read", "reports:write"}
    without |= {"monitoring:read", "monitoring:write"}
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
    if "<" in route or (route, verb) in OF_A_ROW:
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
    # What only people may is nothing that a key could carry.
    bearers = [live_token] if MATRIX[route][verb] not in KEY_SCOPES else [live_key.secret, live_token]
    for bearer in bearers:
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
