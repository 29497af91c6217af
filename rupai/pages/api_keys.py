"""Admin of API keys: made, rotated and revoked by the service; a secret is shown once."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from rupai.accounts import selectors
from rupai.accounts.forms import NewKeyForm, RotateKeyForm
from rupai.accounts.models import ApiKey, Merchant
from rupai.accounts.services import keys
from rupai.accounts.services.uses import KEPT
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.pages.bases import TenantAdmin, may, person
from rupai.pages.details import DetailAdmin
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import flag
from rupai.pages.names import names_of
from rupai.pages.once import Landing, new_key, said
from rupai.pages.place import place_of
from rupai.pages.registry import MenuItem, menu
from rupai.pages.rendering import render_page
from rupai.pages.shown_once import make_once
from rupai.pages.step_up import step_up

READ, WRITE = "api_keys:read", "api_keys:write"
MOST_CALLERS = 50
menu(
    MenuItem(
        title="API keys",
        icon="key-round",
        url_name="accounts_apikey_changelist",
        group="Configure",
        order=30,
        scope=READ,
    )
)


@admin.register(ApiKey)
class ApiKeyAdmin(ConsoleList, DetailAdmin, TenantAdmin):
    read_scope = READ
    hidden = ("secret_digest",)
    in_search = True
    list_select_related = ("merchant",)
    columns = (
        Column(name="name", label="Name", url=address, card="primary"),
        Column(name="status", label="Status", kind="status", card="primary"),
        Column(name="merchant", label="Merchant", value="merchant__name", card="secondary"),
        Column(name="last4", label="Ends with", kind="mono"),
        Column(name="last_used_at", label="Last used", kind="when", card="secondary"),
        Column(name="expires_at", label="Expires", kind="when"),
        Column(name="created_at", label="Created", kind="when"),
    )
    filters = (flag("revoked", "Revoked", narrow=lambda rows, yes: rows.filter(revoked_at__isnull=not yes)),)
    search_exact = ("name", "last4")
    search_hint = "Id, name or last 4"
    empty_hint = "A key lets your servers call the API."
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, WRITE)

    def get_urls(self) -> list[Any]:
        rotate, revoke = (self.admin_site.admin_view(view) for view in (self.rotate_view, self.revoke_view))
        return [
            path("<path:object_id>/rotate/", rotate, name="accounts_apikey_rotate"),
            path("<path:object_id>/revoke/", revoke, name="accounts_apikey_revoke"),
            *super().get_urls(),
        ]

    def detail(self, request: HttpRequest, row: ApiKey) -> HttpResponse:
        uses = row.uses.order_by("-last_at")
        names = names_of([row.created_by])
        context = {
            "key": row,
            "status": _status(row),
            "made_by": names.get(row.created_by, row.created_by),
            "replaces": ApiKey.objects.filter(rotated_to=row).first(),
            "callers": uses.values("address", "agent")
            .annotate(calls=Sum("calls"), days=Count("day"), last_at=Max("last_at"))
            .order_by("-last_at")[:MOST_CALLERS],
            "kept_days": KEPT.days,
            "may_rotate": row.is_usable(clock.now()) and row.rotated_to_id is None and self._may_manage(request, row),
            "may_revoke": row.revoked_at is None and self._may_manage(request, row),
        }
        return render_page(request, "accounts/api_key.html", context, title=row.name)

    @step_up
    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then end a key at once."""
        key = self.row(request, object_id)
        if not self._may_manage(request, key):
            raise Http404
        back = reverse("admin:accounts_apikey_change", args=[key.pk])
        if request.method == "POST":
            keys.revoke_key(actor=self.actor(request, key), key_id=key.public_id)
            messages.success(request, f"The key {key.name} is revoked: the next request with it is refused.")
            return HttpResponseRedirect(back)
        used = f"{key.last_used_at:%d %B %Y, %H:%M} UTC" if key.last_used_at else "never"
        context = {
            "lead": "Whatever still calls with it is refused at once, and it cannot be brought back.",
            "verb": "Revoke the key",
            "icon": "ban",
            "danger": True,
            "back": back,
            "facts": [("Key", f"{key.name}, ends with {key.last4}"), ("Mode", _mode(key)), ("Last used", used)],
        }
        return render_page(request, "core/confirm.html", context, title=f"Revoke {key.name}?")

    @step_up
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise Http404
        place = place_of(request)
        form = NewKeyForm(request.POST or None, initial={"merchant": place.merchant, "mode": place.mode})
        form.fields["merchant"].queryset = self._merchants(request)  # type: ignore[attr-defined]
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            actor = selectors.staff_actor(
                person(request), merchant_id=given["merchant"].pk, livemode=given["mode"] == "live"
            )
            try:
                return self._create(request, actor, given)
            except DomainError as refusal:
                form.add_error(None, said(refusal))
        return self._page(request, "accounts/new_api_key.html", "Create API key", form=form, once_key=new_key())

    @step_up
    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.row(request, object_id)
        if not self._may_manage(request, key):
            raise Http404
        form = RotateKeyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            overlap = timedelta(hours=form.cleaned_data["overlap_hours"])
            try:
                made = keys.rotate_key(actor=self.actor(request, key), key_id=key.public_id, overlap=overlap)
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                return self._shown_once(request, made)
        return self._page(request, "accounts/new_api_key.html", f"Rotate API key {key.name}", form=form, key=key)

    @admin.action(description="Revoke the selected keys, at once and for good")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        for key in rows.order_by("pk"):
            keys.revoke_key(actor=self.actor(request, key), key_id=key.public_id)
        self.message_user(request, "Revoked.", messages.SUCCESS)

    def _create(self, request: HttpRequest, actor: Actor, given: dict[str, Any]) -> HttpResponse:
        wanted = {"name": given["name"], "scopes": given["scopes"], "expires_at": given["expires_at"]}
        return make_once(
            request,
            actor=actor,
            operation="console.api_keys.create",
            arguments={**wanted, "expires_at": str(given["expires_at"])},
            make=lambda: keys.create_key(actor=actor, **wanted),
            landing=lambda made: Landing(
                reverse("admin:accounts_apikey_change", args=[made.key.pk]),
                f"The key {made.key.name} is made. Its secret is shown only once.",
            ),
            show=lambda made: self._shown_once(request, made),
        )

    def _may_manage(self, request: HttpRequest, key: ApiKey) -> bool:
        user = person(request)
        return user.is_superuser or key.merchant_id in selectors.merchants_with(user, WRITE)

    def _merchants(self, request: HttpRequest) -> QuerySet[Merchant]:
        user = person(request)
        active = Merchant.objects.filter(is_active=True).order_by("name")
        found: QuerySet[Merchant] = (
            active if user.is_superuser else active.filter(pk__in=selectors.merchants_with(user, WRITE))
        )
        return found

    def _shown_once(self, request: HttpRequest, made: keys.NewKey) -> HttpResponse:
        old = ApiKey.objects.filter(rotated_to=made.key).first()
        title = "Copy the key now"
        return self._page(request, "accounts/api_key_created.html", title, key=made.key, old=old, secret=made.secret)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        page = render_page(request, template, {"opts": self.opts, **context}, title=title)
        page.headers["Cache-Control"] = "no-store"
        return page


def _mode(key: ApiKey) -> str:
    return "live" if key.livemode else "test"


def _status(key: ApiKey) -> str:
    """The key's state, telling a rotated one that still works from one that goes on."""
    return "expiring" if key.status == "active" and key.rotated_to_id is not None else key.status
