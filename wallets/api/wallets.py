"""The REST door of wallets: open, read, transfer, hold, freeze, close."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts.models import Customer
from rupai.api.filters import CreatedFilter, CurrencyFilter
from rupai.api.views import Door
from rupai.core import ids
from rupai.core.idempotency import Claim
from wallets.models import Wallet
from wallets.selectors import wallets as selectors
from wallets.serializers.wallets import (
    HoldCapture,
    HoldView,
    NewHold,
    NewTransfer,
    NewWallet,
    WalletNothing,
    WalletTransferView,
    WalletView,
)
from wallets.services.holds import capture_hold, hold_funds, release_hold
from wallets.services.transfers import transfer_funds
from wallets.services.wallets import close_wallet, freeze_wallet, open_wallet, unfreeze_wallet
from wallets.states import WalletStatus


def _shown(wallet: Wallet) -> dict[str, Any]:
    [found] = selectors.with_balances([wallet])
    return WalletView(found).data


def _key(claim: Claim | None) -> dict[str, Any]:
    """What makes a service do the work of a key once."""
    return {"idempotency_id": claim.id} if claim else {}


class WalletFilter(CreatedFilter):
    customer_id = django_filters.CharFilter(max_length=64, method="filter_customer")
    currency = CurrencyFilter()
    status = django_filters.ChoiceFilter(choices=WalletStatus.choices)

    def filter_customer(self, queryset: QuerySet[Wallet], name: str, value: str) -> QuerySet[Wallet]:
        try:
            return queryset.filter(customer_id=ids.parse(Customer.prefix, value))
        except ids.InvalidId:
            return queryset.none()


class Wallets(Door):
    scopes: ClassVar = {"GET": "wallets:read", "POST": "wallets:write"}
    lists = True
    queryset = Wallet.objects.none()
    filterset_class = WalletFilter
    serializer_class = WalletView

    @extend_schema(operation_id="list_wallets", responses=WalletView(many=True))
    def get(self, request: Request) -> Response:
        """List wallets with their balances, newest first."""
        rows: Any = self.paginate_queryset(self.filter_queryset(selectors.wallets(actor=self.actor))) or []
        shown = [WalletView(found).data for found in selectors.with_balances(rows)]
        return self.get_paginated_response(shown)

    @extend_schema(operation_id="create_wallet", request=NewWallet, responses={201: WalletView})
    def post(self, request: Request) -> HttpResponse:
        """Open a customer's wallet in a currency; a customer has one open wallet per currency."""
        form = NewWallet(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            return Response(_shown(open_wallet(actor=self.actor, **form.validated_data)), status=201)

        return self.once("wallets.create", work, required=False)


class WalletById(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    serializer_class = WalletView

    @extend_schema(operation_id="get_wallet", responses=WalletView)
    def get(self, request: Request, wallet_id: str) -> Response:
        """Read a wallet with its balance."""
        return Response(_shown(selectors.wallets(actor=self.actor).named(wallet_id)))


class WalletTransfers(Door):
    scopes: ClassVar = {"POST": "wallets:transfer"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(operation_id="transfer_funds", request=NewTransfer, responses={201: WalletTransferView})
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Move money from this wallet to another one in the same currency. Moves money."""
        form = NewTransfer(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            sent = transfer_funds(actor=self.actor, from_wallet_id=wallet_id, **_key(claim), **form.validated_data)
            return Response(WalletTransferView(sent).data, status=201)

        return self.once("wallets.transfer", work)


class WalletHolds(Door):
    scopes: ClassVar = {"POST": "wallets:transfer"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(operation_id="hold_funds", request=NewHold, responses={201: HoldView})
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Keep a part of the balance for you until it is captured, released or expires. Moves money."""
        form = NewHold(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            held = hold_funds(actor=self.actor, wallet_id=wallet_id, **_key(claim), **form.validated_data)
            return Response(HoldView(held).data, status=201)

        return self.once("wallets.hold", work)


class HoldCaptures(Door):
    scopes: ClassVar = {"POST": "wallets:transfer"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(operation_id="capture_hold", request=HoldCapture, responses=HoldView)
    def post(self, request: Request, wallet_id: str, hold_id: str) -> HttpResponse:
        """Take a hold, all or a part; the rest is released. Moves money."""
        form = HoldCapture(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            taken = capture_hold(
                actor=self.actor, wallet_id=wallet_id, hold_id=hold_id, **_key(claim), **form.validated_data
            )
            return Response(HoldView(taken).data)

        return self.once("wallets.capture_hold", work)


class HoldReleases(Door):
    scopes: ClassVar = {"POST": "wallets:transfer"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(operation_id="release_hold", request=WalletNothing, responses=HoldView)
    def post(self, request: Request, wallet_id: str, hold_id: str) -> HttpResponse:
        """Let a hold go; the money is available again."""
        WalletNothing(data=request.data).is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            freed = release_hold(actor=self.actor, wallet_id=wallet_id, hold_id=hold_id, **_key(claim))
            return Response(HoldView(freed).data)

        return self.once("wallets.release_hold", work)


class _Move(Door):
    """One way in which a wallet's status changes."""

    scopes: ClassVar = {"POST": "wallets:write"}
    operation: ClassVar[str]
    move: ClassVar[Callable[..., Wallet]]

    def answer(self, request: Request, wallet_id: str) -> HttpResponse:
        WalletNothing(data=request.data).is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            return Response(_shown(self.move(actor=self.actor, wallet_id=wallet_id)))

        return self.once(self.operation, work, required=False)


class Freeze(_Move):
    operation = "wallets.freeze"
    move = staticmethod(freeze_wallet)

    @extend_schema(operation_id="freeze_wallet", request=WalletNothing, responses=WalletView)
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Stop money from leaving and entering a wallet; its holds can still be released."""
        return self.answer(request, wallet_id)


class Unfreeze(_Move):
    operation = "wallets.unfreeze"
    move = staticmethod(unfreeze_wallet)

    @extend_schema(operation_id="unfreeze_wallet", request=WalletNothing, responses=WalletView)
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Let the money of a frozen wallet move again."""
        return self.answer(request, wallet_id)


class Close(_Move):
    operation = "wallets.close"
    move = staticmethod(close_wallet)

    @extend_schema(operation_id="close_wallet", request=WalletNothing, responses=WalletView)
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Close an empty wallet for ever."""
        return self.answer(request, wallet_id)
