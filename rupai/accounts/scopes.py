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
    "analytics:read",
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
    "analytics:read": "See figures of payments, payers and revenue",
    "fraud:read": "See patterns of fraud and what they rest on",
    "reports:read": "See reports that were asked for, and fetch their files",
    "reports:write": "Ask for reports",
    "monitoring:read": "See health, figures, errors and alerts of the platform",
    "monitoring:write": "Record figures and errors, raise and resolve alerts",
    "compliance:read": "See compliance checks and audit reports",
    "compliance:export": "Export data for auditors and authorities",
    "agents:read": "See agents, their keys (never the secrets) and mandates",
    "agents:write": "Create, change and stop agents, grant and revoke mandates",
    "mcp:self": "As an agent: see its own mandates and approvals",
    "docs:read": "As an agent: search the help centre",
}
ALL = frozenset(SCOPES)
_SUPPORT = {*READ, "refunds:write", "customers:write", "payment_methods:write", "fraud:read"}
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
    "fraud:read",
    "reports:read",
    "reports:write",
    "compliance:read",
    "agents:read",
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
    "monitoring:read",
    "monitoring:write",
    "agents:read",
}
ROLES: dict[str, frozenset[str]] = {
    "owner": ALL,
    "admin": ALL,
    "finance": frozenset(_FINANCE),
    "support": frozenset(_SUPPORT),
    "developer": frozenset(_DEVELOPER),
    "viewer": frozenset(READ),
}
# What only an agent's own key or token is good for; whoever may make agents may give them.
AGENT_ONLY = frozenset({"mcp:self", "docs:read"})
# What a key may carry: people, settings and agents are managed by people, who can be asked for a second factor; files
# are for people, too.
KEY_SCOPES = ALL - {"users:write", "settings:read", "settings:write", "exports:create", "agents:write"} - AGENT_ONLY
# What an agent never carries: whoever could be talked into anything must not hand out access, send data to an address
# of its choice, or change the limits that hold it.
PEOPLE_ONLY = frozenset(
    {
        "users:read",
        "users:write",
        "settings:read",
        "settings:write",
        "api_keys:read",
        "api_keys:write",
        "agents:read",
        "agents:write",
        "webhooks:write",
        "providers:write",
        "fx:write",
        "wallets:write",
        "exports:create",
    }
)
AGENT_SCOPES = ALL - PEOPLE_ONLY
# What moves money: an agent needs a mandate for each of these beside the scope.
MONEY_SCOPES = frozenset({"payments:write", "refunds:write", "wallets:transfer", "wallets:topup", "wallets:withdraw"})
# As lists, for doors that offer them.
KEY_CHOICES, AGENT_CHOICES, MONEY_CHOICES = sorted(KEY_SCOPES), sorted(AGENT_SCOPES), sorted(MONEY_SCOPES)


def check_scopes(scopes: list[str]) -> None:
    """Refuse scopes that do not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValidationError(f"Unknown scopes: {', '.join(unknown)}")
