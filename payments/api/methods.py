"""The REST door of saved payment methods."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from payments import selectors
from payments.models import PaymentMethod
from payments.serializers import NewPaymentMethod, PaymentMethodView
from payments.services import methods
from rupai.api.views import Door
from rupai.core.idempotency import Claim


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
