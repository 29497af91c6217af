"""Settings: shown as a difference first, saved by the service, told in the log, and only where a role allows."""

from typing import Any

import pytest

from rupai.accounts.models import Membership, Role
from rupai.accounts.tests.factories import new_member, new_merchant, new_user
from rupai.core.models import Event
from rupai.pages.tests.factories import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAGE, SECTION = "/admin/settings/", "/admin/settings/merchant/"


@pytest.fixture
def owner() -> Membership:
    return new_member(new_merchant("Chai House"), is_staff=True)


def form(**fields: Any) -> dict[str, Any]:
    given = {"name": "Chai House", "timezone": "Asia/Kolkata", **fields}
    return {f"merchant-{field}": value for field, value in given.items()}


def test_a_change_is_shown_then_saved_then_told(owner: Membership) -> None:
    client = signed_in(owner.user)
    review = client.post(SECTION, form(timezone="Asia/Dubai"))
    assert [(each.field, each.before, each.after) for each in review.context["changes"]] == [
        ("Time zone", "Asia/Kolkata", "Asia/Dubai")
    ]
    assert not Event.objects.exists()
    wish = {**form(timezone="Asia/Dubai"), "step": "save", "seen": review.context["seen"]}
    assert "saved" in client.post(SECTION, wish, follow=True).content.decode()
    owner.merchant.refresh_from_db()
    assert owner.merchant.timezone == "Asia/Dubai"
    event = Event.objects.get()
    assert (event.type, event.actor) == ("merchant.changed", owner.user.public_id)
    assert event.changes == {"timezone": ["Asia/Kolkata", "Asia/Dubai"]}
    history = client.get(PAGE).context["history"]
    assert [(line["event"], line["changes"][0].after) for line in history] == [(event, "Asia/Dubai")]


def test_saving_twice_is_told_once(owner: Membership) -> None:
    client = signed_in(owner.user)
    seen = client.post(SECTION, form(name="Tea House")).context["seen"]
    for _ in range(2):
        client.post(SECTION, {**form(name="Tea House"), "step": "save", "seen": seen})
    assert Event.objects.count() == 1


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(owner: Membership) -> None:
    client = signed_in(owner.user)
    seen = client.post(SECTION, form(name="Tea House")).context["seen"]
    owner.merchant.name = "Coffee House"
    owner.merchant.save()
    text = client.post(SECTION, {**form(name="Tea House"), "step": "save", "seen": seen}, follow=True).content.decode()
    assert "changed meanwhile" in text
    owner.merchant.refresh_from_db()
    assert owner.merchant.name == "Coffee House"


def test_a_wrong_value_is_shown_at_its_field_and_nothing_changes(owner: Membership) -> None:
    answer = signed_in(owner.user).post(SECTION, {**form(timezone="Mars/Base"), "step": "save"})
    assert answer.status_code == 422
    assert "Select a valid choice" in answer.content.decode()
    assert not Event.objects.exists()


def test_what_the_platform_decides_is_read_only_for_a_merchant(owner: Membership) -> None:
    client = signed_in(owner.user)
    wish = {**form(live_enabled="on", fee_basis_points="0"), "step": "save"}
    client.post(SECTION, wish)
    owner.merchant.refresh_from_db()
    assert (owner.merchant.live_enabled, owner.merchant.fee_basis_points) == (False, 190)
    root = signed_in(new_user(is_staff=True, is_superuser=True))
    root.post("/admin/place/", {"merchant": owner.merchant.public_id})
    root.post(SECTION, {**form(live_enabled="on", fee_basis_points="150"), "step": "save"})
    owner.merchant.refresh_from_db()
    assert (owner.merchant.live_enabled, owner.merchant.fee_basis_points) == (True, 150)
    assert Event.objects.get().changes == {"live_enabled": [False, True], "fee_basis_points": [190, 150]}


def test_who_only_sees_settings_cannot_change_them(owner: Membership) -> None:
    owner.role = Role.objects.create(merchant=owner.merchant, name="Reader", scopes=["settings:read"])
    owner.save()
    client = signed_in(owner.user)
    assert "not change them" in client.get(PAGE).content.decode()
    client.post(SECTION, {**form(name="Tea House"), "step": "save"})
    owner.merchant.refresh_from_db()
    assert owner.merchant.name == "Chai House"


def test_others_do_not_see_settings() -> None:
    viewer = signed_in(new_member(role="viewer", is_staff=True).user)
    assert viewer.get(PAGE).status_code == 403
    assert viewer.post(SECTION, form()).status_code == 403


def test_the_platform_chooses_a_merchant_first() -> None:
    client = signed_in(new_user(is_staff=True, is_superuser=True))
    assert "Choose a merchant first" in client.get(PAGE).content.decode()
    assert client.post(SECTION, form()).status_code == 404
    assert client.post(f"{PAGE}nothing/", {}).status_code == 404
