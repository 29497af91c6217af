"""Access and refresh tokens: all that descend from one sign-in are a family, and end together."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F, QuerySet
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from rupai.accounts.models import Membership, SignInFamily, User
from rupai.core import clock, crypto
from rupai.core.actor import Actor
from rupai.core.errors import DomainError


class InvalidToken(DomainError):
    """Expired, spent, revoked, or never ours: the holder has to sign in again."""

    code, status = "invalid_token", 401
    hint = "Sign in again at /api/v1/auth/token."

    def __init__(self) -> None:
        super().__init__("The refresh token is not valid any more")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a refresh answers; ``expires_in`` is of the access token, in seconds."""

    access: str
    refresh: str
    expires_in: int
    membership: Membership
    livemode: bool


class _Refresh(RefreshToken):
    """A refresh token whose reuse is noticed when it is spent; while it is read nobody knows the family yet."""

    def check_blacklist(self) -> None:
        return None


def issue(*, user: User, membership: Membership, livemode: bool) -> TokenPair:
    """Begin a family for one merchant and mode."""
    now = clock.now()
    with transaction.atomic():
        family = SignInFamily.objects.create(
            user=user,
            merchant_id=membership.merchant_id,
            livemode=livemode,
            auth_hash=user.get_session_auth_hash(),
            created_at=now,
            expires_at=now,
        )
        return _pair(family, membership)


def refresh(*, token: str) -> TokenPair:
    """Replace a refresh token by a new pair.

    A token that was replaced before ends the whole family: somebody else has it, and nobody can tell who is who.

    :raises InvalidToken: when the token is not valid, or was used before.
    """
    read, key = _read(_Refresh, token)
    pair = None
    with transaction.atomic():
        family = _living(key).first()
        if family is not None and _same_password(family):
            if _spend(str(read["jti"])):
                places = Membership.objects.select_related("merchant", "role")
                pair = _pair(family, places.get(user_id=family.user_id, merchant_id=family.merchant_id))
            else:
                revoke(SignInFamily.objects.filter(pk=family.pk))
    if pair is None:
        raise InvalidToken
    return pair


def end(*, token: str) -> None:
    """Sign out: the refresh token is spent and its family ends, access tokens included; twice is no error.

    :raises InvalidToken: when the token is expired or not ours.
    """
    read, key = _read(_Refresh, token)
    with transaction.atomic():
        revoke(SignInFamily.objects.filter(pk=key))
        _spend(str(read["jti"]))


def revoke(families: QuerySet[SignInFamily]) -> int:
    """End families at once; tell how many were alive."""
    return families.filter(revoked_at__isnull=True).update(revoked_at=clock.now())


def actor_of_token(value: str) -> tuple[User, Actor] | None:
    """Authenticate an access token in one query; None unless token, family, person, member and merchant are good."""
    try:
        read, key = _read(AccessToken, value)
    except InvalidToken:
        return None
    family = _living(key).annotate(granted=F("user__memberships__role__scopes")).first()
    if family is None or not _same_password(family):
        return None
    if read.get("mode") != _mode(family) or read.get("sub") != str(family.user_id):
        return None
    user, scopes = family.user, frozenset(family.granted)
    return user, Actor("user", user.public_id, family.merchant_id, family.livemode, scopes, "rest", user.name)


def forget_old(*, limit: int = 5000) -> int:
    """Delete refresh tokens and families that ended by themselves; tell how many."""
    now = clock.now()
    count = 0
    for rows in (OutstandingToken.objects, SignInFamily.objects):
        old = rows.filter(expires_at__lte=now).order_by("expires_at").values_list("pk", flat=True)[:limit]
        count += rows.filter(pk__in=list(old)).delete()[0]
    return count


def _living(key: uuid.UUID) -> QuerySet[SignInFamily]:
    """The family, if the person, the place at the merchant and the merchant are all active at this moment."""
    return SignInFamily.objects.select_related("user").filter(
        pk=key,
        revoked_at__isnull=True,
        user__is_active=True,
        merchant__is_active=True,
        user__memberships__merchant_id=F("merchant_id"),
        user__memberships__is_active=True,
    )


def _same_password(family: SignInFamily) -> bool:
    return crypto.same(family.auth_hash, family.user.get_session_auth_hash())


def _mode(family: SignInFamily) -> str:
    return "live" if family.livemode else "test"


def _read(kind: type[Token], value: str) -> tuple[Token, uuid.UUID]:
    try:
        read = kind(value)  # type: ignore[arg-type]  # the library annotates the text as a token
        return read, uuid.UUID(str(read["family"]))
    except (TokenError, KeyError, ValueError):
        raise InvalidToken from None


def _spend(identifier: str) -> bool:
    """Mark a refresh token as used; False when it was before. A token that is no more on file counts as used."""
    token = OutstandingToken.objects.filter(jti=identifier).first()
    return token is not None and BlacklistedToken.objects.get_or_create(token=token)[1]


def _pair(family: SignInFamily, membership: Membership) -> TokenPair:
    made = _Refresh()
    made["sub"] = str(family.user_id)
    made["family"] = family.pk.hex
    made["merchant"] = membership.merchant.public_id
    made["mode"] = _mode(family)
    ends = datetime.fromtimestamp(made["exp"], UTC)
    # The library would keep the token itself; its id is enough to know it again.
    OutstandingToken.objects.create(
        user_id=family.user_id, jti=made["jti"], token="", created_at=clock.now(), expires_at=ends
    )
    SignInFamily.objects.filter(pk=family.pk).update(expires_at=ends)
    lifetime = int(AccessToken.lifetime.total_seconds())
    return TokenPair(str(made.access_token), str(made), lifetime, membership, family.livemode)
