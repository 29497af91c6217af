"""Reading the queue of approvals, and mandates with what is left of them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from rupai.accounts.models import Agent, Merchant
from rupai.approvals.models import Approval, Mandate, MandateCounter
from rupai.approvals.states import ApprovalState, Window
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet, key_of


def approvals_of(actor: Actor) -> RowQuerySet[Approval]:
    """The approvals that an actor may decide on or has asked for; an agent decides on none."""
    rows: RowQuerySet[Approval] = Approval.objects.visible_to(actor)
    if actor.kind == "agent":
        return rows.filter(requested_by=actor.id)
    return rows if "*" in actor.scopes else rows.filter(Q(scope__in=actor.scopes) | Q(requested_by=actor.id))


def waiting(rows: RowQuerySet[Approval]) -> RowQuerySet[Approval]:
    """Those of the given approvals that wait, the most urgent first."""
    return rows.filter(state=ApprovalState.REQUESTED).order_by("expires_at", "pk")


def decided(rows: RowQuerySet[Approval]) -> RowQuerySet[Approval]:
    """Those of the given approvals that do not wait any more, newest decision first."""
    return rows.exclude(state=ApprovalState.REQUESTED).order_by("-decided_at", "-pk")


def mandates_of(actor: Actor) -> RowQuerySet[Mandate]:
    """The mandates that an actor may see; an agent sees its own alone."""
    rows: RowQuerySet[Mandate] = Mandate.objects.visible_to(actor)
    return rows.filter(agent_id=key_of(actor.id, Agent.prefix)) if actor.kind == "agent" else rows


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit of a mandate and how far it is used now: committed and reserved together, in minor units."""

    window: Window
    currency: str
    ceiling: int
    used: int

    @property
    def remaining(self) -> int:
        return max(0, self.ceiling - self.used)


def limits_in_use(mandate: Mandate, *, at: datetime | None = None) -> list[LimitUse]:
    """Each limit of a mandate with what of it is used in the window around a moment (now); of a transaction 0."""
    zone = ZoneInfo(Merchant.objects.values_list("timezone", flat=True).get(pk=mandate.merchant_id))
    starts = mandate.starts(at or clock.now(), zone)
    counters = MandateCounter.objects.filter(mandate=mandate, starts_at__in=starts.values())
    taken = {
        (each.currency, each.window): each.taken for each in counters if starts[Window(each.window)] == each.starts_at
    }
    return [
        LimitUse(window, currency, ceiling, taken.get((currency, str(window)), 0))
        for currency in sorted(mandate.limits)
        for window, ceiling in mandate.ceilings(currency).items()
    ]
