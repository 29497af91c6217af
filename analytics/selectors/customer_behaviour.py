"""One customer against his or her own past."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from statistics import median

from analytics.selectors import chances
from analytics.selectors.behaviour import Behaviour, Findings, Window, average, nothing, ratio, window_of
from payments.models import Payment
from payments.states import PaymentState
from rupai.accounts.models import Customer
from rupai.core.actor import Actor

# More than this is no person; the newest count.
MOST_PAYMENTS = 5_000
# So many equally long stretches of the past, or gaps between payments, are needed to judge by.
LEAST_STRETCHES = 5
LEAST_GAPS = 5
_RATES = "payments: exact conditional test of two Poisson rates"
_RANKS = "average payment: Wilcoxon rank sum with ties, from 8 payments on each side"
_STRETCHES = "amount spent: deviations from the mean of equally long stretches of the past"
_FISHER = "rates: Fisher's exact test"
_GAPS = "gap since the last payment: its rank among the customer's own gaps between days with a payment"


@dataclass(frozen=True, slots=True)
class _Paid:
    """One payment: minor units that were captured and given back."""

    at: datetime
    currency: str
    captured: int
    refunded: int
    method: str
    state: str

    @property
    def failed(self) -> bool:
        return self.state == PaymentState.FAILED


def customer_behaviour(
    *, actor: Actor, customer_id: str, start: date, end: date, analysis_type: str = "spending_patterns"
) -> Behaviour:
    """Compare a customer's payments of some days with those of up to a year before.

    :raises NotFound: when the actor sees no such customer.
    :raises DateRange: when the days are in the wrong order or too many.
    """
    actor.require("analytics:read")
    window = window_of(actor, start, end)
    customer: Customer = Customer.objects.visible_to(actor).named(customer_id)
    if window is None:
        return nothing(analysis_type)
    # Before somebody became a customer there is no past, rather than one without payments.
    window = replace(window, past=min(max(window.past, customer.created_at), window.since))
    paid = _paid(actor, customer, window)
    if not paid:
        return nothing(analysis_type)
    findings = Findings()
    _ANALYSES[analysis_type](findings, paid, window)
    return findings.as_behaviour(analysis_type, len(paid))


def _paid(actor: Actor, customer: Customer, window: Window) -> list[_Paid]:
    rows = Payment.objects.visible_to(actor).filter(customer=customer)
    rows = rows.filter(created_at__gte=window.past, created_at__lt=window.until).order_by("-created_at")
    fields = ("created_at", "currency", "amount_captured", "amount_refunded", "method", "state")
    found = list(rows.values_list(*fields)[:MOST_PAYMENTS])
    return [_Paid(*values) for values in reversed(found)]


def _split(paid: Sequence[_Paid], window: Window) -> tuple[list[_Paid], list[_Paid]]:
    """The payments of now, and those of the past."""
    now = [each for each in paid if each.at >= window.since]
    return now, [each for each in paid if each.at < window.since]


def _spending(findings: Findings, paid: list[_Paid], window: Window) -> None:
    captured = [each for each in paid if each.captured]
    _frequency(findings, captured, window)
    for code in sorted({each.currency for each in captured}):
        now, past = _split([each for each in captured if each.currency == code], window)
        amounts, before = [each.captured for each in now], [each.captured for each in past]
        z = _against_stretches(sum(amounts), past, window)
        method = _STRETCHES if z is not None else ""
        baseline = window.scaled_amount(sum(before))
        findings.add(f"amount_spent_{code}", sum(amounts), baseline=baseline, z_score=z, method=method)
        z, p = chances.ranks_differ(amounts, before) or (None, None)
        findings.add(
            f"average_payment_{code}",
            average(amounts),
            baseline=average(before),
            z_score=z,
            p_value=p,
            method=_RANKS if p is not None else "",
        )


def _frequency(findings: Findings, paid: list[_Paid], window: Window) -> None:
    now, past = _split(paid, window)
    if not window.past_days:
        findings.add("payments", len(now))
        return
    p = chances.rates_differ(len(now), float(window.days), len(past), float(window.past_days))
    findings.add("payments", len(now), baseline=window.scaled(len(past)), p_value=p, method=_RATES)


def _against_stretches(spent: int, past: list[_Paid], window: Window) -> float | None:
    """How far a sum is above those of the equally long stretches that end where the window begins."""
    length = window.until - window.since
    count = int((window.since - window.past) / length)
    if count < LEAST_STRETCHES:
        return None
    sums = [0] * count
    for each in past:
        place = int((window.since - each.at) / length)
        if place < count:
            sums[place] += each.captured
    return chances.deviations(spent, sums)


def _engagement(findings: Findings, paid: list[_Paid], window: Window) -> None:
    _frequency(findings, paid, window)
    now, past = _split(paid, window)
    days = [len({each.at.astimezone(window.zone).date() for each in some}) for some in (now, past)]
    findings.add("active_days", days[0], baseline=window.scaled(days[1]))
    methods = [len({each.method for each in some}) for some in (now, past)]
    findings.add("methods", methods[0], baseline=methods[1] if past else None)
    ended = [[each for each in some if each.captured or each.failed] for some in (now, past)]
    _share(findings, "success_rate", ended[0], ended[1], lambda each: bool(each.captured))
    captured = [[each for each in some if each.captured] for some in (now, past)]
    _share(findings, "refund_rate", captured[0], captured[1], lambda each: bool(each.refunded))


def _share(findings: Findings, name: str, now: list[_Paid], past: list[_Paid], is_one: Callable[[_Paid], bool]) -> None:
    hits, before = sum(map(is_one, now)), sum(map(is_one, past))
    p = chances.shares_differ(hits, len(now), before, len(past)) if now and past else None
    value, baseline = ratio(hits, len(now)), ratio(before, len(past))
    findings.add(name, value, baseline=baseline, p_value=p, method=_FISHER if p is not None else "")


def _churn(findings: Findings, paid: list[_Paid], window: Window) -> None:
    days = sorted({each.at.astimezone(window.zone).date() for each in paid if each.captured})
    if not days:
        return
    gaps = [(later - day).days for day, later in pairwise(days)]
    gap = (window.last_day - days[-1]).days
    # Where all gaps are alike by chance, the present one is as likely in each place among them; it may still grow.
    p = (1 + sum(each >= gap for each in gaps)) / (len(gaps) + 1) if len(gaps) >= LEAST_GAPS else None
    usual = median(gaps) if gaps else None
    method = _GAPS if gaps else ""
    findings.add("days_since_last_payment", gap, baseline=usual, p_value=p, method=method)
    findings.add("share_of_own_gaps_that_were_shorter", ratio(sum(each < gap for each in gaps), len(gaps)))


_ANALYSES: dict[str, Callable[[Findings, list[_Paid], Window], None]] = {
    "spending_patterns": _spending,
    "engagement_patterns": _engagement,
    "churn_risk": _churn,
}
