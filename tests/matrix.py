"""What every REST address asks of whom, and an address and a body that get an answer there."""

from collections.abc import Callable
from typing import Any

from tests.places import ADDRESS, Place

NEW_KEY = {"name": "Till", "scopes": ["payments:read"]}
LIMITS = {"per_transaction": 50_00, "per_day": None, "per_month": None}
NEW_HOOK = {"url": ADDRESS, "events": ["payment.*"]}

# Address below /api/v1/: for each verb its scope.
MATRIX: dict[str, dict[str, str]] = {
    "users": {"GET": "users:read", "POST": "users:write"},
    "users/<str:user_id>": {"GET": "users:read", "PATCH": "users:write", "DELETE": "users:write"},
    "api-keys": {"GET": "api_keys:read", "POST": "api_keys:write"},
    "api-keys/<str:key_id>": {"GET": "api_keys:read", "DELETE": "api_keys:write"},
    "api-keys/<str:key_id>/rotate": {"POST": "api_keys:write"},
    "agents": {"GET": "agents:read", "POST": "agents:write"},
    "agents/<str:agent_id>": {"GET": "agents:read", "PATCH": "agents:write"},
    "agents/<str:agent_id>/kill": {"POST": "agents:write"},
    "agents/<str:agent_id>/revive": {"POST": "agents:write"},
    "agents/<str:agent_id>/keys": {"GET": "agents:read", "POST": "agents:write"},
    "agents/<str:agent_id>/keys/<str:agent_key_id>": {"GET": "agents:read", "DELETE": "agents:write"},
    "agents/<str:agent_id>/keys/<str:agent_key_id>/rotate": {"POST": "agents:write"},
    "mandates": {"GET": "agents:read", "POST": "agents:write"},
    "mandates/<str:mandate_id>": {"GET": "agents:read"},
    "mandates/<str:mandate_id>/revoke": {"POST": "agents:write"},
    "mandates/<str:mandate_id>/ap2": {"GET": "agents:read"},
    "customers": {"GET": "customers:read", "POST": "customers:write"},
    "customers/<str:customer_id>": {"GET": "customers:read", "PATCH": "customers:write"},
    "events": {"GET": "events:read"},
    "events/<str:event_id>": {"GET": "events:read"},
    "webhook-endpoints": {"GET": "webhooks:read", "POST": "webhooks:write"},
    "webhook-endpoints/<str:endpoint_id>": {
        "GET": "webhooks:read",
        "PATCH": "webhooks:write",
        "DELETE": "webhooks:write",
    },
    "webhook-endpoints/<str:endpoint_id>/rotate-secret": {"POST": "webhooks:write"},
    "webhook-endpoints/<str:endpoint_id>/deliveries": {"GET": "webhooks:read"},
    "webhook-deliveries/<str:delivery_id>/replay": {"POST": "webhooks:write"},
    "accounts": {"GET": "ledger:read"},
    "accounts/<str:account_id>": {"GET": "ledger:read"},
    "transfers": {"GET": "ledger:read"},
    "transfers/<str:transfer_id>": {"GET": "ledger:read"},
    "wallets": {"GET": "wallets:read", "POST": "wallets:write"},
    "wallets/<str:wallet_id>": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/transfers": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/holds": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/holds/<str:hold_id>/capture": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/holds/<str:hold_id>/release": {"POST": "wallets:transfer"},
    "wallets/<str:wallet_id>/freeze": {"POST": "wallets:write"},
    "wallets/<str:wallet_id>/unfreeze": {"POST": "wallets:write"},
    "wallets/<str:wallet_id>/close": {"POST": "wallets:write"},
    "wallets/<str:wallet_id>/limits": {"GET": "wallets:read", "POST": "wallets:write"},
    "wallets/<str:wallet_id>/overdraft": {"POST": "wallets:write"},
    "wallet-limits": {"GET": "wallets:read", "POST": "wallets:write"},
    "wallets/<str:wallet_id>/statement": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/insights": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/exchanges": {"POST": "wallets:transfer"},
    "fx/rates": {"GET": "wallets:read"},
    "fx/quotes": {"POST": "wallets:transfer"},
    "fx/quotes/<str:quote_id>": {"GET": "wallets:read"},
    "wallets/<str:wallet_id>/top-ups": {"POST": "wallets:topup"},
    "wallets/<str:wallet_id>/withdrawals": {"POST": "wallets:withdraw"},
    "payouts": {"GET": "wallets:read"},
    "payouts/<str:payout_id>": {"GET": "wallets:read"},
    "payments": {"GET": "payments:read", "POST": "payments:write"},
    "payments/<str:payment_id>": {"GET": "payments:read"},
    "payments/<str:payment_id>/confirm": {"POST": "payments:write"},
    "payments/<str:payment_id>/capture": {"POST": "payments:write"},
    "payments/<str:payment_id>/cancel": {"POST": "payments:write"},
    "payments/<str:payment_id>/refunds": {"GET": "refunds:read", "POST": "refunds:write"},
    "refunds": {"GET": "refunds:read"},
    "refunds/<str:refund_id>": {"GET": "refunds:read"},
    "payment-methods": {"GET": "payment_methods:read", "POST": "payment_methods:write"},
    "payment-methods/<str:payment_method_token>": {"GET": "payment_methods:read", "DELETE": "payment_methods:write"},
    "analytics/payment-metrics": {"GET": "analytics:read"},
    "analytics/revenue": {"GET": "analytics:read"},
    "analytics/behaviour": {"GET": "analytics:read"},
    "analytics/customers/<str:customer_id>/behaviour": {"GET": "analytics:read"},
    "analytics/fraud-patterns": {"GET": "fraud:read"},
    "analytics/dashboard": {"GET": "analytics:read"},
}
_MAY = "?start_date=2026-05-01&end_date=2026-05-31"
# Questions, which list no rows, and what has to be said to get an answer.
QUESTIONS = {
    "analytics/payment-metrics": _MAY,
    "analytics/revenue": _MAY,
    "analytics/behaviour": _MAY,
    "analytics/customers/<str:customer_id>/behaviour": _MAY,
    "analytics/fraud-patterns": "",
    "analytics/dashboard": "",
}
# Where nobody may knock: the verbs and what they answer to an empty body.
OPEN: dict[str, dict[str, int]] = {
    "auth/token": {"POST": 400},
    "auth/refresh": {"POST": 400},
    "auth/logout": {"POST": 400},
}
# Addresses elsewhere that nobody may read.
INSTALLED = {"manifest.webmanifest": 200, "sw.js": 200, "offline/": 200}
PAGES: dict[str, int] = {
    "": 302,
    "health": 200,
    "ready": 503,
    "metrics": 404,
    "api/schema/": 200,
    "api/docs/": 200,
    **INSTALLED,
}
# Doors elsewhere that have tests of their own: mcp_bridge/tests.
DOORS = {"mcp"}
# Which payment or wallet an address needs to have something to do.
ROW_OF = {
    "payments/<str:payment_id>/confirm": "waiting_id",
    "payments/<str:payment_id>/capture": "authorized_id",
    "payments/<str:payment_id>/cancel": "authorized_id",
    "agents/<str:agent_id>/revive": "killed_id",
    "wallets/<str:wallet_id>/unfreeze": "frozen_id",
    "wallets/<str:wallet_id>/close": "payee_id",
}
OPERATIONS = [(route, verb) for route, verbs in MATRIX.items() for verb in verbs]
ONE_ROW = [(route, verb) for route, verb in OPERATIONS if "<" in route]
LISTS = [route for route, verbs in MATRIX.items() if "<" not in route and "GET" in verbs and route not in QUESTIONS]
BODIES: dict[tuple[str, str], Any] = {
    ("users", "POST"): {"email": "eve@example.com", "role": "viewer"},
    ("users/<str:user_id>", "PATCH"): {"role": "support"},
    ("api-keys", "POST"): NEW_KEY,
    ("agents", "POST"): {"name": "Till", "scopes": ["payments:read"]},
    ("agents/<str:agent_id>", "PATCH"): {"purpose": "Counts the till"},
    ("customers", "POST"): {"name": "Eve"},
    ("customers/<str:customer_id>", "PATCH"): {"name": "Eve"},
    ("webhook-endpoints", "POST"): NEW_HOOK,
    ("wallets/<str:wallet_id>/holds", "POST"): {"amount": 1_00},
    ("wallets/<str:wallet_id>/limits", "POST"): LIMITS,
    ("wallets/<str:wallet_id>/overdraft", "POST"): {"overdraft_limit": 10_00},
    ("wallet-limits", "POST"): {**LIMITS, "currency": "USD", "kyc_level": 1},
    ("fx/quotes", "POST"): {"from_currency": "USD", "to_currency": "INR", "amount": 1_00},
    ("wallets/<str:wallet_id>/withdrawals", "POST"): {"amount": 1_00, "currency": "USD", "destination": "bank_success"},
    ("webhook-endpoints/<str:endpoint_id>", "PATCH"): {"description": "Eve's"},
}


