"""The permission matrix: own roles are changed after a look at the difference, and by nobody beyond their reach."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rupai.accounts.models import Membership, Role
from rupai.accounts.scopes import SCOPES
from rupai.accounts.tests.factories import new_member, new_merchant, new_user
from rupai.core import clock
from rupai.core.models import Event
from rupai.pages.tests.factories import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/accounts/permissions/"


@pytest.fixture
def owner() -> Membership:
    return new_member(is_staff=True)


@pytest.fixture
def tills(owner: Membership) -> Role:
    """A role of the merchant's own that one person has."""
    role = Role.objects.create(merchant=owner.merchant, name="Tills", scopes=["payments:read", "refunds:read"])
    user = new_user("till@example.com", is_staff=True)
    Membership.objects.create(user=user, merchant=owner.merchant, role=role, created_at=clock.now())
    return role


def form(role: Role, *scopes: str, **more: Any) -> dict[str, Any]:
    seen = ",".join(role.scopes)
    return {"role": str(role.pk), f"seen:{role.pk}": seen, f"scope:{role.pk}": list(scopes), **more}


def post(client: Client, fields: dict[str, Any]) -> str:
    return client.post(PAGE, fields, follow=True).content.decode()


def test_the_matrix_shows_every_scope_of_every_role(owner: Membership, tills: Role) -> None:
    page = signed_in(owner.user).get(PAGE)
    rows = [row for _, rows in page.context["groups"] for row in rows]
    assert {row["scope"] for row in rows} == set(SCOPES)
    has = {row["scope"]: {cell["role"].name: cell["has"] for cell in row["cells"]} for row in rows}
    assert has["payments:read"] == dict.fromkeys(has["payments:read"], True)
    assert (has["users:write"]["owner"], has["users:write"]["Tills"]) == (True, False)


def test_the_difference_is_shown_before_anything_is_saved(owner: Membership, tills: Role) -> None:
    page = signed_in(owner.user).post(PAGE, form(tills, "payments:read", "payments:write"))
    diff = page.context["diffs"][0]
    assert [scope for scope, _ in diff["added"]] == ["payments:write"]
    assert [scope for scope, _ in diff["removed"]] == ["refunds:read"]
    assert (diff["people"], diff["names"]) == (1, ["till@example.com"])
    tills.refresh_from_db()
    assert tills.scopes == ["payments:read", "refunds:read"]
    assert not Event.objects.exists()


def test_saving_twice_changes_once_and_is_told_once(owner: Membership, tills: Role) -> None:
    client = signed_in(owner.user)
    wish = form(tills, "payments:read", "payments:write", step="save")
    assert "Saved: Tills" in post(client, wish)
    assert "changed meanwhile" in post(client, wish)
    tills.refresh_from_db()
    assert tills.scopes == ["payments:read", "payments:write"]
    event = Event.objects.get()
    assert (event.type, event.actor) == ("role.changed", owner.user.public_id)
    assert event.changes == {"scopes": [["payments:read", "refunds:read"], ["payments:read", "payments:write"]]}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(owner: Membership, tills: Role) -> None:
    wish = form(tills, "payments:read", step="save")
    Role.objects.filter(pk=tills.pk).update(scopes=["payments:write"])
    assert "changed meanwhile" in post(signed_in(owner.user), wish)
    tills.refresh_from_db()
    assert tills.scopes == ["payments:write"]


def test_nobody_gives_what_they_do_not_have(owner: Membership, tills: Role) -> None:
    narrow = Role.objects.create(
        merchant=owner.merchant, name="People", scopes=["users:read", "users:write", "payments:read", "refunds:read"]
    )
    clerk = new_user(is_staff=True)
    Membership.objects.create(user=clerk, merchant=owner.merchant, role=narrow, created_at=clock.now())
    text = post(signed_in(clerk), form(tills, "payments:write", step="save"))
    assert "scopes that you do not have" in text
    tills.refresh_from_db()
    assert tills.scopes == ["payments:read", "refunds:read"]


@pytest.mark.parametrize("step", ["", "save"])
def test_built_in_and_foreign_roles_are_not_reached(owner: Membership, step: str) -> None:
    foreign = Role.objects.create(merchant=new_merchant(), name="Theirs", scopes=["payments:read"])
    built_in = Role.objects.get(merchant=None, name="viewer")
    before = list(built_in.scopes)
    client = signed_in(owner.user)
    for role in (foreign, built_in):
        assert "There is no such role" in post(client, form(role, "payments:write", step=step)), role.name
    foreign.refresh_from_db()
    built_in.refresh_from_db()
    assert (foreign.scopes, built_in.scopes) == (["payments:read"], before)


def test_a_role_is_made_once_and_deleted_when_nobody_has_it(owner: Membership, tills: Role) -> None:
    client = signed_in(owner.user)
    wish = {"step": "create", "name": "Night shift", "like": "viewer"}
    assert "is made" in post(client, wish)
    assert "There is a role called" in post(client, wish)
    made = Role.objects.get(merchant=owner.merchant, name="Night shift")
    assert made.scopes == Role.objects.get(merchant=None, name="viewer").scopes
    for role in (made, tills):
        client.post(reverse("admin:accounts_permissions_delete", args=[role.pk]))
    assert list(Role.objects.filter(merchant=owner.merchant).values_list("name", flat=True)) == ["Tills"]


def test_who_may_not_see_people_does_not_see_roles() -> None:
    viewer = new_member(role="viewer", is_staff=True)
    assert signed_in(viewer.user).get(PAGE).status_code == 403
    assert signed_in(viewer.user).post(PAGE, {"step": "create", "name": "x"}).status_code == 403
    assert not Role.objects.filter(name="x").exists()


def test_the_platform_chooses_a_merchant_first() -> None:
    text = signed_in(new_user(is_staff=True, is_superuser=True)).get(PAGE).content.decode()
    assert "Choose a merchant" in text
