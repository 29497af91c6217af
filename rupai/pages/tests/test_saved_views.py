"""Saved views: private, shared within one merchant, and what a list opens with."""

from typing import Any

import pytest
from django.test import Client

from rupai.accounts.models import Membership, Merchant, Role, User
from rupai.accounts.tests.factories import new_member, new_merchant
from rupai.core import clock
from rupai.pages.models import DefaultView, SavedView

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIST = "/admin/accounts/customer/"
VIEWS = "/admin/views/accounts.customer/"


@pytest.fixture
def merchant() -> Merchant:
    return new_merchant("Chai House")


def colleague(merchant: Merchant, role: str = "viewer") -> Client:
    client = Client()
    client.force_login(new_member(merchant=merchant, role=role, is_staff=True).user)
    return client


def save(client: Client, name: str = "Gone", query: str = "erased=yes", **more: str) -> Any:
    return client.post(VIEWS, {"do": "save", "name": name, "query": query, **more}, follow=True)


def offered(client: Client) -> list[str]:
    return [view.name for view in client.get(f"{LIST}?all=1").context["views"]]


def test_a_view_is_saved_and_opened(merchant: Merchant) -> None:
    client = colleague(merchant)
    page = save(client)
    assert page.redirect_chain[-1][0] == f"{LIST}?erased=yes"
    assert page.context["current"].name == "Gone"
    assert offered(client) == ["Gone"]
    assert offered(colleague(merchant)) == [], "it is private"


def test_a_name_is_taken_once_and_must_be_one(merchant: Merchant) -> None:
    client = colleague(merchant)
    save(client)
    assert "have a view named" in save(client).content.decode().replace("&#x27;", "'")
    assert "needs a name" in save(client, name="  ").content.decode()
    assert "needs a name" in save(client, name="x" * 61).content.decode()
    assert SavedView.objects.count() == 1


def test_a_shared_view_is_seen_at_its_merchant_only(merchant: Merchant) -> None:
    save(colleague(merchant), shared="yes")
    view = SavedView.objects.get()
    assert offered(colleague(merchant)) == ["Gone"]
    stranger = colleague(new_merchant("Other House"), "owner")
    assert offered(stranger) == []
    for work in ("default", "delete", "rename"):
        answer = stranger.post(VIEWS, {"do": work, "view": view.public_id, "name": "Mine"}, follow=True)
        assert "No saved view" in answer.content.decode(), work
    assert SavedView.objects.get().name == "Gone"
    assert not DefaultView.objects.exists()


def test_someone_of_two_merchants_sees_the_views_of_the_place(merchant: Merchant) -> None:
    other = new_merchant("Other House")
    save(colleague(merchant), shared="yes")
    client = colleague(other)
    user = User.objects.get(pk=client.session["_auth_user_id"])
    Membership.objects.create(
        user=user, merchant=merchant, role=Role.objects.get(merchant=None, name="viewer"), created_at=clock.now()
    )
    assert offered(client) == []
    client.post("/admin/place/", {"merchant": merchant.public_id})
    assert offered(client) == ["Gone"]


def test_only_the_owner_changes_and_who_manages_people_deletes(merchant: Merchant) -> None:
    owner_of_view = colleague(merchant)
    save(owner_of_view, shared="yes")
    name = SavedView.objects.get().public_id
    viewer, manager = colleague(merchant), colleague(merchant, "admin")
    for client in (viewer, manager):
        answer = client.post(VIEWS, {"do": "rename", "view": name, "name": "Mine"}, follow=True)
        assert "belongs to somebody else" in answer.content.decode()
    viewer.post(VIEWS, {"do": "delete", "view": name})
    assert SavedView.objects.count() == 1
    owner_of_view.post(VIEWS, {"do": "rename", "view": name, "name": "Erased", "shared": "yes"})
    assert offered(viewer) == ["Erased"]
    manager.post(VIEWS, {"do": "delete", "view": name})
    assert SavedView.objects.count() == 0


def test_a_list_opens_with_ones_own_default_and_all_clears_it(merchant: Merchant) -> None:
    client = colleague(merchant)
    save(client)
    client.post(VIEWS, {"do": "default", "view": SavedView.objects.get().public_id})
    opened = client.get(LIST)
    assert (opened.status_code, opened["Location"]) == (302, f"{LIST}?erased=yes")
    assert client.get(f"{LIST}?all=1").status_code == 200
    assert colleague(merchant).get(LIST).status_code == 200
    client.post(VIEWS, {"do": "default", "view": ""})
    assert client.get(LIST).status_code == 200


def test_a_role_opens_with_a_shared_view_unless_the_person_chose(merchant: Merchant) -> None:
    admin, viewer = colleague(merchant, "admin"), colleague(merchant)
    save(admin, shared="yes")
    shared = SavedView.objects.get()
    role = str(Role.objects.get(merchant=None, name="viewer").pk)
    wish = {"do": "role", "role": role, "view": shared.public_id}
    refused = viewer.post(VIEWS, wish, follow=True)
    assert "decided by those who manage people" in refused.content.decode()
    assert viewer.get(LIST).status_code == 200
    admin.post(VIEWS, wish)
    assert viewer.get(LIST)["Location"] == f"{LIST}?erased=yes"
    assert admin.get(LIST).status_code == 200
    save(viewer, name="Present", query="erased=no")
    viewer.post(VIEWS, {"do": "default", "view": SavedView.objects.get(name="Present").public_id})
    assert viewer.get(LIST)["Location"] == f"{LIST}?erased=no"
    # Taking the view back takes it from the role.
    viewer.post(VIEWS, {"do": "default", "view": ""})
    admin.post(VIEWS, {"do": "rename", "view": shared.public_id, "name": "Gone"})
    assert viewer.get(LIST).status_code == 200


def test_a_private_view_cannot_be_a_roles(merchant: Merchant) -> None:
    admin = colleague(merchant, "admin")
    save(admin)
    role = str(Role.objects.get(merchant=None, name="viewer").pk)
    wish = {"do": "role", "role": role, "view": SavedView.objects.get().public_id}
    assert "Only a shared view" in admin.post(VIEWS, wish, follow=True).content.decode()
    assert not DefaultView.objects.exists()


def test_the_page_of_a_list_that_one_may_not_see_is_missing(merchant: Merchant) -> None:
    client = colleague(merchant)
    assert client.get("/admin/views/core.deadletter/").status_code == 404
    assert client.get("/admin/views/none.such/").status_code == 404
    assert client.post(VIEWS, {"do": "everything"}).status_code == 404
