"""Opening the demo merchants: accounts at the acquirers, a key, risk rules; all of them or none."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from payments.demo import merchants
from payments.demo.merchants import MerchantPlan
from payments.models import DemoWorld, ProviderAccount, RiskPolicy
from payments.services.accounts import SANDBOX_KEY, create_provider_account
from rupai.accounts.models import ApiKey, Merchant
from rupai.accounts.scopes import KEY_SCOPES
from rupai.accounts.services import keys
from rupai.accounts.services.merchants import create_merchant
from rupai.core import clock, locks
from rupai.core.actor import Actor
from rupai.core.errors import Conflict

KEY_NAME = "Shop server"
# A merchant is open for a day before its first payment.
OPEN_BEFORE = timedelta(days=1)


def open_worlds(*, payments: int, days: int, seed: int) -> list[DemoWorld]:
    """Open the demo merchants, unless they are open; their past ends now.

    :raises Conflict: when somebody else's merchant has one of their names, or another process opens them.
    """
    with transaction.atomic():
        if not locks.try_single_writer("payments.demo"):
            raise Conflict("Another process opens the demo merchants")
        found = list(DemoWorld.objects.select_related("merchant").order_by("began_at", "plan"))
        if found:
            return found
        began_at = clock.now()
        until = began_at.replace(microsecond=0)
        shares = merchants.shares(payments)
        with clock.at(until - timedelta(days=days) - OPEN_BEFORE):
            return [
                DemoWorld.objects.create(
                    merchant=_open(plan),
                    plan=plan.key,
                    seed=seed,
                    days=days,
                    payments=shares[plan.key],
                    until=until,
                    began_at=began_at,
                )
                for plan in merchants.MERCHANTS
            ]


def actor_of(world: DemoWorld) -> Actor:
    """The merchant's own server, with its key."""
    key = ApiKey.objects.get(merchant_id=world.merchant_id, livemode=False, name=KEY_NAME)
    return Actor("key", key.public_id, world.merchant_id, False, KEY_SCOPES, name=key.name)


def accounts_of(world: DemoWorld) -> Sequence[ProviderAccount]:
    """The merchant's accounts at the simulated acquirers."""
    found = ProviderAccount.objects.filter(merchant_id=world.merchant_id, livemode=False)
    return list(found.order_by("priority"))


def _open(plan: MerchantPlan) -> Merchant:
    if Merchant.objects.filter(name__iexact=plan.name).exists():
        raise Conflict(f"A merchant is called {plan.name}", hint="Rename it, or start without the demo world.")
    merchant = create_merchant(
        actor=Actor.platform("demo"),
        name=plan.name,
        country=plan.country,
        currency=plan.currency,
        timezone=plan.timezone,
    )
    actor = Actor.platform("demo", merchant_id=merchant.pk, livemode=False)
    for number, account in enumerate(plan.accounts):
        create_provider_account(
            actor=actor,
            provider=account.provider,
            name=account.name,
            configuration={"secret_key": _secret_key(merchant.pk, number)},
            methods=account.methods,
            currencies=account.currencies,
            priority=account.priority,
        )
    keys.create_key(actor=actor, name=KEY_NAME, scopes=sorted(KEY_SCOPES))
    _set_risk_rules(plan, merchant, clock.now())
    return merchant


def _secret_key(merchant_id: UUID, number: int) -> str:
    return f"{SANDBOX_KEY}{merchant_id.hex}_{number}"


def _set_risk_rules(plan: MerchantPlan, merchant: Merchant, at: datetime) -> None:
    for market in plan.markets:
        RiskPolicy.objects.create(
            merchant_id=merchant.pk,
            livemode=False,
            created_at=at,
            currency=market.currency,
            challenge_over=market.challenge_over,
            review_over=market.review_over,
            block_over=market.block_over,
            most_per_hour=plan.most_per_hour,
        )
