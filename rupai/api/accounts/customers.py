"""Customers of the caller's merchant and mode."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts import selectors
from rupai.accounts.models import Customer
from rupai.accounts.services import customers
from rupai.api.accounts.serializers import CustomerChange, CustomerView, NewCustomer
from rupai.api.filters import CreatedFilter
from rupai.api.views import Door


class CustomerFilter(CreatedFilter):
    email = filters.CharFilter(method="by_email", max_length=254, help_text="Exact address, in any case of letters")

    def by_email(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return selectors.customers_by_email(rows, value)


class Customers(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "customers:read", "POST": "customers:write"}
    lists = True
    queryset = Customer.objects.none()
    filterset_class = CustomerFilter
    serializer_class = CustomerView

    @extend_schema(operation_id="list_customers", responses=CustomerView(many=True))
    def get(self, request: Request) -> Response:
        """List customers, newest first."""
        return self.page(Customer.objects.visible_to(self.actor), CustomerView)

    @extend_schema(operation_id="create_customer", request=NewCustomer, responses={201: CustomerView})
    def post(self, request: Request) -> HttpResponse:
        """Create a customer; personal data is sealed at rest."""
        form = NewCustomer(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            customer = customers.create_customer(actor=self.actor, **form.validated_data)
            return Response(CustomerView(customer).data, status=201)

        return self.once_in_transaction("customers.create", work)


class CustomerDetail(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "customers:read", "PATCH": "customers:write"}

    @extend_schema(operation_id="get_customer", responses=CustomerView)
    def get(self, request: Request, customer_id: str) -> Response:
        """Read a customer."""
        return Response(CustomerView(Customer.objects.visible_to(self.actor).named(customer_id)).data)

    @extend_schema(operation_id="update_customer", request=CustomerChange, responses=CustomerView)
    def patch(self, request: Request, customer_id: str) -> HttpResponse:
        """Change what is given; an empty text deletes, metadata is replaced as a whole."""
        form = CustomerChange(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            changed = customers.update_customer(actor=self.actor, customer_id=customer_id, **form.validated_data)
            return Response(CustomerView(changed).data)

        return self.once_in_transaction("customers.change", work)
