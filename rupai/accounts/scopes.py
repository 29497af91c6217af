"""Every scope there is, and which role has which: the permission matrix."""

from django.core.exceptions import ValidationError

READ = [
    "payments:read",
    "refunds:read",
    "customers:read",
    "payment_methods:read",
    "wallets:read",
    "ledger:read",
    "events:read",
]
SCOPES: dict[str, str] = {
    "payments:read": "See payments, their risk and route",
    "payments:write": "Take, capture and cancel payments",
    "refunds:read": "See refunds",
    "refunds:write": "Give money back",
    "customers:read": "See customers with their contact data",
    "customers:write": "Create and change customers",
    "payment_methods:read": "See saved payment methods",
    "payment_methods:write": "Save and detach payment methods",
    "wallets:read": "See wallets and statements",
    "wallets:write": "Open, freeze and close wallets, set their limits",
    "wallets:transfer": "Move and hold money of wallets",
    "wallets:topup": "Fund wallets",
    "wallets:withdraw": "Pay wallets out",
    "fx:write": "Set exchange rates",
    "ledger:read": "See ledger accounts and transfers",
    "events:read": "See the event log",
    "webhooks:read": "See webhook endpoints and deliveries",
    "webhooks:write": "Create and change webhook endpoints",
    "api_keys:read": "See API keys (never their secrets)",
    "api_keys:write": "Create, rotate and revoke API keys",
    "users:read": "See members of the merchant",
    "users:write": "Invite, change and remove members",
    "audit:read": "See and verify the audit chain",
    "providers:read": "See provider accounts (never their credentials)",
    "providers:write": "Configure provider accounts",
    "settings:read": "See the settings of the merchant and who changed them",
    "settings:write": "Change the settings of the merchant",
    "exports:create": "Export lists as files",
}
ALL = frozenset(SCOPES)
_SUPPORT = {*READ, "refunds:write", "customers:write", "payment_methods:write"}
_FINANCE = {
    *READ,
    "payments:write",
    "refunds:write",
    "wallets:write",
    "wallets:transfer",
    "wallets:topup",
    "wallets:withdraw",
    "fx:write",
    "audit:read",
    "exports:create",
}
_DEVELOPER = {
    *READ,
    "payments:write",
    "customers:write",
    "payment_methods:write",
    "webhooks:read",
    "webhooks:write",
    "api_keys:read",
    "api_keys:write",
    "providers:read",
}
ROLES: dict[str, frozenset[str]] = {
    "owner": ALL,
    "admin": ALL,
    "finance": frozenset(_FINANCE),
    "support": frozenset(_SUPPORT),
    "developer": frozenset(_DEVELOPER),
    "viewer": frozenset(READ),
}
# What a key may carry: people and settings are managed by people, who can be asked for a second factor; files are for
# people, too.
KEY_SCOPES = ALL - {"users:write", "settings:read", "settings:write", "exports:create"}


def check_scopes(scopes: list[str]) -> None:
    """Refuse scopes that do not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValidationError(f"Unknown scopes: {', '.join(unknown)}")
