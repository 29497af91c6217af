"""What a client carries between two rounds of one request: sealed, bound to caller and request, good once."""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from mcp_bridge.engine.serving import Memory, Principal
from mcp_bridge.engine.wire import INVALID_PARAMS, RpcError, dumps

SECONDS = 600


def seal(memory: Memory, principal: Principal, method: str, params: Mapping[str, Any], state: Any) -> str:
    """Seal a state for the next round of this very request."""
    content = {
        "bound": _binding(principal, method, params),
        "nonce": secrets.token_urlsafe(18),
        "until": int(time.time()) + SECONDS,
        "state": state,
    }
    return memory.seal(dumps(content))


def unseal(memory: Memory, principal: Principal, method: str, params: Mapping[str, Any]) -> Any:
    """Open the state that came back and use it up.

    :raises RpcError: when it is not ours, another's, of another request, too old, or came back before.
    """
    token = params["requestState"]
    plain = memory.unseal(token) if isinstance(token, str) else None
    content = json.loads(plain) if plain is not None else {}
    good = content.get("bound") == _binding(principal, method, params) and content.get("until", 0) > time.time()
    if not good or not memory.spend(content["nonce"], SECONDS):
        raise RpcError(INVALID_PARAMS, "Invalid or expired requestState", data={"reason": "invalid_request_state"})
    return content["state"]


def _binding(principal: Principal, method: str, params: Mapping[str, Any]) -> str:
    target = params.get("uri") if method == "resources/read" else params.get("name")
    wanted = [principal.key, method, target, params.get("arguments") or {}]
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
