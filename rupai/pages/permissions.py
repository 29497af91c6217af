"""The permission matrix: every scope of every role; a merchant changes its own roles after a look at the difference."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.accounts import selectors
from rupai.accounts.models import Membership, Role
from rupai.accounts.scopes import SCOPES
from rupai.accounts.services import roles
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.pages.once import said
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page

READ, WRITE = "users:read", "users:write"
_MOST_NAMED = 12
menu(
    MenuItem(title="Roles", icon="user-lock", url_name="accounts_permissions", group="Configure", order=20, scope=READ)
)


@page("accounts/permissions/", name="accounts_permissions", scope=READ)
def matrix(request: HttpRequest) -> HttpResponse:
    """Show the matrix; a post shows what would change, makes a role, or saves what was shown."""
    actor = actor_of(request)
    if request.method != "POST":
        return _shown(request, actor)
    try:
        if request.POST.get("step") == "create":
            return _create(request, actor)
        wanted = _wanted(request)
        if request.POST.get("step") == "save":
            return _save(request, actor, wanted)
        return _review(request, actor, wanted)
    except DomainError as refusal:
        messages.error(request, said(refusal))
        return HttpResponseRedirect(reverse("admin:accounts_permissions"))


@page("accounts/permissions/<uuid:role_id>/delete/", name="accounts_permissions_delete", scope=WRITE)
def delete(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Ask, then delete a role that nobody has."""
    actor = actor_of(request)
    own = selectors.roles(actor).exclude(merchant=None) if actor.merchant_id is not None else Role.objects.none()
    role = own.filter(pk=role_id).first()
    if role is None:
        raise Http404("No such role of this merchant")
    back = reverse("admin:accounts_permissions")
    if request.method == "POST":
        try:
            roles.delete_role(actor=actor, role=role)
        except DomainError as refusal:
            messages.error(request, said(refusal))
        else:
            messages.success(request, f"The role {role.name} is deleted.")
        return HttpResponseRedirect(back)
    context = {
        "lead": "Only a role that nobody has can be deleted.",
        "verb": "Delete the role",
        "icon": "trash-2",
        "danger": True,
        "back": back,
        "facts": [("Role", role.name), ("Scopes", ", ".join(role.scopes) or "none")],
    }
    return render_page(request, "core/confirm.html", context, title=f"Delete {role.name}?")


def _shown(request: HttpRequest, actor: Actor) -> HttpResponse:
    merchant = place_of(request).merchant
    found = _columns(actor)
    context = {
        "merchant": merchant,
        "roles": found,
        "own": [role for role in found if role.merchant_id],
        "groups": _rows(found),
        "may_write": merchant is not None and actor.may(WRITE),
    }
    return render_page(request, "accounts/permissions.html", context, title="Roles")


def _columns(actor: Actor) -> list[Any]:
    """The roles of the place; without a merchant the built-in ones."""
    if actor.merchant_id is None:
        return list(Role.objects.filter(merchant=None).order_by("name"))
    found = list(roles.with_people(actor))
    return sorted(found, key=lambda role: (role.merchant_id is not None, role.name.lower()))


def _rows(columns: list[Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Scopes by what they are about, each with a cell for every role."""
    names = sorted(SCOPES, key=lambda scope: (list(SCOPES).index(_first_of(scope)), list(SCOPES).index(scope)))
    return [
        (
            noun.replace("_", " ").capitalize().replace("Api", "API"),
            [
                {
                    "scope": scope,
                    "meaning": SCOPES[scope],
                    "cells": [{"role": role, "has": scope in role.scopes} for role in columns],
                }
                for scope in scopes
            ],
        )
        for noun, scopes in groupby(names, key=lambda scope: scope.partition(":")[0])
    ]


def _first_of(scope: str) -> str:
    noun = scope.partition(":")[0]
    return next(name for name in SCOPES if name.partition(":")[0] == noun)


def _wanted(request: HttpRequest) -> dict[UUID, tuple[set[str], set[str]]]:
    """What was posted: for each role the scopes that were seen, and those that were ticked."""
    found = {}
    for text in request.POST.getlist("role"):
        try:
            key = UUID(text)
        except ValueError:
            raise Http404("No such role") from None
        seen = set(filter(None, request.POST.get(f"seen:{text}", "").split(",")))
        found[key] = (seen, set(request.POST.getlist(f"scope:{text}")))
    return found


def _review(request: HttpRequest, actor: Actor, wanted: dict[UUID, tuple[set[str], set[str]]]) -> HttpResponse:
    diffs = roles.difference(actor=actor, wanted={key: after for key, (_, after) in wanted.items()})
    if not diffs:
        messages.info(request, "Nothing is different.")
        return HttpResponseRedirect(reverse("admin:accounts_permissions"))
    context = {
        "diffs": [
            {
                "role": diff.role,
                "added": [(scope, SCOPES[scope]) for scope in diff.added],
                "removed": [(scope, SCOPES.get(scope, "")) for scope in diff.removed],
                "people": diff.people,
                "names": _names(diff.role, actor),
                "seen": ",".join(sorted(wanted[diff.role.pk][0])),
                "scopes": sorted(wanted[diff.role.pk][1]),
            }
            for diff in diffs
        ],
        "people": sum(diff.people for diff in diffs),
    }
    return render_page(request, "accounts/permissions_review.html", context, title="Save these changes?")


def _save(request: HttpRequest, actor: Actor, wanted: dict[UUID, tuple[set[str], set[str]]]) -> HttpResponse:
    changed = roles.change_scopes(actor=actor, wanted=wanted)
    messages.success(request, f"Saved: {_listed(role.name for role in changed)}. It holds from the next request on.")
    return HttpResponseRedirect(reverse("admin:accounts_permissions"))


def _create(request: HttpRequest, actor: Actor) -> HttpResponse:
    name = request.POST.get("name", "").strip()[:40]
    if not name:
        messages.error(request, "A role needs a name.")
        return HttpResponseRedirect(reverse("admin:accounts_permissions"))
    like = Role.objects.filter(merchant=None, name=request.POST.get("like", "")).first()
    role = Role(name=name, scopes=list(like.scopes) if like is not None else [])
    roles.save_role(actor=actor, role=role)
    messages.success(request, f"The role {role.name} is made. Tick its scopes below.")
    return HttpResponseRedirect(reverse("admin:accounts_permissions"))


def _names(role: Role, actor: Actor) -> list[str]:
    members = Membership.objects.filter(role=role, merchant_id=actor.merchant, is_active=True)
    return list(members.order_by("user__email").values_list("user__email", flat=True)[:_MOST_NAMED])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
