"""Exchange rates and quotes in the console: rates are added by their service, quotes are shown."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from rupai.accounts import selectors
from rupai.core.currencies import CURRENCIES
from rupai.core.errors import DomainError
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin, may, person
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, flag
from rupai.pages.once import Landing, new_key, once, said
from rupai.pages.place import Place, actor_of, place_of
from rupai.pages.registry import MenuItem, menu
from rupai.pages.rendering import render_page
from wallets.forms.fx import FxRateForm
from wallets.fx import written
from wallets.models import FxQuote, FxRate
from wallets.services.fx_rates import set_rate

READ, WRITE = "wallets:read", "fx:write"
_CODES = [(code, code) for code in CURRENCIES]


@admin.register(FxRate)
class FxRateAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    columns = (
        Column(name="pair", label="Pair", value=lambda row: f"{row.base} → {row.quote}", url=address, card="primary"),
        Column(name="rate", label="Rate", kind="mono", value=lambda row: written(row.rate), card="primary"),
        Column(name="owner", label="Of", value=lambda row: "merchant" if row.merchant_id else "platform"),
        Column(name="source", label="Source", card="secondary"),
        Column(name="valid_from", label="Valid from", kind="when", card="secondary"),
        Column(name="recorded_at", label="Recorded", kind="when"),
    )
    filters = (
        choice("base", "Base", _CODES),
        choice("quote", "Quote", _CODES),
        flag("platform", "Platform's", narrow=lambda rows, yes: rows.filter(merchant_id__isnull=yes)),
    )
    dates = "recorded_at"
    search_hint = "Rate id"
    empty_hint = "Set a rate, or import reference rates with manage.py import_fx_rates."
    # The platform's rates belong to no merchant, whose stream could tell of the file.
    exportable = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = FxRate.objects.get_queryset()
        user = person(request)
        if user.is_superuser:
            return rows
        return rows.filter(Q(merchant_id__in=selectors.merchants_with(user, self.read_scope)) | Q(merchant_id=None))

    def of_place(self, rows: QuerySet[Any], place: Place) -> QuerySet[Any]:
        own = Q(livemode=place.livemode)
        if place.merchant is not None:
            own &= Q(merchant_id=place.merchant.pk)
        return rows.filter(own | Q(merchant_id=None))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, WRITE) and actor_of(request).may(WRITE)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise Http404
        form, status = FxRateForm(request.POST or None), 200
        if request.method == "POST" and form.is_valid():
            try:
                return self._set(request, form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, said(refusal))
                status = refusal.status
        elif request.method == "POST":
            status = 422
        context = {"opts": self.opts, "form": form, "once_key": new_key(), "place": place_of(request)}
        return render_page(request, "wallets/new_fx_rate.html", context, title="Set an exchange rate", status=status)

    def _set(self, request: HttpRequest, given: dict[str, Any]) -> HttpResponseRedirect:
        actor = actor_of(request)

        def work(_: object) -> Landing:
            rate = set_rate(actor=actor, **given)
            return Landing(self.list_address(), f"One {rate.base} costs {written(rate.rate)} {rate.quote}.")

        if actor.merchant_id is None:
            # Keys of forms belong to a merchant; the same platform rate twice is the same rate.
            landing = work(None)
            messages.success(request, landing.message)
            return HttpResponseRedirect(landing.url)
        arguments = {name: str(value) for name, value in given.items()}
        return once(request, actor=actor, operation="console.fx.set_rate", arguments=arguments, work=work)


@admin.register(FxQuote)
class FxQuoteAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    columns = (
        Column(name="from_amount", label="From", kind="money", currency="from_currency", card="primary"),
        Column(name="to_amount", label="To", kind="money", currency="to_currency", card="primary"),
        Column(name="public_id", label="Quote", kind="id", url=address, card="secondary"),
        Column(name="rate", label="Rate", kind="mono", value=lambda row: written(row.rate)),
        Column(name="spread_amount", label="Spread", kind="money", currency="from_currency"),
        Column(name="used_at", label="Used", kind="when"),
        Column(name="created_at", label="Quoted", kind="when", card="secondary"),
    )
    filters = (
        choice("from_currency", "Source", _CODES),
        choice("to_currency", "Target", _CODES),
        flag("used", "Used", narrow=lambda rows, yes: rows.filter(used_at__isnull=not yes)),
    )
    search_exact = ("used_by",)
    search_hint = "Quote or transfer id"
    empty_hint = "A quote offers to exchange between two currencies for a short while."


menu(MenuItem(title="Exchange rates", icon="coins", url_name="wallets_fxrate_changelist", order=36, scope=READ))
menu(MenuItem(title="Exchange quotes", icon="timer", url_name="wallets_fxquote_changelist", order=37, scope=READ))
