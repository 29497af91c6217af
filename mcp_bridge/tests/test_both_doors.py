"""The ASGI application and the view answer the same bytes, whatever they are asked."""

import json

import pytest

from mcp_bridge.engine.wire import MOST_BYTES
from mcp_bridge.tests.wire import Asked, by_asgi, by_view, modern, posted, tool_call
from payments.tests.agents import AgentShop
from rupai.accounts.tests.factories import new_agent_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("threads_ended")]
# What only one of them says: Django's own middlewares.
OWN = {"x-frame-options", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "vary"}
OWN |= {"content-security-policy", "x-correlation-id", "permissions-policy", "x-request-id"}
BEGIN = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}


def questions(key: str) -> dict[str, Asked]:
    bearer = ("Authorization", f"Bearer {key}")
    return {
        "discover": modern(key, "server/discover"),
        "tools": modern(key, "tools/list"),
        "resources": modern(key, "resources/list"),
        "prompts": modern(key, "prompts/list"),
        "a call": tool_call(key, "get_agent_mandate", {}),
        "a call that is refused": tool_call(key, "get_payment_status", {"payment_id": "pay_0"}),
        "no such tool": tool_call(key, "no_such_tool", {}),
        "no such method": modern(key, "no/such"),
        "nobody": posted(b"{}", []),
        "somebody wrong": modern("ak_test_wrong", "tools/list"),
        "no JSON": posted(b"{", [bearer]),
        "a batch": posted(b"[]", [bearer]),
        "no media type": Asked("POST", (("Host", "testserver"), bearer), b"{}"),
        "a foreign page": posted(b"{}", [("Origin", "https://evil.example")]),
        "too large": posted(b" " * (MOST_BYTES + 1), [bearer]),
        "another verb": Asked("PUT", (("Host", "testserver"),)),
        "a header that lies": posted(modern(key, "tools/list").body, [bearer, ("MCP-Protocol-Version", "2026-07-28")]),
        "a notification": posted(
            json.dumps({"jsonrpc": "2.0", "method": "notifications/x", "params": {}}).encode(),
            [bearer, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "notifications/x")],
        ),
    }


@pytest.mark.parametrize("question", questions(""))
def test_both_answer_the_same_bytes(question: str) -> None:
    asked = questions(new_agent_key(AgentShop().agent).secret)[question]
    one, other = by_asgi(asked), by_view(asked)
    assert (one.status, one.body) == (other.status, other.body)
    assert {name: value for name, value in one.headers.items() if name not in OWN} == {
        name: value for name, value in other.headers.items() if name not in OWN
    }


def test_a_handshake_is_the_same_but_for_its_session() -> None:
    key = new_agent_key(AgentShop().agent).secret
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": BEGIN}
    asked = posted(json.dumps(body).encode(), [("Authorization", f"Bearer {key}")])
    one, other = by_asgi(asked), by_view(asked)
    assert (one.status, one.body) == (other.status, other.body)
    assert one.headers.keys() - OWN == other.headers.keys() - OWN
    assert one.headers["mcp-session-id"] != other.headers["mcp-session-id"]
