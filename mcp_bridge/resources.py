"""Resources that an agent can read: its payments, the codes of refusals, its mandates."""

import json
from typing import Any
from urllib.parse import urlsplit

from mcp_bridge.engine.serving import NotThere
from mcp_bridge.money import without_empty
from mcp_bridge.texts import plain
from payments import selectors
from payments.models import Payment
from payments.providers import registry
from payments.providers.decline_rules import RULES
from rupai.approvals.selectors import mandates_of
from rupai.core.actor import Actor
from rupai.core.errors import NotFound, ScopeMissing

_JSON = "application/json"
MOST = 50


def listed() -> list[dict[str, Any]]:
    """The resources with a fixed address."""
    return [
        {
            "uri": "rupai://policy/mandate",
            "name": "mandate",
            "title": "What this agent may spend",
            "mimeType": _JSON,
        },
        {"uri": "rupai://schema/errors", "name": "errors", "title": "Codes of declines", "mimeType": _JSON},
    ]


def templates() -> list[dict[str, Any]]:
    """The addresses with an id in them."""
    return [
        {"uriTemplate": "rupai://payments/{payment_id}", "name": "payment", "title": "A payment", "mimeType": _JSON},
    ]


def read(actor: Actor, uri: str) -> list[dict[str, Any]]:
    """The contents of a resource.

    :raises NotThere: when there is none of this address for this agent.
    """
    parts = urlsplit(uri[:200])
    if parts.scheme != "rupai":
        raise NotThere(uri)
    place, name = parts.netloc, parts.path.strip("/")
    try:
        found = _found(actor, place, name)
    except (NotFound, ScopeMissing):
        raise NotThere(uri) from None
    return [{"uri": uri, "mimeType": _JSON, "text": json.dumps(plain(found))}]


def _found(actor: Actor, place: str, name: str) -> Any:
    if (place, name) == ("policy", "mandate"):
        return [mandate.public() for mandate in mandates_of(actor).order_by("-created_at", "-pk")[:MOST]]
    if (place, name) == ("schema", "errors"):
        return {str(code): {"message": rule.message, "retryable": rule.retryable} for code, rule in RULES.items()}
    if place == "payments":
        payment: Payment = selectors.payments_of(actor).named(name)
        return without_empty(payment.public() | selectors.story_of(payment))
    raise NotFound(f"No resource {place[:40]}")


def completions(actor: Actor, name: str, value: str) -> list[str]:
    """What an argument may go on as: ids of recent payments, names of providers."""
    if name == "provider":
        return [each for each in registry.names() if each.startswith(value)]
    if name != "payment_id" or not actor.may("payments:read"):
        return []
    recent = selectors.payments_of(actor).order_by("-created_at", "-pk")[:500]
    return [payment.public_id for payment in recent if payment.public_id.startswith(value)][:MOST]
