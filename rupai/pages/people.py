"""Admin of merchants, people, their places and roles, and customers. What changes goes through the services."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.accounts import selectors
from rupai.accounts.forms import NewMemberForm, RoleForm
from rupai.accounts.models import Customer, Membership, Merchant, Role, User
from rupai.accounts.scopes import ROLES
from rupai.accounts.services import merchants, people, roles, second_factor
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages import members
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin, person
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, flag
from rupai.pages.place import place_of
from rupai.pages.registry import MenuItem, menu
from rupai.pages.step_up import ask_again, recently_verified, step_up

# Roles say who may do what; Django's groups beside them would only mislead.
admin.site.unregister(Group)


@admin.register(Merchant)
class MerchantAdmin(TenantAdmin):
    merchant_field = "id"
    list_display = ("name", "public_id", "country", "currency", "is_active", "live_enabled", "created_at")
    list_filter = ("is_active", "live_enabled", "country")
    search_fields = ("name",)
    readonly_fields = ("public_id", "created_at")
    ordering = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Its payments and ledger stay; a merchant is switched off instead.
        return False

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        # The merchant's own stream tells of it, in the mode in which it really works.
        actor = selectors.staff_actor(person(request), merchant_id=obj.pk, livemode=obj.live_enabled)
        if change:
            merchants.change_merchant(actor=actor, merchant=obj)
            return
        made = merchants.create_merchant(
            actor=actor, name=obj.name, country=obj.country, currency=obj.currency, timezone=obj.timezone
        )
        obj.pk, obj.created_at = made.pk, made.created_at
        obj._state.adding = False
        merchants.change_merchant(actor=actor, merchant=obj)


class NewUserForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class PersonAdmin(UserAdmin[User], TenantAdmin):
    """Superusers manage people; others see who works at their merchants."""

    read_scope = "users:read"
    add_form = NewUserForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("public_id", "is_active", "last_login", "joined_at")
    filter_horizontal = ("groups", "user_permissions")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("public_id", "email", "name", "password", "is_active")}),
        ("Console", {"fields": ("is_staff", "is_superuser", "second_factor_waived", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "joined_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    actions = ("disable", "enable", "take_second_factor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        user = person(request)
        if user.is_superuser:
            return super().get_queryset(request)
        mine = Membership.objects.filter(merchant_id__in=selectors.merchants_with(user, self.read_scope))
        return User.objects.filter(pk__in=mine.values("user_id"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if person(request).is_superuser:
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("public_id", "email", "name", "is_active", "joined_at")}),)

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if person(request).is_superuser else {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What someone did stays theirs; an account is disabled instead.
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.joined_at = clock.now()
        super().save_model(request, obj, form, change)

    @step_up
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, extra_context)

    @step_up
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        return super().user_change_password(request, id, form_url)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and not recently_verified(request):
            return ask_again(request)
        return super().changeform_view(request, *args, **kwargs)

    @admin.action(description="Disable: sessions, tokens and API keys made by them end")
    def disable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        actor = selectors.staff_actor(person(request))
        for user in users.exclude(pk=person(request).pk).order_by("pk"):
            people.disable_user(actor=actor, user=user)
        self.message_user(request, "Disabled; you yourself are left out.", messages.SUCCESS)

    @admin.action(description="Enable again")
    def enable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        actor = selectors.staff_actor(person(request))
        for user in users.order_by("pk"):
            people.enable_user(actor=actor, user=user)
        self.message_user(request, "Enabled.", messages.SUCCESS)

    @admin.action(description="Take away a lost second factor")
    def take_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> HttpResponse | None:
        if not recently_verified(request):
            return ask_again(request)
        for user in users.order_by("pk"):
            second_factor.remove(user=user)
        self.message_user(request, "Taken away; they can set up a new one.", messages.SUCCESS)
        return None


@admin.register(Membership)
class MembershipAdmin(ConsoleList, TenantAdmin):
    read_scope = "users:read"
    write_scope = "users:write"
    list_select_related = ("user", "merchant", "role")
    columns = (
        Column(name="user", label="User", value="user__email", url=address, card="primary"),
        Column(name="is_active", label="Active", kind="flag", card="primary"),
        Column(name="name", label="Name", value="user__name", card="secondary"),
        Column(name="role", label="Role", value="role__name"),
        Column(name="merchant", label="Merchant", value="merchant__name", card="secondary"),
        Column(name="created_at", label="Member since", kind="when"),
    )
    filters = (
        choice("role", "Role", [(name, name) for name in ROLES], field="role__name"),
        flag("is_active", "Active"),
    )
    search_exact = ("user__email", "user__name")
    search_hint = "Whole e-mail address or name"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not change:
            kwargs["form"] = NewMemberForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            ("merchant", "email", "name", "role", "console")
            if obj is None
            else ("user", "merchant", "role", "is_active")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("user", "merchant")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"merchant": place_of(request).merchant, "console": True}

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        if request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        member = self.get_object(request, unquote(object_id))
        if member is None or not self.has_view_permission(request, member):
            raise Http404
        return members.show(request, member)

    def response_add(self, request: HttpRequest, obj: Membership, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, f"{obj.user} is a member now.")
        return HttpResponseRedirect(reverse("admin:accounts_membership_change", args=[obj.pk]))

    def actor(self, request: HttpRequest, row: Membership) -> Actor:
        # Members have no mode: what happens to them is told in the stream in which the merchant really works.
        return selectors.staff_actor(person(request), merchant_id=row.merchant_id, livemode=row.merchant.live_enabled)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        actor, role = self.actor(request, obj), obj.role.name
        if change:
            people.change_member(actor=actor, user_id=obj.user.public_id, role=role, is_active=obj.is_active)
            return
        given = form.cleaned_data
        made = people.invite_member(
            actor=actor, email=given["email"], name=given["name"], role=role, console=given["console"]
        )
        obj.pk, obj.user, obj.created_at = made.pk, made.user, made.created_at
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        people.remove_member(actor=self.actor(request, obj), user_id=obj.user.public_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for member in queryset.select_related("user", "merchant").order_by("pk"):
            self.delete_model(request, member)


@admin.register(Role)
class RoleAdmin(TenantAdmin):
    """Built-in roles are seen by all who may see people, and changed by a release only."""

    read_scope = "users:read"
    form = RoleForm
    list_display = ("name", "merchant", "scopes")
    list_filter = ("merchant",)
    list_select_related = ("merchant",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        user = person(request)
        own = Q(merchant_id__in=selectors.merchants_with(user, self.read_scope))
        return super().get_queryset(request) if user.is_superuser else Role.objects.filter(own | Q(merchant=None))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request) and (obj is None or obj.merchant_id is not None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        # Roles are deleted one by one: built-in ones and those in use refuse.
        return {}

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        roles.save_role(actor=self.actor(request, obj), role=obj)

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        roles.delete_role(actor=self.actor(request, obj), role=obj)


def _erased_or_active(customer: Customer) -> str:
    return "active" if customer.erased_at is None else "erased"


menu(
    MenuItem(
        title="Customers",
        icon="users",
        url_name="accounts_customer_changelist",
        order=40,
        scope="customers:read",
        letter="c",
    )
)


@admin.register(Customer)
class CustomerAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    """Found by id or by the exact e-mail address: personal data is sealed and cannot be searched otherwise."""

    read_scope = "customers:read"
    in_search = True
    columns = (
        Column(name="customer", label="Customer", kind="customer", value=lambda row: row, card="primary"),
        Column(name="name", label="Name", card="secondary"),
        Column(name="phone", label="Phone"),
        Column(name="public_id", label="Id", kind="mono"),
        Column(name="state", label="Status", kind="status", value=_erased_or_active, card="primary"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (flag("erased", "Erased", narrow=lambda rows, erased: rows.filter(erased_at__isnull=not erased)),)
    search_hint = "Id or exact e-mail address"
    empty_hint = "Customers are made by the API, or with their first payment."

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*super().get_fields(request, obj), "name", "email", "phone"]

    def search_rows(self, rows: Any, term: str, request: HttpRequest) -> Any:
        return selectors.customers_by_email(rows, term) if "@" in term else super().search_rows(rows, term, request)
