"""Bodies and headers that were damaged in every way still get an answer by the book: no 5xx, no traceback, no hang."""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from mcp_bridge.door import McpApp, door
from mcp_bridge.tests.wire import Asked, Told, modern, told, tool_call
from payments.models import Payment
from payments.tests.agents import AgentShop
from rupai.accounts.tests.factories import new_agent_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("threads_ended")]
SECONDS = 10.0
STRANGE: list[Any] = [None, True, -1, 0, 1.5, 1e308, 2**63, 2**200, "", "\x00", "\ud800", "é" * 300, "A" * 5000]
STRANGE += [[], {}, [[]], [None] * 50, {"": {}}, {"__proto__": 1}, "2025-11-25", "2026-07-28", "tools/call"]
STRANGE += ["../../etc/passwd", "%00", "' OR 1=1--"]
BITS = [b"\x00", b"\xff", b"{", b"}", b"[", b'"', b"\\u0000", b"\\ud800", b"NaN", b"1e999", b",", b"\r\n"]
BITS += [b"\xef\xbb\xbf"]
QUERIES = ["toolsets=%00", "toolsets=a,b,,c", "read_only=2", "read_only=1&read_only=x", "=&="]
NAMES = ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Last-Event-ID", "Content-Type", "Accept"]
NAMES += ["Origin", "Authorization", "Host", "Transfer-Encoding", "Mcp-Param-Amount", "X-Forwarded-For"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


def swap(dice: random.Random, asked: Asked) -> Asked:
    """Put something strange in the place of one value, or beside it."""
    body = json.loads(asked.body)
    path = dice.choice(places(body)[1:])
    parent = body
    for key in path[:-1]:
        parent = parent[key]
    kind = dice.randrange(4)
    if kind == 0:
        del parent[path[-1]]
    elif kind == 1 and isinstance(parent, dict):
        parent[dice.choice(["x", "", "id", "_meta", "params", "jsonrpc", "error"])] = dice.choice(STRANGE)
    else:
        parent[path[-1]] = dice.choice(STRANGE)
    return replace(asked, body=json.dumps(body).encode())


def damage(dice: random.Random, asked: Asked) -> Asked:
    """Change bytes of the body."""
    body = bytearray(asked.body)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(body) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            body[at:at] = dice.choice(BITS)
        elif kind == 1:
            del body[at : at + dice.randint(1, 40)]
        elif kind == 2 and at < len(body):
            body[at] ^= 1 << dice.randrange(8)
        else:
            body[at:at] = body[at : at + dice.randint(1, 60)]
    return replace(asked, body=bytes(body))


def relabel(dice: random.Random, asked: Asked) -> Asked:
    """Leave a header out, say it twice, or let it say something else."""
    headers = list(asked.headers)
    kind = dice.randrange(4)
    if kind == 0:
        del headers[dice.randrange(len(headers))]
    elif kind == 1:
        headers.append(dice.choice(headers))
    else:
        text = str(dice.choice(STRANGE)).encode("latin-1", "replace").decode("latin-1")[:2000]
        name = dice.choice(NAMES)
        headers = [(each, value) for each, value in headers if kind == 2 or each != name]
        headers.append((name, text))
    return replace(asked, headers=tuple(headers))


def reshape(dice: random.Random, asked: Asked) -> Asked:
    """Another verb, another address, a batch, a great nesting."""
    return dice.choice([
        replace(asked, verb=dice.choice(["GET", "DELETE", "PUT", "HEAD", "PATCH", "OPTIONS"])),
        replace(asked, query=dice.choice(QUERIES)),
        replace(asked, body=b"[" + asked.body + b"," + asked.body + b"]"),
        replace(asked, body=b"[" * 3000 + b"]" * 3000),
        replace(asked, body=b'{"a":' * 3000 + b"1" + b"}" * 3000),
        replace(asked, body=b""),
    ])  # fmt: skip


WAYS: list[Callable[[random.Random, Asked], Asked]] = [swap, swap, damage, relabel, reshape]


def sound(asked: Asked, answer: Told) -> None:
    """An answer as there may be one: never ours to blame, JSON or events, nothing of the inside."""
    about = (asked, answer)
    assert answer.status < 500, about
    assert b"Traceback" not in answer.body, about
    assert b'File "' not in answer.body, about
    kind = answer.headers.get("content-type", "")
    if answer.body and kind.startswith("application/json"):
        found = json.loads(answer.body)
        for each in found if isinstance(found, list) else [found]:
            assert each["jsonrpc"] == "2.0", about
            assert each.get("error", {}).get("code") != -32603, about
    elif answer.body:
        assert kind.startswith("text/event-stream"), about


def seeds(key: str, shop: AgentShop) -> list[Asked]:
    pay = {"amount": 100, "currency": "INR", "method": "card", "customer_id": shop.customer.public_id}
    prompt = {"type": "ref/prompt", "name": "x"}
    return [
        modern(key, "server/discover"),
        modern(key, "tools/list"),
        modern(key, "resources/read", {"uri": "rupai://agent"}, name="rupai://agent"),
        modern(key, "prompts/get", {"name": "x", "arguments": {"a": "b"}}, name="x"),
        modern(key, "completion/complete", {"ref": prompt, "argument": {"name": "a", "value": ""}}),
        tool_call(key, "get_agent_mandate", {}),
        tool_call(key, "list_payments", {"limit": 3, "status": "captured"}),
        tool_call(key, "create_payment", {**pay, "idempotency_key": "order-0001", "metadata": {"a": "b"}}),
    ]  # fmt: skip


def run(count: int, seed: int) -> Counter[int]:
    settings.MCP_CALLS_PER_MINUTE.update(dict.fromkeys(settings.MCP_CALLS_PER_MINUTE, 10**9))
    shop = AgentShop()
    starts = seeds(new_agent_key(shop.agent).secret, shop)
    dice = random.Random(seed)

    async def story() -> Counter[int]:
        app, statuses = McpApp(door()), Counter[int]()
        for _ in range(count):
            asked = dice.choice(starts)
            for _ in range(dice.choice([1, 1, 1, 2, 3])):
                try:
                    asked = dice.choice(WAYS)(dice, asked)
                except (ValueError, IndexError, KeyError, TypeError, RecursionError):
                    # What an earlier change left is no JSON object any more; it goes as it is.
                    break
            answer = await asyncio.wait_for(told(app, asked), SECONDS)
            sound(asked, answer)
            statuses[answer.status] += 1
        return statuses

    found = asyncio.run(story())
    # Without a mandate nothing was ever paid, whatever was asked.
    assert not Payment.objects.exists()
    sys.stdout.write(f"{count} damaged requests: {dict(sorted(found.items()))}\n")
    return found


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """The limits of calls are not what is looked at."""
    settings.MCP_CALLS_PER_MINUTE = dict(settings.MCP_CALLS_PER_MINUTE)


@pytest.mark.slow
def test_damaged_requests_are_answered() -> None:
    assert len(run(400, 20261201)) > 3


@pytest.mark.soak
def test_ten_thousand_damaged_requests_are_answered() -> None:
    assert len(run(10_000, random.randrange(2**32))) > 3