# Without a row in the address, but with one in the body.
OF_A_ROW = {("payments", "POST"), ("payment-methods", "POST"), ("wallets", "POST"), ("mandates", "POST")}


def path_of(route: str, names: dict[str, str]) -> str:
    wanted = ROW_OF.get(route)
    parts = []
    for part in route.split("/"):
        name = part.removeprefix("<str:").removesuffix(">") if part.startswith("<") else ""
        parts.append(names[wanted or name] if name else part)
    return "/api/v1/" + "/".join(parts) + QUESTIONS.get(route, "")


def body_of(route: str, verb: str, place: Place) -> Any:
    own: dict[tuple[str, str], Callable[[], Any]] = {
        ("payments", "POST"): place.wish,
        ("payments/<str:payment_id>/confirm", "POST"): lambda: {"payment_method_token": place.method()},
        ("wallets", "POST"): lambda: {"customer_id": place.shop.customer.public_id, "currency": "EUR"},
        ("wallets/<str:wallet_id>/transfers", "POST"): lambda: {
            "to_wallet_id": place.names["payee_id"],
            "amount": 1_00,
            "currency": "USD",
        },
        ("wallets/<str:wallet_id>/exchanges", "POST"): place.exchange,
        ("wallets/<str:wallet_id>/top-ups", "POST"): place.top_up,
        ("mandates", "POST"): lambda: {
            "agent_id": place.names["agent_id"],
            "scopes": ["payments:write"],
            "limits": [{"currency": "INR", "window": "day", "max": 10_000}],
        },
        ("payment-methods", "POST"): lambda: {
            "customer_id": place.shop.customer.public_id,
            "type": "card",
            "token": "tok_visa",
        },
    }
    return own[route, verb]() if (route, verb) in own else BODIES.get((route, verb))
