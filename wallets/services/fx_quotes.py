"""Offer an exchange: a price that holds for a short while."""

from datetime import timedelta
from typing import Literal

from django.conf import settings

from rupai.core import clock
from rupai.core.actor import Actor
from wallets.fx import SameCurrency, convert, with_spread
from wallets.models import FxQuote
from wallets.selectors.fx import mid_rate
from wallets.services.fx_terms import spread_of

Side = Literal["from", "to"]


def quote_fx(*, actor: Actor, from_currency: str, to_currency: str, amount: int, side: Side = "from") -> FxQuote:
    """Offer to exchange ``amount`` minor units of the source currency, or for so many of the target (``side="to"``).

    The offer holds for ``FX_QUOTE_SECONDS``, moves no money, and is kept so that an exchange can name it.

    :raises SameCurrency: when there is nothing to exchange.
    :raises UnknownCurrency: for a currency that cannot be paid in.
    :raises RateUnknown: when no rate is in force between the two.
    :raises AmountNotExchangeable: when one side would be nothing, or too much to be written.
    """
    actor.require("wallets:transfer")
    if from_currency == to_currency:
        raise SameCurrency(f"{from_currency} is exchanged into {to_currency}")
    now = clock.now()
    mid = mid_rate(actor=actor, source=from_currency, target=to_currency, at=now)
    spread_bps = spread_of(actor)
    found = convert(amount=amount, source=from_currency, target=to_currency, rate=mid, spread_bps=spread_bps, side=side)
    quote: FxQuote = FxQuote.objects.create(
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=now,
        from_currency=from_currency,
        to_currency=to_currency,
        from_amount=found.from_amount,
        to_amount=found.to_amount,
        rate=with_spread(mid, spread_bps),
        mid_rate=mid,
        spread_bps=spread_bps,
        spread_amount=found.spread_amount,
        expires_at=now + timedelta(seconds=settings.FX_QUOTE_SECONDS),
        created_by=actor.id,
    )
    return quote
