"""The REST door of insights."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.views import Door
from rupai.core import clock
from wallets.selectors.insights import insights_of
from wallets.serializers.insights import InsightsView


class WalletInsights(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    serializer_class = InsightsView

    @extend_schema(operation_id="get_wallet_insights", responses=InsightsView)
    def get(self, request: Request, wallet_id: str) -> Response:
        """Read what a wallet's entries tell: spending by month, payments that come again, how long the money lasts."""
        found = insights_of(actor=self.actor, wallet_id=wallet_id, at=clock.now())
        return Response(InsightsView(found).data)
