"""Looking at a demo world from outside."""

from datetime import timedelta
from typing import Any

from payments.models import DemoWorld, Payment, ProviderAccount
from payments.tests.sandboxes import Sandbox

Fact = tuple[Any, ...]


def plans(*fields: str) -> list[Fact]:
    """The payments of all demo merchants, as their plans told them, with further fields; no ids, no absolute times."""
    worlds = {world.merchant_id: world for world in DemoWorld.objects.all()}
    rows = Payment.objects.filter(merchant_id__in=worlds).order_by("created_at", "order_id")
    return [
        (
            worlds[row.merchant_id].plan,
            row.order_id,
            worlds[row.merchant_id].until - row.created_at,
            row.amount,
            row.currency,
            row.method,
            *(getattr(row, field) for field in fields),
        )
        for row in rows
    ]


def booked_by_us() -> dict[str, tuple[int, int]]:
    """By provider account: captured and refunded minor units in our books."""
    found: dict[str, tuple[int, int]] = {}
    for account in ProviderAccount.objects.filter(merchant_id__in=DemoWorld.objects.values("merchant_id")):
        rows = Payment.objects.filter(
            tries__provider_account=account, tries__state__in=["charged", "partially_charged"]
        )
        amounts = list(rows.values_list("amount_captured", "amount_refunded"))
        found[account.configuration["secret_key"]] = (sum(row[0] for row in amounts), sum(row[1] for row in amounts))
    return found


def booked_by_the_sandbox(url: str) -> dict[str, tuple[int, int]]:
    """The same in the sandbox's books."""
    found = {}
    for key in booked_by_us():
        charges = Sandbox(url, key).charges()
        captured, refunded = (
            sum(charge[name] for charge in charges) for name in ("amount_captured", "amount_refunded")
        )
        found[key] = (captured, refunded)
    return found


def in_order(facts: list[Fact]) -> bool:
    """Tell whether each merchant's order numbers grow with time."""
    for plan in {fact[0] for fact in facts}:
        own = [fact for fact in facts if fact[0] == plan]
        if [fact[1] for fact in own] != sorted(fact[1] for fact in own) or min(fact[2] for fact in own) < timedelta(0):
            return False
    return True
