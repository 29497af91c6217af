"""The REST door of the ledger: accounts and transfers, to read."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.filters import CreatedFilter, CurrencyFilter
from rupai.api.views import Door
from rupai.core import ids
from wallets import selectors
from wallets.models import Account, Transfer
from wallets.serializers.ledger import CODES, AccountView, TransferView
from wallets.states import AccountCode


class AccountFilter(CreatedFilter):
    currency = CurrencyFilter()
    code = django_filters.ChoiceFilter(choices=[(code, code) for code in CODES], method="filter_code")

    def filter_code(self, queryset: QuerySet[Account], name: str, value: str) -> QuerySet[Account]:
        return queryset.filter(code=AccountCode[value.upper()])


class TransferFilter(CreatedFilter):
    kind = django_filters.CharFilter(max_length=32)
    reference = django_filters.CharFilter(max_length=64)
    account_id = django_filters.CharFilter(max_length=64, method="filter_account")

    def filter_account(self, queryset: QuerySet[Transfer], name: str, value: str) -> QuerySet[Transfer]:
        try:
            key = ids.parse(Account.prefix, value)
        except ids.InvalidId:
            return queryset.none()
        return queryset.filter(Q(debit_account_id=key) | Q(credit_account_id=key))


def _balances(rows: list[Account]) -> dict[str, Any]:
    return {"balances": selectors.balances_of([row.pk for row in rows])}


class Accounts(Door):
    scopes: ClassVar = {"GET": "ledger:read"}
    lists = True
    queryset = Account.objects.none()
    filterset_class = AccountFilter
    serializer_class = AccountView

    @extend_schema(operation_id="list_accounts", responses=AccountView(many=True))
    def get(self, request: Request) -> Response:
        """List ledger accounts with their balances, newest first."""
        rows: Any = self.paginate_queryset(self.filter_queryset(selectors.accounts(actor=self.actor))) or []
        return self.get_paginated_response(AccountView(rows, many=True, context=_balances(rows)).data)


class AccountById(Door):
    scopes: ClassVar = {"GET": "ledger:read"}
    serializer_class = AccountView

    @extend_schema(operation_id="get_account", responses=AccountView)
    def get(self, request: Request, account_id: str) -> Response:
        """Read a ledger account with its balance."""
        row = selectors.accounts(actor=self.actor).named(account_id)
        return Response(AccountView(row, context=_balances([row])).data)


class Transfers(Door):
    scopes: ClassVar = {"GET": "ledger:read"}
    lists = True
    queryset = Transfer.objects.none()
    filterset_class = TransferFilter
    serializer_class = TransferView

    @extend_schema(operation_id="list_transfers", responses=TransferView(many=True))
    def get(self, request: Request) -> Response:
        """List ledger transfers, newest first."""
        return self.page(selectors.transfers(actor=self.actor), TransferView)


class TransferById(Door):
    scopes: ClassVar = {"GET": "ledger:read"}
    serializer_class = TransferView

    @extend_schema(operation_id="get_transfer", responses=TransferView)
    def get(self, request: Request, transfer_id: str) -> Response:
        """Read a ledger transfer."""
        return Response(TransferView(selectors.transfers(actor=self.actor).named(transfer_id)).data)
