"""Roles: the built-in ones, kept as ``scopes.ROLES`` says, and those that a merchant makes for itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from rupai.accounts import selectors
from rupai.accounts.models import Role
from rupai.accounts.scopes import ROLES, SCOPES
from rupai.accounts.services import streams
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.core import events
from rupai.core.actor import Actor
from rupai.core.errors import Conflict, InvalidInput, NotFound, WrongState

OWNER = "owner"


class RoleChanged(Conflict):
    """Somebody else changed a role between the look at the difference and the saving."""

    code = "role_changed"
    hint = "Look at the roles as they are now, and decide again."


@dataclass(frozen=True, slots=True)
class RoleDiff:
    """What would change in one role; ``people`` is how many active members have it."""

    role: Role
    added: list[str]
    removed: list[str]
    people: int


def ensure_built_in_roles(*, using: str = "default") -> None:
    """Create the built-in roles that are missing and correct those whose scopes differ; twice changes nothing."""
    built_in = Role.objects.using(using).filter(merchant=None)
    found = {role.name: role for role in built_in}
    for name, scopes in ROLES.items():
        wanted = sorted(scopes)
        if name not in found:
            Role.objects.using(using).bulk_create([Role(name=name, scopes=wanted)], ignore_conflicts=True)
        elif found[name].scopes != wanted:
            built_in.filter(name=name).update(scopes=wanted)


def save_role(*, actor: Actor, role: Role) -> None:
    """Create or change a merchant's own role; its members have the new scopes from their next request on.

    :raises ScopesTooWide: when the role could do more than the actor, before or after.
    :raises Conflict: when a role of this name exists.
    """
    actor.require("users:write")
    require_reach(actor, role)
    with transaction.atomic():
        before = Role.objects.select_for_update().filter(pk=role.pk, merchant_id=actor.merchant).first()
        if before is not None:
            require_reach(actor, before)
        role.merchant_id = actor.merchant
        role.scopes = sorted(set(role.scopes))
        if selectors.roles(actor).filter(name__iexact=role.name).exclude(pk=role.pk).exists():
            raise Conflict(f"There is a role called {role.name!r} already")
        role.save()
        old = _public(before) if before is not None else {}
        new = _public(role)
        changes = {field: [old[field], new[field]] for field in old if old[field] != new[field]}
        if before is None or changes:
            type = "role.created" if before is None else "role.changed"
            events.emit(type, subject=streams.of_role(role, actor), actor=actor, data=new, changes=changes)


def with_people(actor: Actor) -> QuerySet[Role]:
    """The roles of the actor's merchant, built-in ones first, each with its number of active members there."""
    active = Count("memberships", Q(memberships__merchant_id=actor.merchant, memberships__is_active=True))
    return selectors.roles(actor).annotate(people=active).order_by("merchant_id", "name").distinct()


def difference(*, actor: Actor, wanted: Mapping[UUID, set[str]]) -> list[RoleDiff]:
    """What the wanted scopes would change in the merchant's own roles; unchanged roles are left out.

    :raises NotFound: when a role is not the merchant's own.
    :raises InvalidInput: when a scope does not exist.
    """
    actor.require("users:write")
    own = {role.pk: role for role in with_people(actor) if role.merchant_id is not None}
    if wanted.keys() - own.keys():
        raise NotFound("There is no such role of this merchant")
    unknown = sorted(set().union(*wanted.values()) - SCOPES.keys())
    if unknown:
        raise InvalidInput(f"Unknown scopes: {', '.join(unknown)[:200]}")
    found = []
    for role in own.values():
        before, after = set(role.scopes), wanted.get(role.pk, set(role.scopes))
        if before != after:
            people: int = role.people  # type: ignore[attr-defined]  # annotated by with_people
            found.append(RoleDiff(role, sorted(after - before), sorted(before - after), people))
    return found


def change_scopes(*, actor: Actor, wanted: Mapping[UUID, tuple[set[str], set[str]]]) -> list[Role]:
    """Give roles other scopes, all or none; ``wanted`` maps a role to the scopes seen before and those it shall have.

    :raises RoleChanged: when a role has other scopes than were seen.
    :raises ScopesTooWide: when a role could do more than the actor, before or after.
    """
    actor.require("users:write")
    with transaction.atomic():
        locked = Role.objects.select_for_update().filter(pk__in=wanted, merchant_id=actor.merchant).order_by("pk")
        found = list(locked)
        if len(found) != len(wanted):
            raise NotFound("There is no such role of this merchant")
        for role in found:
            seen, scopes = wanted[role.pk]
            if set(role.scopes) != seen:
                raise RoleChanged(f"The role {role.name} has been changed meanwhile")
            role.scopes = sorted(scopes)
            save_role(actor=actor, role=role)
        return found


def delete_role(*, actor: Actor, role: Role) -> None:
    """Delete a merchant's own role that nobody has.

    :raises ScopesTooWide: when the role can do more than the actor.
    :raises WrongState: when members have it.
    """
    actor.require("users:write")
    require_reach(actor, role)
    if role.memberships.exists():
        raise WrongState("Members have this role", hint="Give them another role first.")
    with transaction.atomic():
        subject = streams.of_role(role, actor)
        events.emit("role.deleted", subject=subject, actor=actor, data=_public(role))
        role.delete()


def role_named(name: str, *, actor: Actor) -> Role:
    """A role that the actor may hand out: a built-in one, or one of its own merchant.

    :raises InvalidInput: when there is none of this name.
    :raises ScopesTooWide: when the role could do more than the actor.
    """
    roles = Role.objects.filter(name=name)
    role = roles.filter(merchant=None).first() or roles.filter(merchant_id=actor.merchant).first()
    if role is None:
        known = ", ".join(ROLES)
        raise InvalidInput(
            f"There is no role {name[:40]!r}",
            hint=f"Built-in roles: {known}.",
            errors=[{"pointer": "/role", "code": "unknown_role", "message": "There is no such role."}],
        )
    require_reach(actor, role)
    return role


def require_reach(actor: Actor, role: Role) -> None:
    """Refuse an actor who has not all scopes of a role.

    :raises ScopesTooWide: naming the scopes.
    """
    beyond = sorted(scope for scope in role.scopes if not actor.may(scope))
    if beyond:
        hint = "Nobody can hand out, change or take away a role that may do more than they may themselves."
        raise ScopesTooWide(f"The role {role.name} has scopes that you do not have", hint=hint, scopes=beyond)


def _public(role: Role) -> dict[str, object]:
    return {"name": role.name, "scopes": role.scopes}
