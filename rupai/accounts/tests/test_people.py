"""Members of a merchant: nobody raises anybody above themselves, and the last owner stays."""

import threading

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import connection, transaction

from rupai.accounts.models import ApiKey, Membership, Role, SignInFamily, User
from rupai.accounts.services import people, tokens
from rupai.accounts.services.authenticate import actor_of_key
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.accounts.services.keys import create_key
from rupai.accounts.services.people import AlreadyMember, LastOwner
from rupai.accounts.tests.factories import access_token, actor_of, new_key, new_member, new_merchant, owner_of
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput, NotFound, ScopeMissing
from rupai.core.models import Event

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    return list(Event.objects.order_by("inserted").values_list("type", flat=True))


def test_an_invited_person_is_a_member_without_a_password() -> None:
    merchant = new_merchant()
    member = people.invite_member(actor=owner_of(merchant, livemode=True), email="Ann@Example.com", role="support")
    assert (member.user.email, member.role.name, member.merchant) == ("ann@example.com", "support", merchant)
    assert not member.user.has_usable_password()
    assert not member.user.is_staff
    event = Event.objects.get()
    assert (event.type, event.merchant_id, event.livemode) == ("member.added", merchant.pk, True)
    assert event.subject_id == member.user.public_id
    assert event.data == {"id": member.user.public_id, "role": "support", "is_active": True}


def test_an_event_tells_no_address() -> None:
    people.invite_member(actor=owner_of(new_merchant()), email="ann@example.com", name="Ann", role="viewer")
    event = Event.objects.get()
    assert "ann" not in str((event.data, event.changes)).lower()


def test_a_person_with_an_account_keeps_it() -> None:
    known = new_member(name="Ann").user
    member = people.invite_member(actor=owner_of(new_merchant()), email=known.email, name="Eve", role="viewer")
    assert member.user == known
    known.refresh_from_db()
    assert known.name == "Ann"
    assert known.has_usable_password()


def test_nobody_is_a_member_twice() -> None:
    member = new_member()
    with pytest.raises(AlreadyMember):
        people.invite_member(actor=owner_of(member.merchant), email=member.user.email, role="viewer")
    assert Membership.objects.count() == 1


def test_the_link_of_an_invitation_works_once() -> None:
    user = people.create_user(email="ann@example.com")
    token = people.password_token(user)[1]
    assert default_token_generator.check_token(user, token)
    user.set_password("a good long password")
    user.save()
    assert not default_token_generator.check_token(user, token)


def test_who_may_less_cannot_hand_out_take_or_change_more() -> None:
    owner = new_member()
    role = Role.objects.create(merchant=owner.merchant, name="people", scopes=["users:read", "users:write"])
    clerk = new_member(merchant=owner.merchant)
    clerk.role = role
    clerk.save()
    actor = actor_of(clerk)
    with pytest.raises(ScopesTooWide):
        people.invite_member(actor=actor, email="eve@example.com", role="viewer")
    with pytest.raises(ScopesTooWide):
        people.change_member(actor=actor, user_id=clerk.user.public_id, role="owner")
    with pytest.raises(ScopesTooWide):
        people.change_member(actor=actor, user_id=owner.user.public_id, role="people")
    with pytest.raises(ScopesTooWide):
        people.remove_member(actor=actor, user_id=owner.user.public_id)
    owner.refresh_from_db()
    clerk.refresh_from_db()
    assert (owner.role.name, clerk.role) == ("owner", role)
    assert not User.objects.filter(email="eve@example.com").exists()
    assert told() == []


def test_without_the_scope_nothing_happens() -> None:
    merchant = new_merchant()
    actor = owner_of(merchant, scopes=frozenset({"users:read"}))
    with pytest.raises(ScopeMissing):
        people.invite_member(actor=actor, email="eve@example.com", role="viewer")
    assert not Membership.objects.exists()


def test_an_unknown_role_is_named() -> None:
    stranger = new_merchant()
    Role.objects.create(merchant=stranger, name="theirs", scopes=[])
    for name in ("king", "theirs"):
        with pytest.raises(InvalidInput) as refusal:
            people.invite_member(actor=owner_of(new_merchant()), email="ann@example.com", role=name)
        assert refusal.value.details["errors"][0]["pointer"] == "/role"


def test_a_role_of_the_merchants_own_cannot_pose_as_a_built_in_one() -> None:
    merchant = new_merchant()
    Role.objects.create(merchant=merchant, name="viewer", scopes=["payments:write"])
    member = people.invite_member(actor=owner_of(merchant), email="ann@example.com", role="viewer")
    assert member.role.merchant is None


def test_a_change_of_role_is_told_with_old_and_new() -> None:
    owner = new_member()
    clerk = new_member(merchant=owner.merchant, role="viewer")
    people.change_member(actor=actor_of(owner), user_id=clerk.user.public_id, role="finance")
    people.change_member(actor=actor_of(owner), user_id=clerk.user.public_id, role="finance")
    event = Event.objects.get()
    assert (event.type, event.changes) == ("member.changed", {"role": ["viewer", "finance"]})


