"""Every event that there is: what a merchant may subscribe to. A test compares it with the code that emits."""

EVENT_TYPES: dict[str, tuple[str, ...]] = {
    "payment": (
        "created",
        "confirmed",
        "action_required",
        "authorized",
        "partially_captured",
        "captured",
        "failed",
        "cancelled",
        "expired",
        "conflicted",
        "refunded",
    ),
    "refund": ("created", "succeeded", "failed"),
    "payment_method": ("created", "detached"),
    "customer": ("created", "updated"),
    "wallet": (
        "created",
        "frozen",
        "unfrozen",
        "closed",
        "transferred",
        "held",
        "hold_captured",
        "released",
        "limits_changed",
    ),
    "wallet_limits": ("changed",),
    "wallet_terms": ("changed",),
    "top_up": ("posted",),
    "payout": ("created", "paid", "failed"),
    "merchant": ("created", "changed"),
    "member": ("added", "changed", "removed"),
    "user": ("disabled", "enabled"),
    "role": ("created", "changed", "deleted"),
    "api_key": ("created", "rotated", "revoked"),
    "provider_account": ("created",),
    "webhook_endpoint": ("created", "updated", "secret_rotated", "deleted", "disabled", "tested"),
    "webhook_delivery": ("replayed",),
    "approval": ("requested", "approved", "rejected", "cancelled", "expired", "executed", "failed"),
    "fx": ("rate_set", "terms_changed", "exchanged"),
    "data": ("exported",),
    "agent": ("created", "changed", "killed", "revived"),
    "agent_key": ("created", "rotated", "revoked"),
    "mandate": ("granted", "revoked"),
    "invariant": ("broken", "restored"),
    "tool": ("called",),
}


def names() -> list[str]:
    """All names in full."""
    return [f"{noun}.{verb}" for noun, verbs in EVENT_TYPES.items() for verb in verbs]
