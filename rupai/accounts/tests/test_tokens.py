"""Token families: refresh rotates, reuse and sign-out end everything, and a lost right ends the token at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from rupai.accounts.models import Membership, Role, SignInFamily
from rupai.accounts.services import tokens
from rupai.accounts.services.tokens import InvalidToken, TokenPair, actor_of_token
from rupai.accounts.tests.factories import at_once, new_member, new_merchant
from rupai.core import clock

pytestmark = pytest.mark.django_db


def sign_in(member: Membership, *, livemode: bool = False) -> TokenPair:
    return tokens.issue(user=member.user, membership=member, livemode=livemode)


def forge(pair: TokenPair, *, key: str = settings.JWT_SECRET_KEY, **claims: Any) -> str:
    payload = jwt.decode(pair.access, options={"verify_signature": False})
    return jwt.encode({**payload, **claims}, key, algorithm="HS256")


def test_an_access_token_is_an_actor_of_one_merchant_and_mode_in_one_query() -> None:
    member = new_member(role="viewer", name="Ann")
    new_member(merchant=member.merchant)
    Membership.objects.create(
        user=member.user, merchant=new_merchant(), role=Role.objects.get(name="owner"), created_at=clock.now()
    )
    pair = sign_in(member, livemode=True)
    with CaptureQueriesContext(connection) as queries:
        found = actor_of_token(pair.access)
    assert len(queries) == 1
    assert found is not None
    user, actor = found
    assert user == member.user
    assert (actor.kind, actor.id, actor.name) == ("user", member.user.public_id, "Ann")
    assert (actor.merchant_id, actor.livemode) == (member.merchant_id, True)
    assert actor.scopes == frozenset(member.role.scopes)


def test_an_access_token_lives_a_quarter_of_an_hour() -> None:
    pair = sign_in(new_member())
    payload = jwt.decode(pair.access, options={"verify_signature": False})
    assert pair.expires_in == 900
    # The library takes the two moments one after the other.
    assert 899 <= payload["exp"] - payload["iat"] <= 900


def test_the_database_keeps_no_token() -> None:
    pair = sign_in(new_member())
    assert list(OutstandingToken.objects.values_list("token", flat=True)) == [""]
    tokens.refresh(token=pair.refresh)
    assert set(OutstandingToken.objects.values_list("token", flat=True)) == {""}


def test_a_forged_token_is_nobody() -> None:
    member, other = new_member(), new_member()
    pair = sign_in(member)
    past = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp())
    unsigned = jwt.encode(jwt.decode(pair.access, options={"verify_signature": False}), "", algorithm="none")
    for wrong in [
        forge(pair, key="another-key-of-sufficient-length-0123456789"),
        unsigned,
        forge(pair, exp=past),
        forge(pair, iss="another"),
        forge(pair, aud="another"),
        forge(pair, token_type="refresh"),
        forge(pair, mode="live"),
        forge(pair, sub=str(other.user.pk)),
        forge(pair, family="0" * 32),
        forge(pair, family="no family"),
        pair.refresh,
        "",
        "a.b.c",
        "é",
    ]:
        assert actor_of_token(wrong) is None, wrong
    assert actor_of_token(forge(pair)) is not None


def test_refreshing_gives_a_new_pair_and_ends_the_old_refresh_token() -> None:
    first = sign_in(new_member(), livemode=True)
    second = tokens.refresh(token=first.refresh)
    assert second.livemode
    assert actor_of_token(first.access) is not None
    assert actor_of_token(second.access) is not None
    assert tokens.refresh(token=second.refresh).access != second.access


def test_a_refresh_token_used_twice_ends_the_whole_family() -> None:
    member = new_member()
    first, elsewhere = sign_in(member), sign_in(member)
    second = tokens.refresh(token=first.refresh)
    with pytest.raises(InvalidToken):
        tokens.refresh(token=first.refresh)
    with pytest.raises(InvalidToken):
        tokens.refresh(token=second.refresh)
    assert actor_of_token(first.access) is None
    assert actor_of_token(second.access) is None
    assert actor_of_token(elsewhere.access) is not None


def test_signing_out_ends_access_tokens_at_once() -> None:
    first = sign_in(new_member())
    second = tokens.refresh(token=first.refresh)
    tokens.end(token=second.refresh)
    tokens.end(token=second.refresh)
    assert actor_of_token(first.access) is None
    assert actor_of_token(second.access) is None
    with pytest.raises(InvalidToken):
        tokens.refresh(token=second.refresh)
    with pytest.raises(InvalidToken):
        tokens.end(token=second.access)


def disable(member: Membership) -> None:
    member.user.is_active = False
    member.user.save()


def switch_off(member: Membership) -> None:
    member.is_active = False
    member.save()


def remove(member: Membership) -> None:
    member.delete()


def close_merchant(member: Membership) -> None:
    member.merchant.is_active = False
    member.merchant.save()


def change_password(member: Membership) -> None:
    member.user.set_password("another good password")
    member.user.save()


@pytest.mark.parametrize("lose", [disable, switch_off, remove, close_merchant, change_password])
def test_who_loses_the_right_loses_both_tokens_at_once(lose: Callable[[Membership], None]) -> None:
    member = new_member()
    pair = sign_in(member)
    lose(member)
    assert actor_of_token(pair.access) is None
    with pytest.raises(InvalidToken):
        tokens.refresh(token=pair.refresh)


def test_another_role_counts_from_the_next_request_on() -> None:
    member = new_member()
    pair = sign_in(member)
    member.role = Role.objects.get(name="viewer")
    member.save()
    found = actor_of_token(pair.access)
    assert found is not None
    assert not found[1].may("payments:write")


def test_a_place_elsewhere_does_not_keep_a_removed_member_here() -> None:
    member = new_member(role="viewer")
    elsewhere = Membership.objects.create(
        user=member.user, merchant=new_merchant(), role=Role.objects.get(name="owner"), created_at=clock.now()
    )
    here, there = sign_in(member), sign_in(elsewhere)
    member.delete()
    assert actor_of_token(here.access) is None
    with pytest.raises(InvalidToken):
        tokens.refresh(token=here.refresh)
    assert actor_of_token(there.access) is not None


@pytest.mark.django_db(transaction=True)
def test_one_refresh_token_used_by_six_at_once_leaves_nobody_inside() -> None:
    pair = sign_in(new_member())
    results = at_once(6, lambda _: tokens.refresh(token=pair.refresh))
    won = [result for result in results if isinstance(result, TokenPair)]
    assert len(won) == 1
    assert sum(isinstance(result, InvalidToken) for result in results) == 5
    assert actor_of_token(won[0].access) is None
    assert SignInFamily.objects.get().revoked_at is not None


def test_ended_families_and_tokens_are_deleted_and_living_ones_stay() -> None:
    ended, living = sign_in(new_member()), sign_in(new_member())
    payload = jwt.decode(ended.access, options={"verify_signature": False})
    SignInFamily.objects.filter(pk=payload["family"]).update(expires_at=clock.now())
    OutstandingToken.objects.filter(user=ended.membership.user).update(expires_at=clock.now())
    assert tokens.forget_old() == 2
    assert actor_of_token(living.access) is not None
    assert tokens.refresh(token=living.refresh)
