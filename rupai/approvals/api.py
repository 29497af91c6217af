"""Mandates of the agents of the caller's merchant and mode."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts.models import Agent
from rupai.api.accounts.serializers import NoFields
from rupai.api.filters import CreatedFilter
from rupai.api.views import Door
from rupai.approvals import selectors
from rupai.approvals.models import Mandate
from rupai.approvals.serializers import Ap2Mandate, MandateView, NewMandate
from rupai.approvals.services import granting
from rupai.approvals.services.ap2 import as_ap2
from rupai.approvals.states import MandateState
from rupai.core import ids


class MandateFilter(CreatedFilter):
    state = filters.ChoiceFilter(choices=MandateState.choices)
    agent_id = filters.CharFilter(max_length=64, method="of_agent")

    def of_agent(self, rows: QuerySet[Mandate], name: str, value: str) -> QuerySet[Mandate]:
        try:
            return rows.filter(agent_id=ids.parse(Agent.prefix, value))
        except ids.InvalidId:
            return rows.none()


class Mandates(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read", "POST": "agents:write"}
    lists = True
    queryset = Mandate.objects.none()
    filterset_class = MandateFilter
    serializer_class = MandateView

    @extend_schema(operation_id="list_mandates", responses=MandateView(many=True))
    def get(self, request: Request) -> Response:
        """List mandates, newest first, each with what is used of it now."""
        return self.page(selectors.mandates_of(self.actor), MandateView)

    @extend_schema(operation_id="grant_mandate", request=NewMandate, responses={201: MandateView})
    def post(self, request: Request) -> HttpResponse:
        """Let an agent move money within limits. A mandate is never changed: grant another and revoke this one."""
        form = NewMandate(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            made = granting.grant_mandate(actor=self.actor, **form.validated_data)
            return Response(MandateView(made).data, status=201)

        return self.once_in_transaction("mandates.grant", work)


class MandateById(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read"}
    serializer_class = MandateView

    @extend_schema(operation_id="get_mandate", responses=MandateView)
    def get(self, request: Request, mandate_id: str) -> Response:
        """Read a mandate, and what is used of it now."""
        return Response(MandateView(selectors.mandates_of(self.actor).named(mandate_id)).data)


class MandateRevocation(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "agents:write"}

    @extend_schema(operation_id="revoke_mandate", request=NoFields, responses=MandateView)
    def post(self, request: Request, mandate_id: str) -> HttpResponse:
        """Revoke a mandate, at once and for good."""
        NoFields(data=request.data).is_valid(raise_exception=True)

        def work() -> Response:
            return Response(MandateView(granting.revoke_mandate(actor=self.actor, mandate_id=mandate_id)).data)

        return self.once_in_transaction("mandates.revoke", work)


class MandateInAp2(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read"}

    @extend_schema(operation_id="get_mandate_in_ap2", responses=Ap2Mandate)
    def get(self, request: Request, mandate_id: str) -> Response:
        """Read a mandate as an unsigned document in the words of AP2 (Agent Payments Protocol)."""
        return Response(as_ap2(selectors.mandates_of(self.actor).named(mandate_id)))
