"""The REST door of what may leave wallets: their own limits, those of levels, overdrafts."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.filters import CreatedFilter, CurrencyFilter
from rupai.api.views import Door
from rupai.core import clock
from rupai.core.idempotency import Claim
from wallets.models import Wallet, WalletLimits
from wallets.selectors.limits import level_limits, windows_of
from wallets.selectors.wallets import wallets, with_balances
from wallets.serializers.limits import (
    LevelLimitsView,
    NewLevelLimits,
    NewLimits,
    NewOverdraft,
    WalletLimitsView,
    WindowView,
)
from wallets.serializers.wallets import WalletView
from wallets.services.limits import set_level_limits, set_limits, set_overdraft
from wallets.states import KycLevel


def _windows(wallet: Wallet) -> Response:
    shown = [WindowView(window).data for window in windows_of(wallet, at=clock.now())]
    return Response({"wallet_id": wallet.public_id, "currency": wallet.currency, "windows": shown})


class LimitsOfWallet(Door):
    scopes: ClassVar = {"GET": "wallets:read", "POST": "wallets:write"}
    serializer_class = WalletLimitsView

    @extend_schema(operation_id="get_wallet_limits", responses=WalletLimitsView)
    def get(self, request: Request, wallet_id: str) -> Response:
        """Read the limits that hold for a wallet now, and what is left of them."""
        return _windows(wallets(actor=self.actor).named(wallet_id))

    @extend_schema(operation_id="set_wallet_limits", request=NewLimits, responses=WalletLimitsView)
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Set a wallet's own limits and the level at which its holder is known."""
        form = NewLimits(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            return _windows(set_limits(actor=self.actor, wallet_id=wallet_id, **form.validated_data))

        return self.once("wallets.set_limits", work, required=False)


class Overdraft(Door):
    scopes: ClassVar = {"POST": "wallets:write"}

    @extend_schema(operation_id="set_wallet_overdraft", request=NewOverdraft, responses=WalletView)
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Let the balance of a wallet go below zero, or no longer."""
        form = NewOverdraft(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            wallet = set_overdraft(actor=self.actor, wallet_id=wallet_id, **form.validated_data)
            [found] = with_balances([wallet])
            return Response(WalletView(found).data)

        return self.once("wallets.set_overdraft", work, required=False)


@extend_schema_field({"type": "integer", "enum": KycLevel.values})
class LevelChoice(filters.ChoiceFilter):  # type: ignore[misc]
    """A level of identity checks, by its number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[(str(level), str(level)) for level in KycLevel.values], **options)


class LevelFilter(CreatedFilter):
    currency = CurrencyFilter()
    kyc_level = LevelChoice()


class LevelLimits(Door):
    scopes: ClassVar = {"GET": "wallets:read", "POST": "wallets:write"}
    lists = True
    queryset = WalletLimits.objects.none()
    filterset_class = LevelFilter
    serializer_class = LevelLimitsView

    @extend_schema(operation_id="list_level_limits", responses=LevelLimitsView(many=True))
    def get(self, request: Request) -> Response:
        """List the limits of levels, newest first."""
        return self.page(level_limits(actor=self.actor), LevelLimitsView)

    @extend_schema(operation_id="set_level_limits", request=NewLevelLimits, responses=LevelLimitsView)
    def post(self, request: Request) -> HttpResponse:
        """Set what may leave each wallet of a level in a currency that has no limit of its own."""
        form = NewLevelLimits(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            found: Any = set_level_limits(actor=self.actor, **form.validated_data)
            return Response(LevelLimitsView(found).data)

        return self.once("wallets.set_level_limits", work, required=False)
