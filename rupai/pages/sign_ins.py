"""Admin of sign-in: token families, counters of wrong tries, second factors."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from rupai.accounts.models import Authenticator, SignInFamily, SignInGuard
from rupai.accounts.services import tokens
from rupai.pages.bases import ReadOnlyAdmin


@admin.register(SignInFamily)
class SignInFamilyAdmin(ReadOnlyAdmin):
    hidden = ("auth_hash",)
    list_display = ("user", "merchant", "livemode", "created_at", "expires_at", "revoked_at")
    list_filter = ("livemode",)
    list_select_related = ("user", "merchant")
    ordering = ("-created_at",)
    actions = ("end",)

    @admin.action(description="End the selected sign-ins and their tokens")
    def end(self, request: HttpRequest, families: QuerySet[SignInFamily]) -> None:
        if not request.user.is_superuser:
            self.message_user(request, "Only superusers end sign-ins.", messages.ERROR)
            return
        self.message_user(request, f"{tokens.revoke(families)} ended.", messages.SUCCESS)


@admin.register(SignInGuard)
class SignInGuardAdmin(ReadOnlyAdmin):
    """Names and addresses are kept as digests only; a counter is deleted to let its subject try again."""

    list_display = ("subject", "failures", "last_failure_at", "locked_until")
    ordering = ("-last_failure_at",)

    def has_delete_permission(self, request: HttpRequest, obj: SignInGuard | None = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has a second factor; a lost one is taken away in the list of users."""

    hidden = ("recovery_digests",)
    list_display = ("user", "confirmed", "created_at")
    list_select_related = ("user",)
    ordering = ("-created_at",)
