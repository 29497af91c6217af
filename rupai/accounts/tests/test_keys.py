"""API keys: shown once, of one mode, never wider than their maker, and dead the moment they are revoked."""

from datetime import timedelta

import pytest

from rupai.accounts.models import ApiKey
from rupai.accounts.services.authenticate import actor_of_key
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.accounts.services.keys import create_key, revoke_key, rotate_key
from rupai.accounts.tests.factories import new_key, new_merchant, owner_of
from rupai.core import clock
from rupai.core.errors import InvalidInput, NotFound, ScopeMissing, WrongState
from rupai.core.models import Event

pytestmark = pytest.mark.django_db


def test_a_new_key_authenticates_for_its_merchant_and_mode() -> None:
    merchant = new_merchant()
    made = new_key(merchant, scopes=frozenset({"payments:read"}), livemode=True)
    assert made.secret.startswith("rk_live_")
    actor = actor_of_key(made.secret, address="192.0.2.7")
    assert actor is not None
    assert (actor.kind, actor.id, actor.merchant_id, actor.livemode) == ("key", made.key.public_id, merchant.pk, True)
    assert actor.scopes == {"payments:read"}
    kept = ApiKey.objects.get()
    assert kept.last_used_at is not None
    assert kept.last_used_address == "192.0.2.7"


def test_neither_row_nor_event_holds_the_secret() -> None:
    made = new_key(new_merchant())
    secret = made.secret.rsplit("_", 1)[1]
    row = ApiKey.objects.values().get()
    event = Event.objects.get(type="api_key.created")
    assert secret not in str(row)
    assert secret not in str((event.data, event.changes))
    assert event.data["last4"] == secret[-4:]


def test_wrong_values_are_nobody() -> None:
    made = new_key(new_merchant())
    head, secret = made.secret.rsplit("_", 1)
    for wrong in [
        f"{head}_{'0' * 48}",
        made.secret.replace("rk_test", "rk_live"),
        made.secret + "0",
        f"rk_test_{'0' * 22}_{secret}",
        f"rk_test_{'z' * 22}_{secret}",
        "rk_test__",
        "rk_",
        "rk_test_é_ü",
    ]:
        assert actor_of_key(wrong, address=None) is None, wrong


def test_a_key_ends_with_its_time_its_merchant_and_its_revocation() -> None:
    merchant = new_merchant()
    actor = owner_of(merchant)
    short = create_key(actor=actor, name="x", scopes=["payments:read"], expires_at=clock.now() + timedelta(hours=1))
    with clock.at(clock.now() + timedelta(hours=1)):
        assert actor_of_key(short.secret, address=None) is None
    other = new_key(merchant)
    revoke_key(actor=actor, key_id=other.key.public_id)
    revoke_key(actor=actor, key_id=other.key.public_id)
    assert actor_of_key(other.secret, address=None) is None
    assert Event.objects.filter(type="api_key.revoked").count() == 1
    merchant.is_active = False
    merchant.save()
    assert actor_of_key(short.secret, address=None) is None


def test_nobody_hands_out_more_than_they_have() -> None:
    merchant = new_merchant()
    narrow = owner_of(merchant, scopes=frozenset({"api_keys:write", "payments:read"}))
    with pytest.raises(ScopesTooWide) as refusal:
        create_key(actor=narrow, name="x", scopes=["payments:read", "refunds:write"])
    assert refusal.value.details == {"scopes": ["refunds:write"]}
    with pytest.raises(ScopesTooWide):
        create_key(actor=owner_of(merchant), name="x", scopes=["users:write"])
    with pytest.raises(ScopeMissing):
        create_key(actor=owner_of(merchant, scopes=frozenset({"payments:read"})), name="x", scopes=["payments:read"])
    with pytest.raises(InvalidInput):
        create_key(actor=owner_of(merchant), name="x", scopes=["payments:read"], expires_at=clock.now())
    assert not ApiKey.objects.exists()
    assert not Event.objects.exists()


def test_a_rotated_key_works_until_the_overlap_ends() -> None:
    merchant = new_merchant()
    actor, old = owner_of(merchant), new_key(merchant)
    now = clock.now()
    with clock.at(now):
        new = rotate_key(actor=actor, key_id=old.key.public_id, overlap=timedelta(hours=1))
        with pytest.raises(WrongState):
            rotate_key(actor=actor, key_id=old.key.public_id, overlap=timedelta(hours=1))
    with clock.at(now + timedelta(minutes=59)):
        assert actor_of_key(old.secret, address=None) is not None
    with clock.at(now + timedelta(minutes=60)):
        assert actor_of_key(old.secret, address=None) is None
        found = actor_of_key(new.secret, address=None)
    assert found is not None
    assert found.scopes == frozenset(old.key.scopes)


def test_without_overlap_the_old_key_ends_at_once() -> None:
    merchant = new_merchant()
    old = new_key(merchant)
    rotate_key(actor=owner_of(merchant), key_id=old.key.public_id, overlap=timedelta(0))
    assert actor_of_key(old.secret, address=None) is None


def test_an_overlap_is_at_most_a_week() -> None:
    merchant = new_merchant()
    old = new_key(merchant)
    with pytest.raises(InvalidInput):
        rotate_key(actor=owner_of(merchant), key_id=old.key.public_id, overlap=timedelta(days=7, seconds=1))
    assert ApiKey.objects.count() == 1


def test_keys_of_another_merchant_or_mode_do_not_exist() -> None:
    merchant = new_merchant()
    made = new_key(merchant)
    for stranger in (owner_of(new_merchant()), owner_of(merchant, livemode=True)):
        with pytest.raises(NotFound):
            revoke_key(actor=stranger, key_id=made.key.public_id)
        with pytest.raises(NotFound):
            rotate_key(actor=stranger, key_id=made.key.public_id, overlap=timedelta(0))
    assert actor_of_key(made.secret, address=None) is not None
