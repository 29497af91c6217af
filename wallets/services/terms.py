"""From which amount on a second person has to agree when people move money of wallets by hand."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.money import Money
from wallets.models import Wallet, WalletTerms
from wallets.services.fx_terms import TermsChanged


def approval_over(actor: Actor) -> dict[str, int]:
    """The greatest amount of each currency that one person may move, in minor units; one that is missing has none."""
    found = WalletTerms.objects.visible_to(actor).values_list("approval_over", flat=True).first()
    return dict(found or {})


def with_terms(rows: QuerySet[Wallet]) -> QuerySet[Any]:
    """Read with each wallet the terms of its merchant, as ``approval_over``; null where there are none."""
    here = WalletTerms.objects.filter(merchant_id=OuterRef("merchant_id"), livemode=OuterRef("livemode"))
    return rows.annotate(approval_over=Subquery(here.values("approval_over")[:1]))


def needs_second_person(actor: Actor, money: Money) -> bool:
    """Whether moving so much by hand waits for somebody else's agreement."""
    most = approval_over(actor).get(money.currency)
    return most is not None and money.minor > most


def subjects(actor: Actor) -> list[str]:
    """The public ids that events about the merchant's terms are about."""
    return [terms.public_id for terms in WalletTerms.objects.filter(merchant_id=actor.merchant)]


def set_approval_over(*, actor: Actor, most: Mapping[str, int], seen: Mapping[str, int]) -> WalletTerms:
    """Set the greatest amounts that one person may move, by currency; what was asked for before stays asked.

    ``seen`` are those on which the caller decided.

    :raises InvalidAmount: when an amount is no whole number of minor units.
    :raises UnknownCurrency: when nothing is paid in a currency.
    :raises TermsChanged: when they are not as they were seen.
    """
    actor.require("settings:write")
    wanted = {code: Money(amount, code).minor for code, amount in sorted(most.items())}
    now = clock.now()
    with transaction.atomic():
        WalletTerms.objects.get_or_create(
            merchant_id=actor.merchant, livemode=actor.livemode, defaults={"created_at": now, "updated_at": now}
        )
        terms: WalletTerms = WalletTerms.objects.visible_to(actor).select_for_update().get()
        before = terms.approval_over
        if before != dict(seen):
            raise TermsChanged("The amounts have been changed meanwhile")
        if before != wanted:
            terms.approval_over, terms.updated_at = wanted, now
            terms.save(update_fields=["approval_over", "updated_at"])
            data = {"approval_over": wanted, "livemode": terms.livemode}
            changes = {"approval_over": [before, wanted]}
            events.emit("wallet_terms.changed", subject=terms, actor=actor, data=data, changes=changes)
    return terms
