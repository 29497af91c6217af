"""The list of the console: the plain admin changelist address, which works without JavaScript and page by page."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import path, reverse

from rupai.accounts import selectors
from rupai.core import ids
from rupai.pages.bases import TranslatingAdmin, person
from rupai.pages.lists import exporting, showing
from rupai.pages.lists.asked import Asked
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.cursor import Order, order_of
from rupai.pages.lists.filters import BadFilter, Filter
from rupai.pages.lists.paging import MOST_COUNTED
from rupai.pages.place import Place, place_of
from rupai.pages.refusals import refuse
from rupai.pages.saved_views import selectors as saved_views


class ConsoleList(TranslatingAdmin):
    """A list of the rows of the place, newest first; stands before ReadOnlyAdmin and TenantAdmin.

    Filters are parameters of the address, and one that nobody knows is refused. Pages go by the key of a row, so there
    is no number of pages and no exact count of many rows.
    """

    columns: ClassVar[tuple[Column, ...]] = ()
    filters: ClassVar[tuple[Filter, ...]] = ()
    # Columns that are found by their whole text, besides the id.
    search_exact: ClassVar[tuple[str, ...]] = ()
    search_hint: ClassVar[str] = "Id"
    # The column of the date range; empty: none.
    dates: ClassVar[str] = "created_at"
    # The link that leads to rows which are shown elsewhere; and what to do while there are none at all.
    empty_hint: ClassVar[str] = ""
    # The live topic that tells when rows may have changed; empty: the list shows what it was asked for, once.
    live_topic: ClassVar[str] = ""
    # Whether the command search looks here.
    in_search: ClassVar[bool] = False
    # Rows that belong to no merchant are not written into files: no stream could tell of it.
    exportable: ClassVar[bool] = True

    @property
    def list_key(self) -> str:
        return f"{self.opts.app_label}.{self.opts.model_name}"

    def get_urls(self) -> list[Any]:
        export = self.admin_site.admin_view(self.export_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        own = [path("export/", export, name=name)] if self.exports else []
        return [*own, *super().get_urls()]

    @property
    def exports(self) -> bool:
        return self.exportable and hasattr(self, "merchant_field")

    def list_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        refused = self.refused(request)
        if refused is not None:
            return refused
        if request.method == "GET" and not request.GET:
            default = saved_views.default_for(person(request), place_of(request), self.list_key)
            if default is not None and default.query:
                return HttpResponseRedirect(f"{self.list_address()}?{default.query}")
        if request.method == "POST":
            answer: HttpResponseBase = self._translated(request, self._act)
            return answer
        return showing.show(self, request)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show a row on its own page where it has one, else in the admin's form."""
        row = self.get_object(request, unquote(object_id)) if request.method == "GET" else None
        if row is not None and (own := address(row)) != request.path:
            return HttpResponseRedirect(own)
        return super().change_view(request, object_id, form_url, extra_context)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        return self.refused(request) or exporting.export(self, request)

    def refused(self, request: HttpRequest) -> HttpResponseBase | None:
        """The answer to those who may not see these rows at the place where they work now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope, place, user = getattr(self, "read_scope", None), place_of(request), person(request)
        if scope is None or user.is_superuser or place.merchant is None:
            return None
        return None if place.merchant.pk in selectors.merchants_with(user, scope) else refuse(request, scope=scope)

    def rows_here(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that someone may see at the place where they work now."""
        return self.of_place(self.get_queryset(request), place_of(request)).order_by()

    def of_place(self, rows: QuerySet[Any], place: Place) -> QuerySet[Any]:
        field: str | None = getattr(self, "merchant_field", None)
        if field is None:
            return rows
        if place.merchant is not None:
            rows = rows.filter(**{field: place.merchant.pk})
        mode = self._mode_field(field)
        return rows.filter(**{mode: place.livemode}) if mode else rows

    def asked_by(self, request: HttpRequest) -> Asked:
        return Asked.by(request, self.filters, dated=bool(self.dates))

    def narrowed(self, request: HttpRequest, asked: Asked) -> QuerySet[Any]:
        """The rows of the place that an address asks for, unsorted.

        :raises BadFilter: when a value cannot be read.
        """
        rows = asked.apply(self.rows_here(request), dates=self.dates)
        return self.search_rows(rows, asked.get("q"), request) if asked.get("q") else rows

    def order(self, request: HttpRequest, asked: Asked) -> Order:
        """The order of this list: an index serves it in both directions."""
        return order_of(self.model, one_merchant=place_of(request).merchant is not None, oldest=asked.oldest)

    def search_rows(self, rows: QuerySet[Any], term: str, request: HttpRequest) -> QuerySet[Any]:
        """Rows with this id, or with exactly this text in one of the searched columns."""
        prefix = getattr(self.model, "prefix", None)
        if prefix is not None:
            try:
                return rows.filter(pk=ids.parse(prefix, term))
            except ids.InvalidId:
                pass
        found = Q()
        for field in self.search_exact:
            found |= Q(**{field: term})
        return rows.filter(found) if found else rows.none()

    def decorate(self, rows: list[Any]) -> list[Any]:
        """Give the rows of a page (or a piece of a file) what comes from other tables, with one query for all."""
        return rows

    def links(self, request: HttpRequest) -> list[dict[str, str]]:
        """Buttons beside the title."""
        if not self.has_add_permission(request):
            return []
        add = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add")
        return [{"label": f"Add {self.opts.verbose_name}", "url": add, "icon": "plus"}]

    def bulk_pages(self, request: HttpRequest) -> list[dict[str, str]]:
        """Pages that take the selected rows by POST; actions of the admin are offered besides."""
        return []

    def chosen(self, request: HttpRequest) -> QuerySet[Any]:
        """The selected rows of a posted list, or the whole filter.

        :raises BadFilter: when nothing is selected, or the address cannot be read.
        """
        rows = self.narrowed(request, self.asked_by(request))
        if request.POST.get("select_across") == "1":
            return rows
        keys = request.POST.getlist(ACTION_CHECKBOX_NAME)[:MOST_COUNTED]
        if not keys:
            raise BadFilter("Nothing is selected", hint="Mark some rows first.")
        return rows.filter(pk__in=[self._key(key) for key in keys])

    def _key(self, text: str) -> Any:
        field: Any = self.opts.pk
        try:
            return field.to_python(text)
        except Exception as error:
            raise BadFilter("A selected row cannot be found", hint="Open the list again.") from error

    def _act(self, request: HttpRequest) -> HttpResponseBase:
        if request.POST.get("select_across") == "1":
            rows = self.narrowed(request, self.asked_by(request))
            if rows.order_by()[: MOST_COUNTED + 1].count() > MOST_COUNTED:
                raise BadFilter(f"More than {MOST_COUNTED:,} rows match", hint="Narrow the filter, or select rows.")
        rows = self.chosen(request)
        response = self.response_action(request, queryset=rows)
        if response is None:
            self.message_user(request, "Choose an action.", messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return response

    def _mode_field(self, merchant_field: str) -> str:
        """The path to the mode of a row, next to its merchant; empty when rows have none."""
        model, path_before = self.model, ""
        while "__" in merchant_field:
            step, _, merchant_field = merchant_field.partition("__")
            found: Any = model._meta.get_field(step)
            model, path_before = found.related_model, f"{path_before}{step}__"
        named = {field.name for field in model._meta.fields}
        return f"{path_before}livemode" if "livemode" in named else ""
