"""What a merchant takes for exchanging."""

from typing import ClassVar

from django.conf import settings
from django.db import transaction

from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import Conflict, InvalidInput
from wallets.fx import MOST_SPREAD
from wallets.models import FxTerms


class TermsChanged(Conflict):
    code: ClassVar[str] = "terms_changed"
    hint = "Look at them and decide again."


def spread_of(actor: Actor) -> int:
    """The spread of the actor's merchant and mode, in hundredths of a per cent."""
    found = FxTerms.objects.visible_to(actor).values_list("spread_bps", flat=True).first()
    return int(settings.FX_SPREAD_BPS if found is None else found)


def subjects(actor: Actor) -> list[str]:
    """The public ids that events about the merchant's terms are about."""
    return [terms.public_id for terms in FxTerms.objects.filter(merchant_id=actor.merchant)]


def set_spread(*, actor: Actor, spread_bps: int, seen: int) -> FxTerms:
    """Set the spread of new quotes, in hundredths of a per cent; quotes that were given keep theirs.

    ``seen`` is the spread on which the caller decided.

    :raises InvalidInput: when it is not within 0 and ``MOST_SPREAD``.
    :raises TermsChanged: when the spread is not as it was seen.
    """
    actor.require("settings:write")
    if type(spread_bps) is not int or not 0 <= spread_bps <= MOST_SPREAD:
        raise InvalidInput(f"A spread is from 0 to {MOST_SPREAD} hundredths of a per cent")
    now = clock.now()
    with transaction.atomic():
        FxTerms.objects.get_or_create(
            merchant_id=actor.merchant,
            livemode=actor.livemode,
            defaults={"spread_bps": spread_of(actor), "created_at": now, "updated_at": now},
        )
        terms: FxTerms = FxTerms.objects.visible_to(actor).select_for_update().get()
        before = terms.spread_bps
        if before != seen:
            raise TermsChanged("The spread has been changed meanwhile")
        if before != spread_bps:
            terms.spread_bps, terms.updated_at = spread_bps, now
            terms.save(update_fields=["spread_bps", "updated_at"])
            data = {"spread_bps": spread_bps, "livemode": terms.livemode}
            changes = {"spread_bps": [before, spread_bps]}
            events.emit("fx.terms_changed", subject=terms, actor=actor, data=data, changes=changes)
    return terms
