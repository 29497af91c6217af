"""The console's frame: what the rail offers, where one works, how it looks, and what stock pages are made of."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from rupai.accounts.models import Merchant, User
from rupai.accounts.tests.factories import new_member, new_merchant, new_user
from rupai.pages import registry
from rupai.pages.registry import MenuItem
from rupai.pages.rendering import render_page

pytestmark = pytest.mark.django_db
PLACE, THEME = "/admin/place/", "/admin/theme/"


def inside(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def superuser() -> User:
    return new_user(is_staff=True, is_superuser=True)


def rail(client: Client, path: str = "/admin/password_change/") -> dict[str, str]:
    """The entries of the rail with their addresses."""
    text = client.get(path).content.decode()
    part = text[text.index('id="rail"') : text.index("<header")]
    return {title: url for url, title in re.findall(r'<a href="([^"]+)"[^>]*>.*?<span>([^<]+)</span>', part)}


@pytest.mark.slow
def test_every_entry_of_the_rail_leads_somewhere_and_has_a_drawing(superuser: User) -> None:
    client = inside(superuser)
    found = rail(client)
    assert set(found) == {item.title for item in registry.items()}
    assert len(found) == len(registry.items()), "two entries have the same title"
    for item in registry.items():
        assert client.get(reverse(f"admin:{item.url_name}")).status_code == 200, item
    letters = [item.letter for item in registry.items() if item.letter]
    assert len(letters) == len(set(letters)), "two entries have the same letter"


def test_the_rail_offers_what_the_role_allows() -> None:
    owner = rail(inside(new_member(role="owner", is_staff=True).user))
    viewer = rail(inside(new_member(role="viewer", is_staff=True).user))
    assert {"API keys", "Merchants", "Overview"} <= set(owner)
    assert "Schedules" not in owner
    assert "Overview" in viewer
    assert not {"API keys", "Merchants", "Schedules"} & set(viewer)


def test_the_entry_of_the_page_shown_is_marked(superuser: User) -> None:
    client = inside(superuser)
    text = client.get("/admin/accounts/merchant/add/").content.decode()
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', text)[0] == "/admin/accounts/merchant/"


def test_a_page_without_its_scope_is_refused_by_name(rf: RequestFactory) -> None:
    viewer = new_member(role="viewer", is_staff=True).user

    def never(request: HttpRequest) -> HttpResponse:
        raise AssertionError(f"{request.path} was shown")

    request = rf.get("/admin/hooks/")
    request.user, request.session = viewer, inside(viewer).session
    answer = registry.guarded(never, "webhooks:write")(request)
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 403
    assert "webhooks:write" in answer.content.decode()


def test_two_pages_cannot_have_one_name_and_groups_are_fixed() -> None:
    taken = registry.pages()[0].name
    with pytest.raises(ValueError, match=taken):
        registry.page("elsewhere/", name=taken)(lambda _: HttpResponse())
    with pytest.raises(ValueError, match="no group"):
        registry.menu(MenuItem(title="X", icon="x", url_name="x", group="Elsewhere"))


def test_the_place_begins_at_the_own_merchant_in_test_mode() -> None:
    member = new_member(is_staff=True)
    text = inside(member.user).get("/admin/password_change/").content.decode()
    assert "Test mode" in text
    assert member.merchant.name in text
    assert "All merchants" not in text


def test_a_foreign_merchant_cannot_be_chosen() -> None:
    member, foreign = new_member(is_staff=True), new_merchant("Foreign")
    client = inside(member.user)
    assert client.post(PLACE, {"merchant": foreign.public_id, "mode": "test"}).status_code == 404
    assert client.post(PLACE, {"merchant": "", "mode": "test"}).status_code == 404
    text = client.get("/admin/password_change/").content.decode()
    assert member.merchant.name in text
    assert "Foreign" not in text


def test_real_payments_are_shown_only_where_they_are_taken() -> None:
    member = new_member(is_staff=True)
    client = inside(member.user)
    client.post(PLACE, {"mode": "live"})
    text = client.get("/admin/password_change/").content.decode()
    assert "Test mode" in text
    assert "takes no real payments yet" in text
    Merchant.objects.filter(pk=member.merchant_id).update(live_enabled=True)
    client.post(PLACE, {"mode": "live"})
    assert "Live mode" in client.get("/admin/password_change/").content.decode()
    Merchant.objects.filter(pk=member.merchant_id).update(live_enabled=False)
    assert "Test mode" in client.get("/admin/password_change/").content.decode()


def test_who_leaves_a_merchant_no_longer_sees_it() -> None:
    member = new_member(is_staff=True)
    second = new_member(is_staff=True)
    second.user = member.user
    second.save()
    client = inside(member.user)
    client.post(PLACE, {"merchant": second.merchant.public_id, "mode": "test"})
    second.is_active = False
    second.save()
    text = client.get("/admin/password_change/").content.decode()
    assert second.merchant.name not in text
    assert member.merchant.name in text


def test_a_superuser_goes_from_all_merchants_to_one_and_back(superuser: User) -> None:
    shop = new_merchant("Chai & Co")
    client = inside(superuser)
    assert "All merchants</span>" in client.get("/admin/password_change/").content.decode()
    answer = client.post(PLACE, {"merchant": shop.public_id, "mode": "test", "next": "/admin/accounts/merchant/"})
    assert answer["Location"] == "/admin/accounts/merchant/"
    assert "Chai &amp; Co</span>" in client.get("/admin/password_change/").content.decode()
    client.post(PLACE, {"merchant": "", "mode": "test"})
    assert "All merchants</span>" in client.get("/admin/password_change/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_way_back_never_leaves_the_console(superuser: User, target: str) -> None:
    assert inside(superuser).post(THEME, {"theme": "dark", "next": target})["Location"] == "/admin/"


def test_the_theme_is_in_the_first_byte_and_needs_no_script(superuser: User) -> None:
    client = inside(superuser)
    assert 'data-theme="system"' in client.get("/admin/password_change/").content.decode()
    client.post(THEME, {"theme": "dark"})
    assert client.cookies["theme"]["httponly"]
    assert 'data-theme="dark"' in client.get("/admin/password_change/").content.decode()
    client.logout()
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in client.get("/admin/login/").content.decode()


@pytest.mark.parametrize("path", [PLACE, THEME])
def test_switches_take_posts_only(superuser: User, path: str) -> None:
    assert inside(superuser).get(path).status_code == 405
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(superuser)
    assert guarded.post(path, {"theme": "dark", "mode": "live"}).status_code == 403


def test_pages_allow_nothing_from_elsewhere_and_no_inline_code(superuser: User) -> None:
    client = inside(superuser)
    for path in ("/admin/", "/admin/accounts/user/add/", "/admin/nothing/", "/admin/logout/"):
        policy = client.get(path).headers["Content-Security-Policy"]
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert parts["default-src"] == "'self'"
        assert parts["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy
        assert set(policy.replace(";", "").split()) & {"data:", "*", "https:", "blob:"} == set()


def test_unknown_addresses_answer_a_page_of_the_console(superuser: User) -> None:
    answer = inside(superuser).get("/admin/nothing/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert 'id="rail"' in answer.content.decode()
    stranger = Client().get("/nothing/")
    assert stranger.status_code == 404
    assert 'id="rail"' not in stranger.content.decode()


def test_a_page_whose_rows_the_role_does_not_open_is_refused_in_the_console() -> None:
    viewer = inside(new_member(role="viewer", is_staff=True).user)
    answer = viewer.get("/admin/accounts/apikey/")
    assert answer.status_code == 403
    assert "This is not allowed" in answer.content.decode()
    assert 'id="rail"' in answer.content.decode()


def test_a_fragment_comes_only_to_whom_asks_for_it(superuser: User, rf: RequestFactory) -> None:
    def answer(**headers: str) -> Any:
        request = rf.get("/admin/x/", headers=headers)
        request.user, request.session = superuser, inside(superuser).session
        request._messages = []  # type: ignore[attr-defined]
        return render_page(request, "404.html", title="X", fragment="pages/_mark.html").render()

    part = answer(**{"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "RupAI" in part.content.decode()
    for headers in (
        {},
        {"HX-Request": "true", "HX-Boosted": "true"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
    ):
        assert "<html" in answer(**headers).content.decode()
    assert "HX-Request" in part["Vary"]


@pytest.mark.slow
def test_every_stock_page_opens_without_scripts_and_styles_of_djangos(superuser: User) -> None:
    client = inside(superuser)
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [client.get(reverse(f"{name}_changelist"))]
        request = pages[0].wsgi_request
        if model_admin.has_add_permission(request):
            pages.append(client.get(reverse(f"{name}_add"), follow=True))
        for page in pages:
            text = page.content.decode()
            assert page.status_code == 200, name
            assert "admin/css/" not in text, name
            assert "admin/js/" not in text, name
            assert not re.search(r"<[^>]+\sstyle=|<script>|<style|\son\w+=\"", text), name
            assert len(re.findall("<h1", text)) == 1, name
            assert "vDateField" not in text, name
