"""Every address of the console, from the URL resolver, each with an example of what it shows."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from rupai.accounts.models import Merchant, User
from rupai.pages.lists.columns import address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.place import Place, remember
from tests.e2e import rare

# Doors that are no pages; tests of their own speak to them.
OTHER_DOORS = ("api/", "mcp", "health", "ready", "metrics", "static/")
# What answers something else than a page, and what that is. Each is asked once all the same, and must not fail.
NO_PAGES: dict[str, str] = {
    "": "leads to the Overview",
    "manifest.webmanifest": "JSON for the browser",
    "sw.js": "JavaScript",
    "admin/logout/": "takes POST only",
    "admin/place/": "takes POST only",
    "admin/theme/": "takes POST only",
    "admin/payments/<payment_id:payment_id>/settle/": "takes POST only",
    "admin/settings/<slug:name>/": "takes POST; a GET leads back to the settings",
    "admin/autocomplete/": "JSON for a widget",
    "admin/jsi18n/": "JavaScript",
    "admin/r/<path:content_type_id>/<path:object_id>/": "leads to a public page, which no row has",
    "admin/compliance/heads.json": "a file to keep elsewhere",
    "admin/wallets/<wallet_id:wallet_id>/statement/": "a file; without a format it leads back to the wallet",
}
ENDINGS = {"_add": "add", "_delete": "delete", "_change": "change", "_history": "change", "_changelist": "list"}
ROW = re.compile(r"<(?:\w+:)?(?:object_id|id|key)>")
MISSING = "admin/no-such-page/"


@dataclass(frozen=True, slots=True)
class Address:
    """One pattern of the resolver: as ``urls.py`` spells it, and filled.

    ``lands`` is the path of another page to which it must lead, empty where it shows its own.
    """

    route: str
    name: str
    path: str
    status: int = 200
    lands: str = ""


@dataclass(frozen=True, slots=True)
class NoExample:
    """A pattern that could not be filled."""

    route: str
    why: str


def patterns(
    below: Iterable[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every pattern that is not behind another door, with its whole route."""
    for pattern in get_resolver().url_patterns if below is None else below:
        here = before + str(pattern.pattern)
        if here.startswith(OTHER_DOORS):
            continue
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, here)
        else:
            yield here, pattern


def addresses(superuser: User, merchant: Merchant | None = None) -> Iterator[Address | NoExample]:
    """Fill every pattern that is a page; a model's pages are asked for as its admin allows the superuser there."""
    request = RequestFactory().get("/admin/")
    request.user, request.session = superuser, SessionStore()
    remember(request, Place(merchant, livemode=False))
    seen: set[str] = set()
    for route, pattern in patterns():
        if route in NO_PAGES or route in seen or _leads_on(route, pattern):
            continue
        seen.add(route)
        yield _filled(route, pattern.name or "", request)


def _leads_on(route: str, pattern: URLPattern) -> bool:
    """Django's old address of a row, which leads to its change page."""
    return pattern.name is None and route.endswith("/<path:object_id>/")


def _filled(route: str, name: str, request: HttpRequest) -> Address | NoExample:
    if route == "admin/(?P<url>.*)$":
        return Address(route, "not_found", "/" + MISSING, 404)
    if not any(example.startswith(f"{name}.") for example in EXAMPLES):
        found = _of_model(route, name, request)
        if found is not None:
            return found
    path = re.sub(r"^admin/\^", "admin/", route).removesuffix("$")
    for whole, kind in _arguments(path):
        example = EXAMPLES.get(f"{name}.{kind}") or EXAMPLES.get(kind)
        value = example() if example is not None else None
        if value is None:
            return NoExample(route, f"tests/e2e/addresses.py has no example of {kind!r} for the page {name!r}")
        path = path.replace(whole, value)
    return Address(route, name, "/" + path)


