"""One call of a tool, always in one order.

Rate limit, schema, scope, idempotency, then the service that every door calls, which scores and asks the mandate; and
whatever came of it is recorded, so that no call of an agent is missing from the audit chain.
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
from django.conf import settings
from django.db import transaction
from rest_framework.exceptions import ValidationError

from mcp_bridge.checking import problems_of
from mcp_bridge.engine.serving import Exchange, NotThere, ToolResult
from mcp_bridge.engine.wire import INVALID_REQUEST, RpcError
from mcp_bridge.models import AgentCall, Verdict
from mcp_bridge.principals import Caller, scopes_needed
from mcp_bridge.registry import DRY_RUN, KEY, Call, Tier, Tool
from mcp_bridge.texts import plain
from rupai.accounts.models import Agent
from rupai.api import problems
from rupai.api.throttles import pause_of
from rupai.approvals.errors import MandateRefused
from rupai.core import clock, events, idempotency, ids, logs, statements
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.idempotency import Answer, Claim
from rupai.core.rows import key_of

# Where a result says what the call was about.
_SUBJECTS = ("refund_id", "top_up_id", "payment_id", "transfer_id", "report_id", "alert_id", "approval_id", "wallet_id")


@dataclass(slots=True)
class Course:
    """What is known of a call while it goes on; written down when it is over."""

    actor: Actor
    name: str
    tier: str
    arguments: dict[str, Any]
    exchange: Exchange
    began: float = field(default_factory=time.perf_counter)
    verdict: Verdict = Verdict.FAILED
    code: str = ""
    subject: str = ""
    approval: str = ""
    replayed: bool = False

    @property
    def dry_run(self) -> bool:
        return self.arguments.get(DRY_RUN) is True


def call_tool(caller: Caller, tool: Tool, arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    """Call a tool for an agent; refusals are results that say so, except a missing scope, which HTTP tells.

    :raises RpcError: 403 with the scope that is needed.
    """
    course = Course(caller.actor, tool.name, str(tool.tier), arguments, exchange)
    try:
        return _checked(course, tool)
    finally:
        _record(course)


def refuse_unknown(caller: Caller, name: str, arguments: dict[str, Any], exchange: Exchange) -> None:
    """Record the call of a tool that there is not.

    :raises NotThere: always.
    """
    _record(Course(caller.actor, name[:64], "", arguments, exchange, verdict=Verdict.REFUSED, code="unknown_tool"))
    raise NotThere(name)


def _checked(course: Course, tool: Tool) -> ToolResult:
    actor = course.actor
    most = settings.MCP_CALLS_PER_MINUTE[str(tool.tier)]
    pause = pause_of(f"mcp:{actor.id}:{tool.name}", most=most)
    if pause is not None:
        course.verdict, course.code = Verdict.LIMITED, "rate_limited"
        text = f"At most {most} calls of {tool.name} a minute"
        return _error("rate_limited", text, f"Wait {pause:.0f} s.", retry_after=int(pause))
    wrong = problems_of(tool, course.arguments)
    if wrong:
        course.verdict, course.code = Verdict.INVALID, "invalid_input"
        return _error("invalid_input", f"{wrong[0]['pointer'] or '/'}: {wrong[0]['message']}", errors=wrong)
    if not actor.may(tool.scope) or (course.exchange.narrowing.read_only and not tool.read_only):
        course.verdict, course.code = Verdict.DENIED, "scope_missing"
        told = {"WWW-Authenticate": scopes_needed([tool.scope])}
        raise RpcError(INVALID_REQUEST, f"This needs the scope {tool.scope}", status=403, headers=told)
    return _refusable(course, tool)


def _refusable(course: Course, tool: Tool) -> ToolResult:
    """Do the work; every refusal by name becomes a result."""
    try:
        values = _values(course, tool)
        key = course.arguments.get(KEY)
        if key is None or course.dry_run:
            return _done(course, tool, _run(course, tool, values, None))
        return _once(course, tool, values, idempotency.check_key(key))
    except DomainError as refusal:
        return _refused(course, refusal)
    except ValidationError as invalid:
        errors = [
            {"pointer": each["pointer"], "message": each["message"]}
            for each in problems.flatten(invalid.get_full_details())
        ]
        course.verdict, course.code = Verdict.INVALID, "invalid_input"
        return _error("invalid_input", f"{errors[0]['pointer']}: {errors[0]['message']}", errors=errors)


def _values(course: Course, tool: Tool) -> dict[str, Any]:
    given = {name: value for name, value in course.arguments.items() if name not in {KEY, DRY_RUN}}
    form = tool.input(data=given)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _run(course: Course, tool: Tool, values: dict[str, Any], claim: Claim | None) -> dict[str, Any]:
    call = Call(course.actor, claim, course.dry_run, course.exchange.progress)
    found: dict[str, Any] = plain(tool.run(call, values))
    return found


def _once(course: Course, tool: Tool, values: dict[str, Any], key: str) -> ToolResult:
    """Do the work of a key at most once, and give the stored result to whoever repeats it."""
    arguments = {name: value for name, value in course.arguments.items() if name not in {KEY, DRY_RUN}}
    held = idempotency.claim(actor=course.actor, key=key, operation=f"mcp.{tool.name}", arguments=arguments)
    if isinstance(held, Answer):
        course.replayed = True
        found = json.loads(held.body)
        return _done(course, tool, found | ({"idempotent_replay": True} if tool.tier is Tier.MONEY else {}))
    try:
        found = _run(course, tool, values, held)
    except DomainError:
        idempotency.release(held)
        raise
    except BaseException:
        idempotency.abandon(held)
        raise
    idempotency.store(held, Answer(200, "application/json", json.dumps(found).encode()))
    return _done(course, tool, found)


def _done(course: Course, tool: Tool, found: dict[str, Any]) -> ToolResult:
    policy = found.get("policy") or {}
    course.approval = str(policy.get("approval_id", ""))
    course.subject = next((str(found[name]) for name in _SUBJECTS if found.get(name)), "")
    course.verdict = Verdict.DONE
    if found.get("status") == "pending_approval":
        course.verdict, course.code = Verdict.NEEDS_APPROVAL, str(policy.get("reason", ""))
    elif found.get("status") == "failed" and tool.tier is Tier.MONEY:
        course.verdict, course.code = Verdict.DECLINED, str((found.get("failure") or {}).get("code", ""))
    if settings.TESTING:
        # What a tool promises is held against what it gives in every test that calls it.
        jsonschema_rs.validate(tool.output_schema, found)
    return ToolResult([{"type": "text", "text": json.dumps(found)}], found)


def _refused(course: Course, refusal: DomainError) -> ToolResult:
    denied = isinstance(refusal, MandateRefused)
    course.verdict = Verdict.DENIED if denied else Verdict.REFUSED
    course.code = str(refusal.details.get("reason") or refusal.code) if denied else refusal.code
    return _error(refusal.code, refusal.message, refusal.hint, **refusal.details)


def _error(code: str, message: str, hint: str = "", **details: Any) -> ToolResult:
    """A result that says what is wrong and what would help."""
    told = {"code": code, "message": message, **({"hint": hint} if hint else {})}
    shown = plain({**told, **{name: value for name, value in details.items() if name not in told}})
    return ToolResult([{"type": "text", "text": json.dumps(shown, default=str)}], is_error=True)


def _record(course: Course) -> None:
    """Write the call down, and tell of it in the log, in one transaction."""
    now, actor = clock.now(), course.actor
    row = AgentCall(
        id=ids.new_key(now),
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=now,
        agent_id=key_of(actor.id, Agent.prefix),
        tool=course.name,
        tier=course.tier,
        digest=idempotency.fingerprint(course.name, course.arguments),
        verdict=course.verdict,
        code=course.code[:64],
        subject=course.subject[:40],
        approval=course.approval[:40],
        replayed=course.replayed,
        dry_run=course.dry_run,
        milliseconds=round((time.perf_counter() - course.began) * 1000),
        protocol=course.exchange.version,
        client=course.exchange.client[:80],
        correlation_id=logs.correlation_id()[:64],
    )
    with transaction.atomic():
        told = events.draft("tool.called", subject=row, actor=actor, data=row.public())
        statements.write([row, told])
