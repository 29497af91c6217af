"""The page of one member of a merchant: role, sign-in, keys; switched off or on after a question; the invitation."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.accounts import selectors
from rupai.accounts.models import ApiKey, Membership, SignInFamily
from rupai.accounts.services import people
from rupai.core import clock
from rupai.core.errors import DomainError
from rupai.core.models import Event
from rupai.pages.bases import person
from rupai.pages.names import names_of
from rupai.pages.once import said
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from rupai.pages.step_up import ask_again, recently_verified

READ, WRITE = "users:read", "users:write"
_NEWEST = 20
menu(
    MenuItem(
        title="Users",
        icon="users",
        url_name="accounts_membership_changelist",
        group="Configure",
        order=10,
        scope=READ,
    )
)


def show(request: HttpRequest, member: Membership) -> HttpResponse:
    """The page of a member; the form on it is posted to the stock change page."""
    user, now = member.user, clock.now()
    told = Event.objects.filter(subject_id=user.public_id, merchant_id=member.merchant_id)
    events = list(told.order_by("-inserted")[:_NEWEST])
    names = names_of(event.actor for event in events)
    made = ApiKey.objects.filter(merchant_id=member.merchant_id, created_by=user.public_id)
    alive = SignInFamily.objects.filter(user=user, merchant_id=member.merchant_id, revoked_at=None, expires_at__gt=now)
    actor = selectors.staff_actor(person(request), merchant_id=member.merchant_id)
    context = {
        "member": member,
        "state": _state(member),
        "roles": selectors.roles(actor).order_by("merchant_id", "name"),
        "keys": made.order_by("-created_at")[:_NEWEST],
        "sign_ins": alive.count(),
        "events": [{"event": event, "actor": names.get(event.actor, event.actor)} for event in events],
        "may_write": actor.may(WRITE),
        "may_invite": actor.may(WRITE) and _waits_for_password(member),
    }
    return render_page(request, "accounts/member.html", context, title=user.name or user.email)


@page("accounts/membership/<uuid:key>/switch/", name="accounts_membership_switch", scope=WRITE)
def switch(request: HttpRequest, key: Any) -> HttpResponse:
    """Ask, then switch a member off or on."""
    member = _member(request, key)
    back = reverse("admin:accounts_membership_change", args=[member.pk])
    wanted = not member.is_active
    if request.method == "POST":
        # What was shown decides, not what is true by now: a form that is sent twice must not switch back.
        wanted = request.POST.get("wanted") == "on"
        try:
            people.change_member(actor=_actor(request, member), user_id=member.user.public_id, is_active=wanted)
        except DomainError as refusal:
            messages.error(request, said(refusal))
        else:
            messages.success(request, f"{member.user} is switched {'on' if wanted else 'off'}.")
        return HttpResponseRedirect(back)
    lead = (
        "They may come back with their role. Keys and sign-ins that ended stay ended."
        if wanted
        else "Their sign-ins at this merchant and the API keys that they made end at once."
    )
    keys = ApiKey.objects.filter(merchant_id=member.merchant_id, created_by=member.user.public_id, revoked_at=None)
    facts = [("Member", member.user.email), ("Merchant", member.merchant.name), ("Role", member.role.name)]
    context = {
        "lead": lead,
        "verb": "Activate" if wanted else "Deactivate",
        "icon": "user-check" if wanted else "user-x",
        "danger": not wanted,
        "back": back,
        "facts": facts if wanted else [*facts, ("API keys that end", keys.count())],
        "hidden": [("wanted", "on" if wanted else "off")],
    }
    return render_page(request, "core/confirm.html", context, title=f"{context['verb']} {member.user}?")


@page("accounts/membership/<uuid:key>/invitation/", name="accounts_membership_invitation", scope=WRITE)
def invitation(request: HttpRequest, key: Any) -> HttpResponse:
    """Show the link by which an invited person sets their first password."""
    member = _member(request, key)
    back = reverse("admin:accounts_membership_change", args=[member.pk])
    if not recently_verified(request):
        return ask_again(request)
    if not _waits_for_password(member):
        messages.info(request, "Only somebody who has no password yet, and works nowhere else, is invited by a link.")
        return HttpResponseRedirect(back)
    link = reverse("admin:set_password", args=people.password_token(member.user))
    context = {"member": member, "back": back, "link": request.build_absolute_uri(link)}
    answer = render_page(request, "accounts/invitation.html", context, title="Invitation")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _member(request: HttpRequest, key: Any) -> Membership:
    shown_by: Any = admin.site._registry[Membership]
    member: Membership | None = (
        shown_by.get_queryset(request).select_related("user", "merchant", "role").filter(pk=key).first()
    )
    if member is None:
        raise Http404("No such member")
    return member


def _actor(request: HttpRequest, member: Membership) -> Any:
    shown_by: Any = admin.site._registry[Membership]
    return shown_by.actor(request, member)


def _state(member: Membership) -> str:
    if not member.user.is_active or not member.is_active:
        return "disabled"
    return "active" if member.user.has_usable_password() else "invited"


def _waits_for_password(member: Membership) -> bool:
    """Whether the person never had a password, and a place here only: else the link would open somebody's account."""
    user = member.user
    alone = not Membership.objects.filter(user=user).exclude(pk=member.pk).exists()
    return alone and user.is_active and not user.is_superuser and not user.has_usable_password() and not user.last_login
