"""Payments that wait for somebody: tries of which nobody knows the outcome for too long."""

from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse

from payments.models import Attempt
from payments.states import AttemptState
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages.attention import Matter, attention

# The janitor has asked the provider twice by then.
UNKNOWN_FOR = timedelta(hours=1)


@attention(order=10, scope="payments:read")
def unknown_attempts(actor: Actor) -> Matter:
    """Attempts whose outcome is unknown for longer than an hour."""
    # To the minute: the same address for all who look within it.
    before = (clock.now() - UNKNOWN_FOR).replace(second=0, microsecond=0)
    rows = Attempt.objects.filter(state=AttemptState.UNKNOWN, created_at__lt=before, payment__livemode=actor.livemode)
    if actor.merchant_id is not None:
        rows = rows.filter(payment__merchant_id=actor.merchant_id)
    query = urlencode({"state": AttemptState.UNKNOWN.value, "to": before.isoformat()})
    return Matter(
        one="attempt with an unknown outcome for over an hour",
        many="attempts with an unknown outcome for over an hour",
        rows=rows,
        url=f"{reverse('admin:payments_attempt_changelist')}?{query}",
    )
