"""The REST door of payments."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from payments import selectors
from payments.api.answers import DECLINED, declined, once
from payments.models import Payment
from payments.serializers import Confirmation, NewCapture, NewPayment, Nothing, PaymentDetail, PaymentView
from payments.services import cancel, capture, create, janitor
from payments.states import PaymentState, TransferState
from rupai.api.views import Door
from rupai.core import queue
from rupai.core.idempotency import Claim
from rupai.core.money import Money

_OPEN = {PaymentState.PROCESSING}


def _answer(payment: Payment, *, done: int) -> Response:
    """Answer a payment: 402 when it failed, 202 while its outcome is not known."""
    if payment.status == PaymentState.FAILED:
        return declined(payment.failure_code, payment.failure_message, payment=payment.public())
    return Response(PaymentView(payment).data, status=202 if payment.status in _OPEN else done)


class Payments(Door):
    scopes: ClassVar = {"GET": "payments:read", "POST": "payments:write"}
    money: ClassVar = frozenset({"POST"})
    lists = True
    queryset = Payment.objects.none()
    filterset_class = selectors.PaymentFilter
    serializer_class = PaymentView

    @extend_schema(operation_id="list_payments", responses=PaymentView(many=True))
    def get(self, request: Request) -> Response:
        """List payments, newest first."""
        return self.page(selectors.payments_of(self.actor), PaymentView)

    @extend_schema(
        operation_id="create_payment",
        request=NewPayment,
        responses={201: PaymentView, 202: PaymentView, 402: DECLINED},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a payment and route it to the best provider. Moves money."""
        form = NewPayment(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        wish = create.Wish(money=Money(values.pop("amount"), values.pop("currency")), **values)

        def work(claim: Claim | None) -> Response:
            payment = create.create_payment(actor=self.actor, wish=wish, **once(claim))
            return _answer(payment, done=201)

        return self.once("payments.create", work)


class PaymentById(Door):
    scopes: ClassVar = {"GET": "payments:read"}
    serializer_class = PaymentDetail

    @extend_schema(operation_id="get_payment", responses=PaymentDetail)
    def get(self, request: Request, payment_id: str) -> Response:
        """Read a payment from our ledger, with its risk, route and timeline. An open outcome is asked for meanwhile."""
        payment: Payment = Payment.objects.visible_to(self.actor).named(payment_id)
        if janitor.ask_soon(payment):
            queue.enqueue("payments.sync", payment_id=payment.public_id)
        return Response(PaymentDetail(payment, context={"story": selectors.story_of(payment)}).data)


class Confirm(Door):
    scopes: ClassVar = {"POST": "payments:write"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="confirm_payment",
        request=Confirmation,
        responses={200: PaymentView, 202: PaymentView, 402: DECLINED},
    )
    def post(self, request: Request, payment_id: str) -> HttpResponse:
        """Give a payment its payment method and try it. Moves money."""
        form = Confirmation(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            resumed = claim is not None and claim.resumed
            payment = create.confirm_payment(
                actor=self.actor, payment_id=payment_id, resumed=resumed, **form.validated_data
            )
            return _answer(payment, done=200)

        return self.once("payments.confirm", work)


class Captures(Door):
    scopes: ClassVar = {"POST": "payments:write"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="capture_payment",
        request=NewCapture,
        responses={200: PaymentView, 202: PaymentView, 402: DECLINED},
    )
    def post(self, request: Request, payment_id: str) -> HttpResponse:
        """Capture an authorised payment, all or a part. Moves money."""
        form = NewCapture(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            taken = capture.capture_payment(
                actor=self.actor,
                payment_id=payment_id,
                **once(claim),
                **form.validated_data,
            )
            if taken.state == TransferState.FAILED:
                return declined(
                    taken.attempt.decline_code, taken.attempt.decline_message, payment=taken.payment.public()
                )
            return _answer(taken.payment, done=200)

        return self.once("payments.capture", work)


class Cancel(Door):
    scopes: ClassVar = {"POST": "payments:write"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(operation_id="cancel_payment", request=Nothing, responses={200: PaymentView, 202: PaymentView})
    def post(self, request: Request, payment_id: str) -> HttpResponse:
        """Cancel a payment of which nothing was captured; an authorisation is released."""
        Nothing(data=request.data).is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            resumed = claim is not None and claim.resumed
            payment = cancel.cancel_payment(actor=self.actor, payment_id=payment_id, resumed=resumed)
            return _answer(payment, done=200)

        return self.once("payments.cancel", work)
