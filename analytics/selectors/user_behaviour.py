"""How payers behave: one of them, or a segment."""

from datetime import date

from analytics.errors import Uncountable
from analytics.segments import RULES
from analytics.selectors.behaviour import Behaviour
from analytics.selectors.customer_behaviour import customer_behaviour
from analytics.selectors.segment_behaviour import segment_behaviour
from rupai.core.actor import Actor


def user_behaviour(
    *,
    actor: Actor,
    start: date,
    end: date,
    customer_id: str | None = None,
    segment: str | None = None,
    analysis_type: str = "spending_patterns",
) -> Behaviour:
    """Compare what a customer or a segment (default: everyone) did in some days with what they did before.

    :raises NotFound: when the actor sees no such customer.
    :raises DateRange: when the days are in the wrong order or too many.
    :raises Uncountable: for a customer and a segment at once, or a segment that does not exist.
    """
    actor.require("analytics:read")
    if customer_id is not None:
        if segment is not None:
            raise Uncountable("A customer is no segment", hint="Send user_id or segment, not both.")
        return customer_behaviour(
            actor=actor, customer_id=customer_id, start=start, end=end, analysis_type=analysis_type
        )
    name = segment or "everyone"
    if name not in RULES:
        raise Uncountable(f"There is no segment {name[:64]!r}", hint=f"Segments are {', '.join(RULES)}.")
    return segment_behaviour(actor=actor, segment=name, start=start, end=end, analysis_type=analysis_type)
