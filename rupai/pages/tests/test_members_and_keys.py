"""Members are invited, given roles and switched off; keys are made once, rotated, revoked, and show their callers."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rupai.accounts.models import ApiKey, Membership, Role, User
from rupai.accounts.services.authenticate import actor_of_key
from rupai.accounts.tests.factories import new_key, new_member, new_merchant
from rupai.core import clock
from rupai.core.models import Event
from rupai.pages.once import FIELD
from rupai.pages.once import new_key as new_form
from rupai.pages.tests.factories import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return new_member(is_staff=True)


def invite(owner: Membership, email: str = "ann@example.com", **more: Any) -> Membership:
    fields = {"merchant": str(owner.merchant.pk), "email": email, "name": "Ann", "role": str(owner.role_id), **more}
    signed_in(owner.user).post(reverse("admin:accounts_membership_add"), fields)
    return Membership.objects.get(user__email=email, merchant=owner.merchant)


def url(name: str, row: Any) -> str:
    return reverse(f"admin:{name}", args=[row.pk])


def test_somebody_new_is_invited_by_a_link_that_sets_the_password(owner: Membership) -> None:
    member = invite(owner, console="on")
    assert member.user.is_staff
    client = signed_in(owner.user)
    assert "invited" in client.get(url("accounts_membership_change", member)).content.decode().lower()
    answer = client.get(url("accounts_membership_invitation", member))
    assert "no-store" in answer["Cache-Control"]
    link = re.search(r"http://testserver(/admin/invitation/[^<\"]+)", answer.content.decode())
    assert link is not None
    guest = Client()
    form = guest.get(link[1], follow=True)
    secret = {"new_password1": "a good long password", "new_password2": "a good long password"}
    guest.post(form.redirect_chain[-1][0], secret)
    member.user.refresh_from_db()
    assert member.user.check_password("a good long password")
    assert client.get(url("accounts_membership_invitation", member)).status_code == 302


def test_no_link_opens_the_account_of_somebody_known(owner: Membership) -> None:
    known = new_member(new_merchant(), "viewer", email="ann@example.com", password=None)
    member = invite(owner, console="on")
    assert not User.objects.get(pk=known.user.pk).is_staff
    assert signed_in(owner.user).get(url("accounts_membership_invitation", member)).status_code == 302


def test_a_form_sent_twice_switches_off_once(owner: Membership) -> None:
    member = new_member(owner.merchant, "developer")
    made = new_key(owner.merchant)
    ApiKey.objects.filter(pk=made.key.pk).update(created_by=member.user.public_id)
    client, page = signed_in(owner.user), url("accounts_membership_switch", member)
    asked = client.get(page)
    assert ("API keys that end", 1) in asked.context["facts"]
    for _ in range(2):
        client.post(page, dict(asked.context["hidden"]))
    member.refresh_from_db()
    assert not member.is_active
    assert actor_of_key(made.secret, address=None) is None
    assert Event.objects.filter(type="user.disabled").count() == 1


def test_members_elsewhere_are_not_there_and_the_last_owner_stays(owner: Membership) -> None:
    client, stranger = signed_in(owner.user), new_member()
    for name in ("change", "switch", "invitation"):
        assert client.get(url(f"accounts_membership_{name}", stranger)).status_code == 404, name
    text = client.post(url("accounts_membership_switch", owner), {"wanted": "off"}, follow=True).content.decode()
    assert "The merchant needs an owner" in text
    owner.refresh_from_db()
    assert owner.is_active


def test_who_only_sees_members_changes_none(owner: Membership) -> None:
    member = new_member(owner.merchant, "viewer")
    owner.role = Role.objects.create(merchant=owner.merchant, name="Reader", scopes=["users:read"])
    owner.save()
    client = signed_in(owner.user)
    assert "Deactivate" not in client.get(url("accounts_membership_change", member)).content.decode()
    assert client.post(url("accounts_membership_switch", member), {"wanted": "off"}).status_code == 403
    member.refresh_from_db()
    assert member.is_active


def test_a_key_form_sent_twice_makes_one_key_and_shows_it_once(owner: Membership) -> None:
    client, page = signed_in(owner.user), reverse("admin:accounts_apikey_add")
    wish: dict[str, Any] = {"merchant": str(owner.merchant.pk), "mode": "test", "name": "Till"}
    wish |= {"scopes": ["payments:read"], FIELD: new_form()}
    first = client.post(page, wish).content.decode()
    second = client.post(page, wish, follow=True).content.decode()
    secret = re.search(r'class="secret">(rk_test_\w+)<', first)
    assert secret is not None
    assert secret[1] not in second
    assert ApiKey.objects.filter(name="Till").count() == 1
    assert Event.objects.filter(type="api_key.created").count() == 1


def test_a_key_shows_its_callers_and_when_a_rotated_one_ends(owner: Membership) -> None:
    made = new_key(owner.merchant)
    actor_of_key(made.secret, address="192.0.2.7", agent="curl/8.5.0")
    client = signed_in(owner.user)
    text = client.get(url("accounts_apikey_change", made.key)).content.decode()
    assert "192.0.2.7" in text
    assert "curl/8.5.0" in text
    shown = client.post(url("accounts_apikey_rotate", made.key), {"overlap_hours": 3}).content.decode()
    assert "The old key" in shown
    made.key.refresh_from_db()
    after = client.get(url("accounts_apikey_change", made.key)).content.decode()
    assert "it still works until" in after
    assert made.key.expires_at is not None
    assert made.key.expires_at > clock.now()


def test_a_key_is_revoked_after_a_question(owner: Membership) -> None:
    made, theirs = new_key(owner.merchant), new_key(new_merchant())
    client = signed_in(owner.user)
    page = url("accounts_apikey_revoke", made.key)
    assert client.get(page).status_code == 200
    assert actor_of_key(made.secret, address=None) is not None
    for _ in range(2):
        client.post(page)
    assert actor_of_key(made.secret, address=None) is None
    assert Event.objects.filter(type="api_key.revoked").count() == 1
    assert client.post(url("accounts_apikey_revoke", theirs.key)).status_code == 404
    assert signed_in(owner.user, verified=False).post(page)["Location"].startswith("/admin/confirm/")
