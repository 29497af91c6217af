"""What the console shows live."""

from analytics.services import rollups
from compliance.audit import sequencer
from monitoring.services.live import before_tick
from rupai.core.models import Event
from rupai.pages.live import LiveView, live


@live("payments", scope="payments:read")
def newest_event(view: LiveView) -> str:
    """The number of the newest event: a list that is open asks for itself again when it changes."""
    events = Event.objects.all()
    if view.merchant_id is None:
        newest = events.filter(position__isnull=False).order_by("-position").values_list("position", flat=True)
    else:
        numbered = events.filter(merchant_id=view.merchant_id, livemode=view.livemode, seq__isnull=False)
        newest = numbered.order_by("-seq").values_list("seq", flat=True)
    return str(newest.first() or 0)


# While somebody looks, what has just happened is numbered and summed at once, not at the next beat of the clock.
before_tick(sequencer.sequence)
before_tick(rollups.catch_up)
