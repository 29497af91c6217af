"""The REST door of what fills a wallet and what is paid out of one."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from payments import selectors
from payments.api.answers import DECLINED, declined, once
from payments.models import Payout, TopUp
from payments.serializers import NewTopUp, NewWithdrawal, PayoutView, TopUpView
from payments.services import top_up, withdraw
from payments.states import PayoutState
from rupai.api.views import Door
from rupai.core.idempotency import Claim
from rupai.core.money import Money


def _top_up_answer(found: TopUp) -> Response:
    shown = TopUpView(found, context={"story": selectors.story_of_top_up(found)}).data
    if found.status == "failed":
        return declined(found.payment.failure_code, found.payment.failure_message, top_up=shown)
    return Response(shown, status=201 if found.status == "posted" else 202)


def _payout_answer(found: Payout) -> Response:
    if found.state == PayoutState.FAILED:
        hint = "See decline_code. The money is back in the wallet; use another destination."
        return declined(found.failure_code, found.failure_message, hint=hint, payout=found.public())
    return Response(PayoutView(found).data, status=201 if found.state == PayoutState.PAID else 202)


class TopUps(Door):
    scopes: ClassVar = {"POST": "wallets:topup"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="top_up_wallet", request=NewTopUp, responses={201: TopUpView, 202: TopUpView, 402: DECLINED}
    )
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Fund a wallet by charging a saved method of its customer. Moves money."""
        form = NewTopUp(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data

        def work(claim: Claim | None) -> Response:
            found = top_up.top_up_wallet(
                actor=self.actor,
                wallet_id=wallet_id,
                money=Money(values["amount"], values["currency"]),
                payment_method_token=values["source"]["payment_method_token"],
                **once(claim),
            )
            return _top_up_answer(found)

        return self.once("wallets.top_up", work)


class Withdrawals(Door):
    scopes: ClassVar = {"POST": "wallets:withdraw"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="withdraw_from_wallet",
        request=NewWithdrawal,
        responses={201: PayoutView, 202: PayoutView, 402: DECLINED},
    )
    def post(self, request: Request, wallet_id: str) -> HttpResponse:
        """Pay money out of a wallet to a bank account that the provider knows by a token. Moves money."""
        form = NewWithdrawal(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        money = Money(values.pop("amount"), values.pop("currency"))

        def work(claim: Claim | None) -> Response:
            found = withdraw.withdraw(actor=self.actor, wallet_id=wallet_id, money=money, **once(claim), **values)
            return _payout_answer(found)

        return self.once("wallets.withdraw", work)


class Payouts(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    lists = True
    queryset = Payout.objects.none()
    filterset_class = selectors.PayoutFilter
    serializer_class = PayoutView

    @extend_schema(operation_id="list_payouts", responses=PayoutView(many=True))
    def get(self, request: Request) -> Response:
        """List payouts, newest first."""
        return self.page(selectors.payouts_of(self.actor), PayoutView)


class PayoutById(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    serializer_class = PayoutView

    @extend_schema(operation_id="get_payout", responses=PayoutView)
    def get(self, request: Request, payout_id: str) -> Response:
        """Read a payout."""
        return Response(PayoutView(selectors.payouts_of(self.actor).named(payout_id)).data)
