"""``manage.py mcp``: the tools of agents from a terminal, on the same path as over HTTP."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mcp_bridge.engine.serving import Exchange, Narrowing, NotThere, ToolResult
from mcp_bridge.engine.wire import RpcError
from mcp_bridge.principals import Caller
from mcp_bridge.registry import narrowed, toolbox
from mcp_bridge.server import RupaiServer
from rupai.accounts.models import Agent
from rupai.accounts.services.authenticate import actor_of_agent
from rupai.approvals.services.demo import FIRST_AGENT
from rupai.core.actor import Actor

PROTOCOL = "2026-07-28"


class Command(BaseCommand):
    help = "List the tools of an agent, or call one: scopes, mandate, rate and audit are those of the agent."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        tools = commands.add_parser("tools", help="list the tools that the agent may call")
        call = commands.add_parser("call", help="call one tool")
        call.add_argument("tool", help="the tool's name")
        call.add_argument("--args", dest="given", default="{}", metavar="JSON", help="a JSON object; - reads it")
        for each in (tools, call):
            each.add_argument(
                "--agent", default="", metavar="agt_...", help="the agent that calls; the first one usually"
            )
        tools.add_argument("--json", action="store_true", help="as tools/list shows them")

    def handle(self, *args: Any, what: str, agent: str, **options: Any) -> None:
        actor = _actor(agent)
        if what == "tools":
            self._list(actor, as_json=options["json"])
        else:
            self._call(actor, options["tool"], _arguments(options["given"]))

    def _list(self, actor: Actor, *, as_json: bool) -> None:
        own = Agent.objects.visible_to(actor).named(actor.id).toolsets
        tools = toolbox.visible(actor.scopes, read_only=False, toolsets=narrowed(own, Narrowing()))
        if as_json:
            self.stdout.write(json.dumps([tool.listed() for tool in tools], indent=2))
            return
        for tool in tools:
            self.stdout.write(f"{tool.name:26} {tool.tier:6} {tool.scope:22} {tool.title}")
        self.stdout.write(f"{len(tools)} tools of {actor.name} ({actor.id})")

    def _call(self, actor: Actor, name: str, arguments: dict[str, Any]) -> None:
        found = _called(actor, name, arguments)
        self.stdout.write(json.dumps(json.loads(found.content[0]["text"]), indent=2, ensure_ascii=False))
        if found.is_error:
            raise CommandError("The tool refused; what it says is above", returncode=1)


def _called(actor: Actor, name: str, arguments: dict[str, Any]) -> ToolResult:
    exchange = Exchange(PROTOCOL, client="manage.py mcp", narrowing=Narrowing())
    try:
        return RupaiServer().call(Caller(actor), name, arguments, exchange)
    except NotThere:
        raise CommandError(f"There is no tool {name!r}; manage.py mcp tools lists them") from None
    except RpcError as error:
        raise CommandError(str(error)) from None


def _actor(agent: str) -> Actor:
    if not agent:
        first = Agent.objects.filter(name=FIRST_AGENT, livemode=False, state=Agent.State.ACTIVE).order_by("pk").first()
        if first is None:
            raise CommandError("There is no first agent; name one by --agent agt_...")
        agent = first.public_id
    actor = actor_of_agent(agent)
    if actor is None:
        raise CommandError(f"No agent {agent} may call now: it is unknown, killed or expired")
    return actor


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as problem:
        raise CommandError(f"--args is no JSON: {problem}") from None
    if not isinstance(found, dict):
        raise CommandError("--args must be a JSON object")
    return found
