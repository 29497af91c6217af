"""An account's statement: what came and went, the balance after each entry, and the proof that they add up."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rupai.accounts.models import Merchant
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages.once import found
from rupai.pages.place import actor_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from wallets import selectors
from wallets.models import Account, Wallet
from wallets.pages.files import files_of
from wallets.selectors import Line, Position
from wallets.states import DEBIT_NORMAL, AccountCode

_PER_PAGE = 50
# Adding up more than so many entries takes long enough that a person should ask for it.
MOST_PROVED_UNASKED = 20_000


class RangeForm(forms.Form):
    """The days of a statement, both included, in the person's zone."""

    begin = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("begin") and values.get("end") and values["begin"] > values["end"]:
            self.add_error("end", "This day is before the first one.")
        return values


@page("wallets/statement/<str:account_id>/", name="wallet_statement", scope="ledger:read")
def statement(request: HttpRequest, account_id: str) -> HttpResponse:
    """Show an account's entries, newest first, with the balance after each."""
    actor = actor_of(request)
    account: Account = found(request, account_id, selectors.accounts(actor=actor).select_related("wallet"))
    form = RangeForm(request.GET)
    days = form.cleaned_data if form.is_valid() else {}
    start, end = _moment(days.get("begin")), _moment(days.get("end"), after=True)
    before = _position(request.GET.get("before", "")) or _until(end)
    lines = selectors.statement(actor=actor, account=account.public_id, before=before, limit=_PER_PAGE + 1)
    entries = _count(account)
    inside = [line for line in lines if start is None or line.entry.created_at >= start]
    shown = inside[:_PER_PAGE]
    context = {
        "account": account,
        "name": AccountCode(account.code).label.capitalize(),
        "merchant": Merchant.objects.get(pk=account.merchant_id),
        "form": form,
        "lines": shown,
        "older": _older(request, shown) if len(inside) > _PER_PAGE else "",
        "opening": selectors.balance_at(account, start - timedelta(microseconds=1)).posted if start else None,
        "closing": selectors.balance_at(account, end - timedelta(microseconds=1)).posted if end else None,
        "balance": selectors.balance_of(account.pk),
        "entries": entries,
        "proof": selectors.prove(account) if entries <= MOST_PROVED_UNASKED or "prove" in request.GET else None,
        "as_of": clock.now(),
        "debit_normal": account.code in DEBIT_NORMAL,
        "files": _files(actor, account, request),
    }
    title = f"{AccountCode(account.code).label.capitalize()} in {account.currency}"
    return render_page(request, "wallets/statement.html", context, title=title, fragment="wallets/_entries.html")


def _files(actor: Actor, account: Account, request: HttpRequest) -> list[dict[str, str]]:
    """Links to the statement as a file; only wallets have one."""
    wallet: Wallet | None = getattr(account, "wallet", None)
    if wallet is None or not actor.may("wallets:read"):
        return []
    days = {name: request.GET[name] for name in ("begin", "end") if request.GET.get(name)}
    return files_of(wallet, urlencode(days))


def _count(account: Account) -> int:
    """How many entries an account has: the counters know, without looking at any."""
    counted: int = account.counters.aggregate(entries=Coalesce(Sum("version"), 0))["entries"]
    return counted


def _moment(day: date | None, *, after: bool = False) -> datetime | None:
    """The first moment of a day in the person's zone, or of the day after it."""
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=1) if after else day, time.min))


def _until(end: datetime | None) -> Position:
    return selectors.NEWEST if end is None else (end, -1, -1)


def _position(text: str) -> Position | None:
    """Read a place in the order of the entries from an address; anything else is the beginning."""
    try:
        moment, shard, version = text.split("~")
        found_at = datetime.fromisoformat(moment)
        place = int(shard), int(version)
    except ValueError:
        return None
    in_range = -1 <= place[0] < 2**15 and -1 <= place[1] < 2**63
    return (found_at, *place) if found_at.tzinfo and in_range else None


def _older(request: HttpRequest, shown: list[Line]) -> str:
    moment, shard, version = selectors.position_of(shown[-1].entry)
    query = request.GET.copy()
    query["before"] = f"{moment.isoformat()}~{shard}~{version}"
    return query.urlencode()