def _arguments(path: str) -> list[tuple[str, str]]:
    """The arguments in a route: as they are written, and their names."""
    plain = [(whole, whole[1:-1].rpartition(":")[2]) for whole in re.findall(r"(?<!\?P)<[^<>]+>", path)]
    named = [(match[0], match[1]) for match in re.finditer(r"\(\?P<(\w+)>[^)]*\)", path)]
    return plain + named


def _of_model(route: str, name: str, request: HttpRequest) -> Address | NoExample | None:
    """A page of a registered model, with its newest row."""
    match = re.match(r"admin/([a-z_]+)/([a-z]+)/", route)
    model = apps.all_models.get(match[1], {}).get(match[2]) if match else None
    shown_by = admin.site._registry.get(model) if model is not None else None
    if shown_by is None:
        return None
    row = None
    path = route
    if ROW.search(route):
        row = shown_by.get_queryset(request).order_by("-pk").first()
        if row is None:
            return NoExample(route, f"the world has no row of {shown_by.model._meta.label}")
        path = ROW.sub(str(quote(row.pk)), route)
    elif "<" in route:
        return None
    ending = next((what for end, what in ENDINGS.items() if name.endswith(end)), "")
    # A row with a page of its own is shown there, and Django's form leads to it.
    own_page = name.endswith("_change") and isinstance(shown_by, ConsoleList)
    lands = address(row) if row is not None and own_page else ""
    return Address(route, name, "/" + path, 200 if _may(shown_by, ending, request, row) else 403, lands)


def _may(shown_by: admin.ModelAdmin[Any], what: str, request: HttpRequest, row: Any) -> bool:
    if what == "add":
        return shown_by.has_add_permission(request)
    if what == "delete":
        return shown_by.has_delete_permission(request, row)
    return True


def newest(label: str, **wanted: Any) -> Callable[[], str | None]:
    """The public id of the newest row of a model."""

    def find() -> str | None:
        model = apps.get_model(label)
        row = model._default_manager.filter(**wanted).order_by("-pk").first()
        return None if row is None else str(getattr(row, "public_id", row.pk))

    return find


def key_of(label: str, **wanted: Any) -> Callable[[], str | None]:
    """The primary key of the newest row of a model, for addresses that are written with it."""

    def find() -> str | None:
        row = apps.get_model(label)._default_manager.filter(**wanted).order_by("-pk").first()
        return None if row is None else str(row.pk)

    return find


EXAMPLES: dict[str, Callable[[], str | None]] = {
    "app_label": lambda: "payments",
    "uidb64": lambda: rare.invited()[0],
    "token": lambda: rare.invited()[1],
    "payment_id": newest("payments.Payment", state="captured"),
    "refund_id": newest("payments.Refund"),
    "customer_id": newest("accounts.Customer"),
    "event_id": newest("core.Event"),
    "key_id": newest("accounts.ApiKey"),
    "endpoint_id": newest("notifications.WebhookEndpoint"),
    "delivery_id": newest("notifications.WebhookDelivery"),
    "user_id": newest("accounts.User", email="viewer@rupai.example"),
    "role_id": newest("accounts.Role"),
    "approval_id": newest("approvals.Approval"),
    "account_id": newest("wallets.Account"),
    "wallet_id": newest("wallets.Wallet", status="active"),
    "transfer_id": newest("wallets.Transfer"),
    "letter_id": newest("core.DeadLetter"),
    "list_key": lambda: "payments.payment",
    "core_event_request.object_id": key_of("core.Event"),
    # As it is written at the place of the crawl: those of the whole platform are looked at without one.
    "check_id": newest("compliance.ChainCheck", merchant_id__isnull=False),
    "notifications_delivery_replay.key": key_of("notifications.WebhookDelivery", state="failed"),
    "accounts_membership_invitation.key": key_of("accounts.Membership", user__email=rare.INVITED),
    # Which role is the newest depends on the moment at which the built-in ones were made.
    "accounts_role_change.object_id": key_of("accounts.Role", name="viewer", merchant__isnull=True),
    "accounts_permissions_delete.role_id": newest("accounts.Role", name="clerk"),
}
