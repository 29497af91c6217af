"""People in the console: every change goes through the services, and refusals are shown, not thrown."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rupai.accounts import setup as registry
from rupai.accounts.models import Authenticator, Membership, Merchant, Role, User
from rupai.accounts.tests.factories import enrol, new_key, new_member, new_merchant, new_user
from rupai.core import clock
from rupai.core.models import Event
from rupai.pages.step_up import _KEY

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def signed_in(user: User, *, verified: bool = True) -> Client:
    client = Client()
    client.force_login(user)
    if verified:
        session = client.session
        session[_KEY] = clock.now().timestamp()
        session.save()
    return client


@pytest.fixture
def root() -> User:
    return new_user("root@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def owner() -> Membership:
    return new_member(is_staff=True)


def post(client: Client, page: str, /, *args: Any, **fields: Any) -> str:
    return client.post(reverse(f"admin:{page}", args=args), fields, follow=True).content.decode()


def role(name: str) -> str:
    return str(Role.objects.get(name=name, merchant=None).pk)


def test_an_owner_invites_changes_and_removes(owner: Membership) -> None:
    client = signed_in(owner.user)
    merchant = str(owner.merchant.pk)
    post(client, "accounts_membership_add", merchant=merchant, email="Ann@Example.com", name="Ann", role=role("viewer"))
    member = Membership.objects.get(user__email="ann@example.com")
    assert (member.merchant, member.role.name) == (owner.merchant, "viewer")
    post(client, "accounts_membership_change", member.pk, role=role("finance"), is_active="on")
    member.refresh_from_db()
    assert (member.role.name, member.is_active) == ("finance", True)
    post(client, "accounts_membership_delete", member.pk, post="yes")
    told = list(Event.objects.order_by("inserted").values_list("type", "actor", "livemode"))
    assert told == [
        (type, owner.user.public_id, False) for type in ("member.added", "member.changed", "member.removed")
    ]


def test_refusals_are_shown_and_nothing_changes(owner: Membership) -> None:
    client = signed_in(owner.user)
    text = post(client, "accounts_membership_delete", owner.pk, post="yes")
    assert "The merchant needs an owner" in text
    text = post(client, "accounts_membership_change", owner.pk, role=role("viewer"), is_active="on")
    assert "The merchant needs an owner" in text
    owner.refresh_from_db()
    assert owner.role.name == "owner"
    assert not Event.objects.exists()


def test_members_of_a_merchant_with_real_payments_are_told_of_in_its_live_stream() -> None:
    owner = new_member(is_staff=True, merchant=new_merchant(live_enabled=True))
    post(
        signed_in(owner.user), "accounts_membership_add",
        merchant=str(owner.merchant.pk), email="ann@example.com", role=role("viewer"),
    )  # fmt: skip
    assert Event.objects.get().livemode


def test_a_superuser_opens_a_merchant_with_its_setup(root: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(registry, "_steps", {"test": lambda merchant: seen.append(merchant.name)})
    fields = {"country": "IN", "currency": "INR", "timezone": "Asia/Kolkata", "fee_basis_points": "150"}
    post(signed_in(root), "accounts_merchant_add", name="Tea", is_active="on", live_enabled="on", **fields)
    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.fee_basis_points, merchant.live_enabled) == ("Tea", 150, True)
    assert seen == ["Tea"]
    created, changed = Event.objects.order_by("inserted")
    assert (created.type, changed.type) == ("merchant.created", "merchant.changed")
    assert changed.changes == {"fee_basis_points": [190, 150], "live_enabled": [False, True]}


def test_an_owner_cannot_change_the_merchant_or_people(owner: Membership) -> None:
    client = signed_in(owner.user)
    for name, row in (("accounts_merchant", owner.merchant), ("accounts_user", owner.user)):
        url = reverse(f"admin:{name}_change", args=[row.pk])
        assert client.post(url, {"name": "Other", "is_superuser": "on", "live_enabled": "on"}).status_code == 403
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    assert client.post(f"/admin/accounts/user/{owner.user.pk}/password/", {}).status_code == 403
    text = client.get(reverse("admin:accounts_user_change", args=[owner.user.pk])).content.decode()
    assert "superuser" not in text
    owner.user.refresh_from_db()
    assert not owner.user.is_superuser


def test_a_superuser_makes_a_user_and_sets_a_password(root: User) -> None:
    client = signed_in(root)
    secret = {"usable_password": "true", "password1": "a good long password", "password2": "a good long password"}
    post(client, "accounts_user_add", email="Ann@Example.com", **secret)
    user = User.objects.exclude(pk=root.pk).get()
    assert user.check_password("a good long password")
    other = {"password1": "another long password", "password2": "another long password"}
    client.post(f"/admin/accounts/user/{user.pk}/password/", other)
    user.refresh_from_db()
    assert user.check_password("another long password")


def test_people_are_changed_only_after_a_recent_proof(root: User) -> None:
    client = signed_in(root, verified=False)
    user = new_user()
    for url in (
        reverse("admin:accounts_user_add"),
        reverse("admin:accounts_user_change", args=[user.pk]),
        f"/admin/accounts/user/{user.pk}/password/",
    ):
        assert client.post(url, {"email": "x@example.com"})["Location"].startswith("/admin/confirm/"), url


def test_disabling_people_ends_everything_but_oneself(root: User) -> None:
    member = new_member()
    key = new_key(member.merchant)
    key.key.created_by = member.user.public_id
    key.key.save()
    client = signed_in(root)
    chosen = [str(root.pk), str(member.user.pk)]
    post(client, "accounts_user_changelist", action="disable", _selected_action=chosen)
    member.user.refresh_from_db()
    root.refresh_from_db()
    key.key.refresh_from_db()
    assert (member.user.is_active, root.is_active) == (False, True)
    assert key.key.status == "revoked"
    post(client, "accounts_user_changelist", action="enable", _selected_action=chosen)
    member.user.refresh_from_db()
    assert member.user.is_active


def test_a_lost_second_factor_is_taken_away(root: User) -> None:
    user = new_user()
    enrol(user)
    wish = {"action": "take_second_factor", "_selected_action": [str(user.pk)]}
    post(signed_in(root, verified=False), "accounts_user_changelist", **wish)
    assert Authenticator.objects.count() == 1
    post(signed_in(root), "accounts_user_changelist", **wish)
    assert not Authenticator.objects.exists()


def test_built_in_roles_stay_as_they_are(root: User, owner: Membership) -> None:
    client = signed_in(root)
    viewer = Role.objects.get(name="viewer", merchant=None)
    url = reverse("admin:accounts_role_change", args=[viewer.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"name": "viewer", "scopes": ["payments:write"]}).status_code == 403
    assert client.post(reverse("admin:accounts_role_delete", args=[viewer.pk]), {"post": "yes"}).status_code == 403
    merchant = str(owner.merchant.pk)
    post(client, "accounts_role_add", merchant=merchant, name="Tills", scopes=["payments:read", "payments:write"])
    made = Role.objects.get(name="Tills")
    assert (made.merchant, made.scopes) == (owner.merchant, ["payments:read", "payments:write"])
    post(client, "accounts_role_change", made.pk, merchant=merchant, name="Tills", scopes=["payments:read"])
    assert [(event.type, event.changes) for event in Event.objects.order_by("inserted")] == [
        ("role.created", {}),
        ("role.changed", {"scopes": [["payments:read", "payments:write"], ["payments:read"]]}),
    ]
    Membership.objects.create(user=new_user(), merchant=owner.merchant, role=made, created_at=clock.now())
    post(client, "accounts_role_delete", made.pk, post="yes")
    assert Role.objects.filter(pk=made.pk).exists()
    theirs = signed_in(owner.user)
    assert theirs.get(reverse("admin:accounts_role_change", args=[made.pk])).status_code == 200
    assert theirs.post(reverse("admin:accounts_role_change", args=[made.pk]), {}).status_code == 403
