"""Base classes of all admin classes: rows of one's own merchants only, and rows that nobody edits."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from rupai.accounts import selectors
from rupai.accounts.models import User
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.pages.widgets import OwnWidgets


class TranslatingAdmin(OwnWidgets):
    """Shows a service's refusal as a message instead of failing; what the page had begun is rolled back."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._translated(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._translated(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._translated(request, super().changelist_view, *args, **kwargs)

    def _translated(self, request: HttpRequest, view: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except DomainError as refusal:
            self.message_user(request, f"{refusal.message}. {refusal.hint}".strip(), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class TenantAdmin(TranslatingAdmin):
    """Rows of the merchants where the staff member's role has a scope; superusers see and may do everything.

    ``merchant_field`` is the lookup from a row to its merchant's key. ``read_scope`` opens the list and the rows; None
    opens them to those who have every scope (owners, admins). ``write_scope`` opens adding, changing and deleting; None
    leaves these to superusers.
    """

    merchant_field: ClassVar[str] = "merchant_id"
    read_scope: ClassVar[str | None] = None
    write_scope: ClassVar[str | None] = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        user = person(request)
        if user.is_superuser:
            return rows
        return rows.filter(**{f"{self.merchant_field}__in": selectors.merchants_with(user, self.read_scope)})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.read_scope)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_write(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Replace filters over relations: stock ones would list other merchants' rows."""
        return [self._own_choices(name) for name in super().get_list_filter(request)]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_of(self.admin_site, request, db_field.remote_field.model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_of(self.admin_site, request, db_field.remote_field.model))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def actor(self, request: HttpRequest, row: Any) -> Actor:
        """The staff member as the actor of a service, at the row's merchant and in its mode."""
        return selectors.staff_actor(
            person(request), merchant_id=self.merchant_of(row), livemode=getattr(row, "livemode", False)
        )

    def merchant_of(self, row: Any) -> UUID:
        found = row
        for part in self.merchant_field.split("__"):
            found = getattr(found, part)
        assert isinstance(found, UUID)
        return found

    def _may_write(self, request: HttpRequest, row: Any = None) -> bool:
        user = request.user
        if not user.is_authenticated or user.is_superuser or self.write_scope is None:
            return user.is_authenticated and user.is_superuser
        merchants = selectors.merchants_with(user, self.write_scope)
        return bool(merchants) if row is None else self.merchant_of(row) in merchants

    def _own_choices(self, name: Any) -> Any:
        if not isinstance(name, str) or "__" in name:
            return name
        found = next((field for field in self.model._meta.get_fields() if field.name == name), None)
        return (name, OwnRelatedFilter) if found is not None and found.is_relation else name


class ReadOnlyAdmin(OwnWidgets):
    """Rows that nobody adds, changes or deletes here. Sealed and other binary columns are never shown."""

    hidden: ClassVar[tuple[str, ...]] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = [
            field.name
            for field in self.model._meta.fields
            if not isinstance(field, models.BinaryField) and field.name not in self.hidden
        ]
        return [*(["public_id"] if hasattr(self.model, "public_id") else []), *shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(dict.fromkeys([*self.get_fields(request, obj), *super().get_readonly_fields(request, obj)]))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse filters over what is not shown: they would answer a secret letter by letter."""
        field = self.model._meta._forward_fields_map.get(lookup.partition("__")[0])
        if lookup.partition("__")[0] in self.hidden or isinstance(field, models.BinaryField):
            return False
        return super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnRelatedFilter(RelatedFieldListFilter):
    """Offers only related rows that the staff member may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        allowed = choices_of(model_admin.admin_site, request, field.related_model)
        ordering = self.field_admin_ordering(field, request, model_admin)
        found: list[Any] = field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to={"pk__in": allowed.values("pk")}
        )
        return found


def choices_of(site: Any, request: HttpRequest, model: type[models.Model]) -> QuerySet[Any]:
    """The rows of a related model that may be offered: as its own admin shows them, else none but to superusers."""
    shown_by = site._registry.get(model)
    if isinstance(shown_by, TenantAdmin):
        return shown_by.get_queryset(request)
    rows = model._default_manager.all()
    return rows if person(request).is_superuser else rows.none()


def may(request: HttpRequest, scope: str | None) -> bool:
    """Whether someone has a scope anywhere; the sign-in page asks for people who are nobody yet, too."""
    user = request.user
    return user.is_authenticated and (user.is_superuser or bool(selectors.merchants_with(user, scope)))


def person(request: HttpRequest) -> User:
    """The staff member behind a request that the site has let in."""
    user = request.user
    assert user.is_authenticated
    return user
