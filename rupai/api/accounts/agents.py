"""Agents of the caller's merchant and mode, their kill switch and their keys."""

from datetime import timedelta
from typing import ClassVar

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts import selectors
from rupai.accounts.models import Agent, AgentKey
from rupai.accounts.services import agent_keys, agents
from rupai.api.accounts.serializers import (
    AgentChange,
    AgentKeyView,
    AgentView,
    NewAgent,
    NewAgentKeyGiven,
    NewAgentKeyView,
    NoFields,
    Rotation,
)
from rupai.api.filters import CreatedFilter
from rupai.api.views import Door


class AgentFilter(CreatedFilter):
    state = filters.ChoiceFilter(choices=Agent.State.choices)


class Agents(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read", "POST": "agents:write"}
    lists = True
    queryset = Agent.objects.none()
    filterset_class = AgentFilter
    serializer_class = AgentView

    @extend_schema(operation_id="list_agents", responses=AgentView(many=True))
    def get(self, request: Request) -> Response:
        """List agents of this mode, newest first."""
        return self.page(selectors.agents_of(self.actor), AgentView)

    @extend_schema(operation_id="create_agent", request=NewAgent, responses={201: AgentView})
    def post(self, request: Request) -> HttpResponse:
        """Make an agent. It needs a key to do anything, and a mandate to move money."""
        form = NewAgent(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            return Response(AgentView(agents.create_agent(actor=self.actor, **form.validated_data)).data, status=201)

        return self.once_in_transaction("agents.create", work)


class AgentDetail(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read", "PATCH": "agents:write"}

    @extend_schema(operation_id="get_agent", responses=AgentView)
    def get(self, request: Request, agent_id: str) -> Response:
        """Read an agent."""
        return Response(AgentView(selectors.agents_of(self.actor).named(agent_id)).data)

    @extend_schema(operation_id="change_agent", request=AgentChange, responses=AgentView)
    def patch(self, request: Request, agent_id: str) -> HttpResponse:
        """Change an agent; its next call is judged by what it is then."""
        form = AgentChange(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            changed = agents.change_agent(actor=self.actor, agent_id=agent_id, **form.validated_data)
            return Response(AgentView(changed).data)

        return self.once_in_transaction("agents.change", work)


class AgentKill(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "agents:write"}

    @extend_schema(operation_id="kill_agent", request=NoFields, responses=AgentView)
    def post(self, request: Request, agent_id: str) -> HttpResponse:
        """Stop an agent at once: its keys open nothing, and money that it has not sent off yet does not move."""
        NoFields(data=request.data).is_valid(raise_exception=True)

        def work() -> Response:
            return Response(AgentView(agents.kill_agent(actor=self.actor, agent_id=agent_id)).data)

        return self.once_in_transaction("agents.kill", work)


class AgentRevival(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "agents:write"}

    @extend_schema(operation_id="revive_agent", request=NoFields, responses=AgentView)
    def post(self, request: Request, agent_id: str) -> HttpResponse:
        """Let a killed agent go on with the keys and mandates that it had."""
        NoFields(data=request.data).is_valid(raise_exception=True)

        def work() -> Response:
            return Response(AgentView(agents.revive_agent(actor=self.actor, agent_id=agent_id)).data)

        return self.once_in_transaction("agents.revive", work)


class AgentKeys(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read", "POST": "agents:write"}
    lists = True
    queryset = AgentKey.objects.none()
    filterset_class = CreatedFilter
    serializer_class = AgentKeyView

    @extend_schema(operation_id="list_agent_keys", responses=AgentKeyView(many=True))
    def get(self, request: Request, agent_id: str) -> Response:
        """List an agent's keys, newest first."""
        rows = selectors.agent_keys_of(self.actor, agent_id=agent_id).select_related("agent")
        return self.page(rows, AgentKeyView)

    @extend_schema(operation_id="create_agent_key", request=NewAgentKeyGiven, responses={201: NewAgentKeyView})
    def post(self, request: Request, agent_id: str) -> HttpResponse:
        """Create a key of an agent. It can do what the agent can, at the doors of agents only."""
        form = NewAgentKeyGiven(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            made = agent_keys.create_agent_key(actor=self.actor, agent_id=agent_id, **form.validated_data)
            return Response(NewAgentKeyView(made).data, status=201)

        return self.once_in_transaction("agent_keys.create", work)


class AgentKeyDetail(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "agents:read", "DELETE": "agents:write"}

    @extend_schema(operation_id="get_agent_key", responses=AgentKeyView)
    def get(self, request: Request, agent_id: str, agent_key_id: str) -> Response:
        """Read a key of an agent; its secret is not kept."""
        rows = selectors.agent_keys_of(self.actor, agent_id=agent_id).select_related("agent")
        return Response(AgentKeyView(rows.named(agent_key_id)).data)

    @extend_schema(operation_id="revoke_agent_key", request=None, responses={204: None})
    def delete(self, request: Request, agent_id: str, agent_key_id: str) -> Response:
        """Revoke a key of an agent, at once and for good."""
        agent_keys.revoke_agent_key(actor=self.actor, agent_id=agent_id, key_id=agent_key_id)
        return Response(status=204)


class AgentKeyRotation(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "agents:write"}

    @extend_schema(operation_id="rotate_agent_key", request=Rotation, responses={201: NewAgentKeyView})
    def post(self, request: Request, agent_id: str, agent_key_id: str) -> HttpResponse:
        """Replace a key of an agent by a new one; the old one goes on for ``overlap_seconds``."""
        form = Rotation(data=request.data)
        form.is_valid(raise_exception=True)
        overlap = timedelta(seconds=form.validated_data["overlap_seconds"])

        def work() -> Response:
            made = agent_keys.rotate_agent_key(
                actor=self.actor, agent_id=agent_id, key_id=agent_key_id, overlap=overlap
            )
            return Response(NewAgentKeyView(made).data, status=201)

        return self.once_in_transaction("agent_keys.rotate", work)
