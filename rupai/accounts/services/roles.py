"""The built-in roles: kept in the database as ``scopes.ROLES`` says."""

from rupai.accounts.models import Role
from rupai.accounts.scopes import ROLES
from rupai.accounts.services.keys import ScopesTooWide
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput

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
