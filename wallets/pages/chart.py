"""The chart of accounts: every kind of account with its sums, and the proof that debits equal credits."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from rupai.core import clock, ids
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from wallets.models import Account
from wallets.selectors.chart import Book, Place, books


@page("wallets/chart/", name="wallet_chart", scope="ledger:read")
def chart(request: HttpRequest) -> HttpResponse:
    """Show the chart of the place where the person works, one panel for each currency."""
    place = place_of(request)
    found = books(actor=actor_of(request), livemode=place.livemode)
    context: dict[str, Any] = {
        "place": place,
        "books": [{"book": book, "lines": [_line(book, each) for each in book.places]} for book in found],
        "as_of": clock.now(),
        "list_url": reverse("admin:wallets_account_changelist"),
    }
    return render_page(request, "wallets/chart.html", context, title="Chart of accounts")


def _line(book: Book, place: Place) -> dict[str, Any]:
    if place.only is not None:
        url = reverse("admin:wallet_statement", args=[ids.public_id(Account.prefix, place.only)])
    else:
        query = urlencode({"code": int(place.code), "currency": book.currency})
        url = f"{reverse('admin:wallets_account_changelist')}?{query}"
    return {"place": place, "name": place.code.label.capitalize(), "url": url}


menu(MenuItem(title="Chart of accounts", icon="scale", url_name="wallet_chart", order=31, scope="ledger:read"))
