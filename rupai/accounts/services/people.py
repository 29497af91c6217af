"""Members of a merchant: invited, given another role, switched off, removed."""

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from rupai.accounts import selectors
from rupai.accounts.models import Membership, Merchant, SignInFamily, User
from rupai.accounts.services import agent_keys, agents, keys, roles, streams, tokens
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import Conflict


class AlreadyMember(Conflict):
    code = "already_member"


class LastOwner(Conflict):
    """A merchant without an owner could never be given one again by itself."""

    code = "last_owner"
    hint = "Make another member owner first."


def create_user(*, email: str, name: str = "") -> User:
    """Find or create the person behind an e-mail address; a new one has no password until they set it."""
    address = email.strip().lower()
    user = User(email=address, name=name, joined_at=clock.now())
    user.set_unusable_password()
    # Two invitations of one person at once must not be an error for either.
    User.objects.bulk_create([user], ignore_conflicts=True)
    return User.objects.get(email=address)


def invite_member(*, actor: Actor, email: str, role: str, name: str = "", console: bool = False) -> Membership:
    """Give a person a place at the actor's merchant; ``console`` lets somebody who is new here enter the console, too.

    Whether somebody known may enter it stays the platform's decision.

    :raises AlreadyMember: when they have one.
    :raises ScopesTooWide: when the role may do more than the actor.
    """
    actor.require("users:write")
    with transaction.atomic():
        merchant = _locked(actor)
        given = roles.role_named(role, actor=actor)
        user = create_user(email=email, name=name)
        if Membership.objects.filter(user=user, merchant=merchant).exists():
            raise AlreadyMember("This person is a member already", user=user.public_id)
        if console and is_new(user):
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        member = Membership.objects.create(user=user, merchant=merchant, role=given, created_at=clock.now())
        events.emit("member.added", subject=streams.of_member(member, actor), actor=actor, data=public(member))
        return member


def change_member(*, actor: Actor, user_id: str, role: str | None = None, is_active: bool | None = None) -> Membership:
    """Give a member another role, or switch their place off or on; what is None stays.

    Switching off ends the person's tokens for this merchant, the keys that they made and the agents that they own.

    :raises LastOwner: when no active owner would be left.
    :raises ScopesTooWide: when the old or new role may do more than the actor.
    """
    actor.require("users:write")
    with transaction.atomic():
        merchant = _locked(actor)
        member = selectors.member(actor=actor, user_id=user_id)
        roles.require_reach(actor, member.role)
        changes: dict[str, list[object]] = {}
        if role is not None and role != member.role.name:
            changes["role"] = [member.role.name, role]
            member.role = roles.role_named(role, actor=actor)
        if is_active is not None and is_active != member.is_active:
            changes["is_active"] = [member.is_active, is_active]
            member.is_active = is_active
        if not changes:
            return member
        member.save(update_fields=["role", "is_active"])
        _require_owner(merchant)
        if changes.get("is_active") == [True, False]:
            _end_access(member, actor)
        type = "user.disabled" if changes.get("is_active") == [True, False] else "member.changed"
        subject = streams.of_member(member, actor)
        events.emit(type, subject=subject, actor=actor, data=public(member), changes=changes)
        return member


def remove_member(*, actor: Actor, user_id: str) -> None:
    """Take a person's place away; their tokens for this merchant, keys that they made and their agents end at once.

    :raises LastOwner: when no active owner would be left.
    :raises ScopesTooWide: when the member may do more than the actor.
    """
    actor.require("users:write")
    with transaction.atomic():
        merchant = _locked(actor)
        member = selectors.member(actor=actor, user_id=user_id)
        roles.require_reach(actor, member.role)
        data, subject = public(member), streams.of_member(member, actor)
        _end_access(member, actor)
        member.delete()
        _require_owner(merchant)
        events.emit("member.removed", subject=subject, actor=actor, data=data)


def disable_user(*, actor: Actor, user: User) -> None:
    """Close a person's account everywhere: sessions, tokens, the keys that they made and their agents end at once.

    Only the platform may; a merchant switches off its own member instead.

    :raises ScopeMissing: when the actor is not the platform.
    """
    _set_active(actor, user, active=False)


def enable_user(*, actor: Actor, user: User) -> None:
    """Open a person's account again; ended tokens and keys stay ended.

    :raises ScopeMissing: when the actor is not the platform.
    """
    _set_active(actor, user, active=True)


def is_new(user: User) -> bool:
    """Whether nobody stands behind an account yet: it has no password and no place, and was never used."""
    unused = not user.has_usable_password() and user.last_login is None
    return unused and not Membership.objects.filter(user=user).exists()


def password_token(user: User) -> tuple[str, str]:
    """The two parts of a link by which a person sets their password once: who, and Django's reset token."""
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def public(member: Membership) -> dict[str, object]:
    """What an event may tell of a member: no personal data."""
    return {"id": member.user.public_id, "role": member.role.name, "is_active": member.is_active}


def _set_active(actor: Actor, user: User, *, active: bool) -> None:
    actor.require("*")
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.is_active == active:
            return
        locked.is_active = active
        locked.save(update_fields=["is_active"])
        user.is_active = active
        type = "user.enabled" if active else "user.disabled"
        for member in Membership.objects.select_related("user", "role").filter(user=user).order_by("pk"):
            if not active:
                _end_access(member, actor)
            subject = streams.of_member(member, actor)
            events.emit(type, subject=subject, actor=actor, data=public(member))


def _locked(actor: Actor) -> Merchant:
    """The actor's merchant, so that two who change its members wait for each other; payments do not wait for it."""
    return Merchant.objects.select_for_update(no_key=True).get(pk=actor.merchant)


def _require_owner(merchant: Merchant) -> None:
    owners = Membership.objects.filter(merchant=merchant, is_active=True, user__is_active=True)
    if not owners.filter(role__name=roles.OWNER, role__merchant=None).exists():
        raise LastOwner("The merchant needs an owner")


def _end_access(member: Membership, actor: Actor) -> None:
    tokens.revoke(SignInFamily.objects.filter(user_id=member.user_id, merchant_id=member.merchant_id))
    maker, merchant = member.user.public_id, member.merchant_id
    keys.revoke_keys_made_by(actor=actor, maker=maker, merchant_id=merchant)
    agent_keys.revoke_agent_keys_made_by(actor=actor, maker=maker, merchant_id=merchant)
    agents.kill_agents_of(actor=actor, owner=member.user, merchant_id=merchant)
