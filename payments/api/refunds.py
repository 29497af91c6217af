"""The REST door of refunds."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from payments import selectors
from payments.api.answers import DECLINED, declined, once
from payments.models import Payment, Refund
from payments.serializers import NewRefund, RefundView
from payments.services import refund
from payments.states import TransferState
from rupai.api.views import Door
from rupai.core.idempotency import Claim


def _refund_answer(found: Refund) -> Response:
    if found.state == TransferState.FAILED:
        return declined(found.failure_code, found.failure_message, refund=found.public())
    return Response(RefundView(found).data, status=201 if found.state == TransferState.SUCCEEDED else 202)


class PaymentRefunds(Door):
    scopes: ClassVar = {"GET": "refunds:read", "POST": "refunds:write"}
    money: ClassVar = frozenset({"POST"})
    lists = True
    queryset = Refund.objects.none()
    serializer_class = RefundView

    @extend_schema(operation_id="list_refunds_of_payment", responses=RefundView(many=True))
    def get(self, request: Request, payment_id: str) -> Response:
        """List the refunds of a payment, newest first."""
        payment = Payment.objects.visible_to(self.actor).named(payment_id)
        return self.page(selectors.refunds_of(self.actor).filter(payment=payment), RefundView)

    @extend_schema(
        operation_id="refund_payment",
        request=NewRefund,
        responses={201: RefundView, 202: RefundView, 402: DECLINED},
    )
    def post(self, request: Request, payment_id: str) -> HttpResponse:
        """Refund captured money, all or a part. Moves money."""
        form = NewRefund(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            found = refund.refund_payment(
                actor=self.actor,
                payment_id=payment_id,
                **once(claim),
                **form.validated_data,
            )
            return _refund_answer(found)

        return self.once("payments.refund", work)


class Refunds(Door):
    scopes: ClassVar = {"GET": "refunds:read"}
    lists = True
    queryset = Refund.objects.none()
    filterset_class = selectors.RefundFilter
    serializer_class = RefundView

    @extend_schema(operation_id="list_refunds", responses=RefundView(many=True))
    def get(self, request: Request) -> Response:
        """List refunds, newest first."""
        return self.page(selectors.refunds_of(self.actor), RefundView)


class RefundById(Door):
    scopes: ClassVar = {"GET": "refunds:read"}
    serializer_class = RefundView

    @extend_schema(operation_id="get_refund", responses=RefundView)
    def get(self, request: Request, refund_id: str) -> Response:
        """Read a refund."""
        return Response(RefundView(selectors.refunds_of(self.actor).named(refund_id)).data)
