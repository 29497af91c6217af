"""Admin of API keys: made, rotated and revoked by the service; a secret is shown once."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from rupai.accounts import selectors
from rupai.accounts.forms import NewKeyForm, RotateKeyForm
from rupai.accounts.models import ApiKey, Merchant
from rupai.accounts.services import keys
from rupai.core.errors import DomainError
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin, may, person
from rupai.pages.step_up import step_up

WRITE = "api_keys:write"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "api_keys:read"
    hidden = ("secret_digest",)
    list_display = ("name", "public_id", "merchant", "livemode", "status", "last4", "last_used_at", "expires_at")
    list_filter = ("livemode", "merchant")
    list_select_related = ("merchant",)
    search_fields = ("name", "=last4")
    ordering = ("-created_at", "-id")
    change_form_template = "accounts/api_key.html"
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, WRITE)

    def get_urls(self) -> list[Any]:
        rotate = self.admin_site.admin_view(self.rotate_view)
        return [path("<path:object_id>/rotate/", rotate, name="accounts_apikey_rotate"), *super().get_urls()]

    @step_up
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise Http404
        form = NewKeyForm(request.POST or None)
        form.fields["merchant"].queryset = self._merchants(request)  # type: ignore[attr-defined]
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            actor = selectors.staff_actor(
                person(request), merchant_id=given["merchant"].pk, livemode=given["mode"] == "live"
            )
            try:
                made = keys.create_key(
                    actor=actor, name=given["name"], scopes=given["scopes"], expires_at=given["expires_at"]
                )
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                return self._shown_once(request, made)
        return self._page(request, "accounts/new_api_key.html", "Create API key", form=form)

    @step_up
    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.get_object(request, unquote(object_id))
        if key is None or not self._may_manage(request, key):
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
        return self._page(request, "accounts/new_api_key.html", f"Rotate API key {key.name}", form=form)

    @admin.action(description="Revoke the selected keys, at once and for good")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        for key in rows.order_by("pk"):
            keys.revoke_key(actor=self.actor(request, key), key_id=key.public_id)
        self.message_user(request, "Revoked.", messages.SUCCESS)

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
        title = "Copy the key now"
        return self._page(request, "accounts/api_key_created.html", title, key=made.key, secret=made.secret)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, {**frame, **context})
