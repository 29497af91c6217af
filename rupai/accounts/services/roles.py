"""Roles: the built-in ones, kept as ``scopes.ROLES`` says, and those that a merchant makes for itself."""

from django.db import transaction

from rupai.accounts.models import Role
from rupai.accounts.scopes import ROLES
from rupai.accounts.services import streams
from rupai.accounts.services.keys import ScopesTooWide
from rupai.core import events
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput, WrongState

OWNER = "owner"


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
    """
    actor.require("users:write")
    require_reach(actor, role)
    with transaction.atomic():
        before = Role.objects.select_for_update().filter(pk=role.pk, merchant_id=actor.merchant).first()
        if before is not None:
            require_reach(actor, before)
        role.merchant_id = actor.merchant
        role.scopes = sorted(set(role.scopes))
        role.save()
        old = _public(before) if before is not None else {}
        new = _public(role)
        changes = {field: [old[field], new[field]] for field in old if old[field] != new[field]}
        if before is None or changes:
            type = "role.created" if before is None else "role.changed"
            events.emit(type, subject=streams.of_role(role, actor), actor=actor, data=new, changes=changes)


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
