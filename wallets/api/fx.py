"""The REST door of foreign exchange: rates, quotes, and the exchange between two wallets."""

from typing import ClassVar

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.filters import CurrencyFilter
from rupai.api.views import Door
from rupai.core.idempotency import Claim
from wallets.models import FxQuote, FxRate
from wallets.selectors import fx
from wallets.serializers.fx import FxQuoteView, FxRateView, NewExchange, NewFxQuote
from wallets.services.fx_exchange import exchange
from wallets.services.fx_quotes import quote_fx


class FxRateFilter(filters.FilterSet):  # type: ignore[misc]
    base = CurrencyFilter()
    quote = CurrencyFilter()


class FxRates(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    lists = True
    queryset = FxRate.objects.none()
    filterset_class = FxRateFilter
    serializer_class = FxRateView

    @extend_schema(operation_id="list_fx_rates", responses=FxRateView(many=True))
    def get(self, request: Request) -> Response:
        """List the exchange rates in force, your own and the platform's, last recorded first."""
        return self.page(fx.rates_in_force(actor=self.actor), FxRateView)


class FxQuotes(Door):
    scopes: ClassVar = {"POST": "wallets:transfer"}

    @extend_schema(operation_id="create_fx_quote", request=NewFxQuote, responses={201: FxQuoteView})
    def post(self, request: Request) -> HttpResponse:
        """Quote an exchange between two currencies; the price holds until expires_at. Moves no money."""
        form = NewFxQuote(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            return Response(FxQuoteView(quote_fx(actor=self.actor, **form.validated_data)).data, status=201)

        return self.once_in_transaction("fx.quote", work)


class FxQuoteById(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    serializer_class = FxQuoteView

    @extend_schema(operation_id="get_fx_quote", responses=FxQuoteView)
    def get(self, request: Request, quote_id: str) -> Response:
        """Read a quote and, once it was used, the exchange."""
        quote: FxQuote = fx.quotes(actor=self.actor).named(quote_id)
        return Response(FxQuoteView(quote).data)


class Exchanges(Door):
    scopes: ClassVar = {"POST": "wallets:transfer"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(operation_id="exchange_funds", request=NewExchange, responses={201: FxQuoteView})
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Exchange out of this wallet into another by a quote, once and all of it. Moves money."""
        form = NewExchange(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            key = claim.id if claim else None
            done = exchange(actor=self.actor, from_wallet_id=wallet_id, idempotency_id=key, **form.validated_data)
            return Response(FxQuoteView(done).data, status=201)

        return self.once("wallets.exchange", work)