def test_the_last_owner_can_neither_leave_nor_step_down() -> None:
    owner = new_member()
    new_member(merchant=owner.merchant, role="admin")
    off = new_member(merchant=owner.merchant)
    off.is_active = False
    off.save()
    actor, who = actor_of(owner), owner.user.public_id
    with pytest.raises(LastOwner):
        people.remove_member(actor=actor, user_id=who)
    with pytest.raises(LastOwner):
        people.change_member(actor=actor, user_id=who, role="admin")
    with pytest.raises(LastOwner):
        people.change_member(actor=actor, user_id=who, is_active=False)
    owner.refresh_from_db()
    assert (owner.role.name, owner.is_active) == ("owner", True)
    assert told() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_remove_each_other_at_once_one_stays() -> None:
    first = new_member()
    second = new_member(merchant=first.merchant)
    refused: list[Exception] = []

    def answer() -> None:
        try:
            people.remove_member(actor=actor_of(second), user_id=first.user.public_id)
        except LastOwner as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    with transaction.atomic():
        people.remove_member(actor=actor_of(first), user_id=second.user.public_id)
        other = threading.Thread(target=answer)
        other.start()
        other.join(0.5)
        assert other.is_alive(), "the second must wait until the first has committed"
    other.join(10)
    assert len(refused) == 1
    assert Membership.objects.get() == first


def test_members_of_other_merchants_do_not_exist() -> None:
    stranger, owner = new_member(), new_member()
    with pytest.raises(NotFound):
        people.remove_member(actor=actor_of(owner), user_id=stranger.user.public_id)
    with pytest.raises(NotFound):
        people.change_member(actor=actor_of(owner), user_id=stranger.user.public_id, is_active=False)
    assert Membership.objects.filter(is_active=True).count() == 2


def test_switching_a_member_off_ends_tokens_and_keys_here_and_nothing_elsewhere() -> None:
    owner = new_member()
    coder = new_member(merchant=owner.merchant, role="developer")
    elsewhere = Membership.objects.create(
        user=coder.user, merchant=new_merchant(), role=coder.role, created_at=coder.created_at
    )
    here, there = access_token(coder), access_token(elsewhere)
    made = create_key(actor=actor_of(coder), name="x", scopes=["payments:read", "api_keys:write"])
    by_key = actor_of_key(made.secret, address=None)
    assert by_key is not None
    child = create_key(actor=by_key, name="y", scopes=["payments:read"])
    kept = new_key(owner.merchant)
    live = create_key(actor=actor_of(coder, livemode=True), name="z", scopes=["payments:read"])

    people.change_member(actor=actor_of(owner), user_id=coder.user.public_id, is_active=False)

    assert tokens.actor_of_token(here) is None
    assert tokens.actor_of_token(there) is not None
    assert [actor_of_key(key.secret, address=None) for key in (made, child, live)] == [None] * 3
    assert actor_of_key(kept.secret, address=None) is not None
    assert told().count("api_key.revoked") == 3
    assert told()[-1] == "user.disabled"

    people.change_member(actor=actor_of(owner), user_id=coder.user.public_id, is_active=True)
    assert told()[-1] == "member.changed"
    assert tokens.actor_of_token(here) is None
    assert actor_of_key(made.secret, address=None) is None


def test_removing_a_member_ends_tokens_and_keys() -> None:
    owner = new_member()
    coder = new_member(merchant=owner.merchant, role="developer")
    token = access_token(coder)
    made = create_key(actor=actor_of(coder), name="x", scopes=["payments:read"])
    people.remove_member(actor=actor_of(owner), user_id=coder.user.public_id)
    assert tokens.actor_of_token(token) is None
    assert actor_of_key(made.secret, address=None) is None
    assert User.objects.filter(pk=coder.user.pk).exists()
    assert told() == ["api_key.created", "api_key.revoked", "member.removed"]


def test_the_platform_disables_a_person_everywhere() -> None:
    member = new_member()
    Membership.objects.create(user=member.user, merchant=new_merchant(), role=member.role, created_at=member.created_at)
    token = access_token(member)
    made = create_key(actor=actor_of(member), name="x", scopes=["payments:read"])
    platform = Actor.platform("test")
    people.disable_user(actor=platform, user=member.user)
    people.disable_user(actor=platform, user=member.user)
    assert tokens.actor_of_token(token) is None
    assert actor_of_key(made.secret, address=None) is None
    assert ApiKey.objects.get().revoked_at is not None
    assert SignInFamily.objects.get().revoked_at is not None
    assert told().count("user.disabled") == 2
    people.enable_user(actor=platform, user=member.user)
    assert tokens.actor_of_token(token) is None
    assert told().count("user.enabled") == 2


def test_a_merchant_cannot_disable_a_person() -> None:
    member = new_member()
    with pytest.raises(ScopeMissing):
        people.disable_user(actor=actor_of(member), user=member.user)
    member.user.refresh_from_db()
    assert member.user.is_active
