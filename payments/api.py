"""The REST door of payments."""

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from payments import selectors
from payments.models import Payment, PaymentMethod, Refund
from payments.serializers import (
    Confirmation,
    NewCapture,
    NewPayment,
    NewPaymentMethod,
    NewRefund,
    Nothing,
    PaymentDetail,
    PaymentMethodView,
    PaymentView,
    RefundView,
)
from payments.services import cancel, capture, create, janitor, methods, refund
from payments.states import PaymentState, TransferState
from rupai.api import problems
from rupai.api.schema import Problem
from rupai.api.views import Door
from rupai.core import queue
from rupai.core.idempotency import Claim
from rupai.core.money import Money

_OPEN = {PaymentState.PROCESSING}
_DECLINED = OpenApiResponse(Problem, description="Declined; the problem carries the payment")


def _once(claim: Claim | None) -> dict[str, Any]:
    """What a service needs to do the work of a key once."""
    return {"idempotency_id": claim.id, "resumed": claim.resumed} if claim else {}


def _answer(payment: Payment, *, done: int) -> Response:
    """Answer a payment: 402 when it failed, 202 while its outcome is not known."""
    if payment.status == PaymentState.FAILED:
        return _declined(payment.failure_code, payment.failure_message, payment=payment.public())
    return Response(PaymentView(payment).data, status=202 if payment.status in _OPEN else done)


def _declined(code: str, message: str, **shown: Any) -> Response:
    problem = problems.document(
        status=402,
        code="payment_declined",
        detail=message or "The provider refused",
        hint="See decline_code; the payer can use another payment method.",
        decline_code=code,
        **shown,
    )
    return Response(problem, status=402)


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
        responses={201: PaymentView, 202: PaymentView, 402: _DECLINED},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a payment and route it to the best provider. Moves money."""
        form = NewPayment(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        wish = create.Wish(money=Money(values.pop("amount"), values.pop("currency")), **values)

        def work(claim: Claim | None) -> Response:
            payment = create.create_payment(actor=self.actor, wish=wish, **_once(claim))
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
        responses={200: PaymentView, 202: PaymentView, 402: _DECLINED},
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
        responses={200: PaymentView, 202: PaymentView, 402: _DECLINED},
    )
    def post(self, request: Request, payment_id: str) -> HttpResponse:
        """Capture an authorised payment, all or a part. Moves money."""
        form = NewCapture(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            taken = capture.capture_payment(
                actor=self.actor,
                payment_id=payment_id,
                **_once(claim),
                **form.validated_data,
            )
            if taken.state == TransferState.FAILED:
                return _declined(
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


def _refund_answer(found: Refund) -> Response:
    if found.state == TransferState.FAILED:
        return _declined(found.failure_code, found.failure_message, refund=found.public())
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
        responses={201: RefundView, 202: RefundView, 402: _DECLINED},
    )
    def post(self, request: Request, payment_id: str) -> HttpResponse:
        """Refund captured money, all or a part. Moves money."""
        form = NewRefund(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            found = refund.refund_payment(
                actor=self.actor,
                payment_id=payment_id,
                **_once(claim),
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


class PaymentMethods(Door):
    scopes: ClassVar = {"GET": "payment_methods:read", "POST": "payment_methods:write"}
    lists = True
    queryset = PaymentMethod.objects.none()
    filterset_class = selectors.PaymentMethodFilter
    serializer_class = PaymentMethodView

    @extend_schema(operation_id="list_payment_methods", responses=PaymentMethodView(many=True))
    def get(self, request: Request) -> Response:
        """List saved payment methods, newest first."""
        return self.page(selectors.methods_of(self.actor), PaymentMethodView)

    @extend_schema(operation_id="create_payment_method", request=NewPaymentMethod, responses={201: PaymentMethodView})
    def post(self, request: Request) -> HttpResponse:
        """Save a provider's token as a payment method of a customer."""
        form = NewPaymentMethod(data=request.data)
        form.is_valid(raise_exception=True)

        def work(claim: Claim | None) -> Response:
            saved = methods.save_method(actor=self.actor, **form.validated_data)
            return Response(PaymentMethodView(saved).data, status=201)

        return self.once("payment_methods.create", work, required=False)


class PaymentMethodById(Door):
    scopes: ClassVar = {"GET": "payment_methods:read", "DELETE": "payment_methods:write"}
    serializer_class = PaymentMethodView

    @extend_schema(operation_id="get_payment_method", responses=PaymentMethodView)
    def get(self, request: Request, payment_method_token: str) -> Response:
        """Read a saved payment method."""
        return Response(PaymentMethodView(selectors.methods_of(self.actor).named(payment_method_token)).data)

    @extend_schema(operation_id="detach_payment_method", responses={200: PaymentMethodView})
    def delete(self, request: Request, payment_method_token: str) -> Response:
        """Make a payment method unusable."""
        detached = methods.detach_method(actor=self.actor, payment_method_token=payment_method_token)
        return Response(PaymentMethodView(detached).data)
