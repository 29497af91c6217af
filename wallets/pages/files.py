"""A wallet's statement as a file: CSV for programs, PDF for people, of the days that the page shows."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from rupai.api.streaming import stream
from rupai.core import clock
from rupai.core.errors import DomainError
from rupai.pages.once import said
from rupai.pages.registry import page
from wallets.models import Wallet
from wallets.pages.addresses import wallet_here, wallet_url
from wallets.reports import statement as reports
from wallets.selectors.wallets import statement_of

FORMATS = {"csv": "CSV", "pdf": "PDF"}


class FileForm(forms.Form):
    """Which days, both included, in the merchant's zone, and as what."""

    begin = forms.DateField(required=False)
    end = forms.DateField(required=False)
    format = forms.ChoiceField(choices=list(FORMATS.items()))


@page("wallets/<wallet_id:wallet_id>/statement/", name="wallet_file", scope="wallets:read")
def statement_file(request: HttpRequest, wallet_id: str) -> HttpResponseBase:
    """Hand a wallet's statement over as a file; what cannot be one is said on the wallet's page."""
    wallet, actor = wallet_here(request, wallet_id)
    form = FileForm(request.GET)
    if not form.is_valid():
        messages.error(request, "Choose days that there are, and CSV or PDF.")
        return HttpResponseRedirect(wallet_url(wallet))
    days = {"start_date": form.cleaned_data["begin"], "end_date": form.cleaned_data["end"]}
    try:
        found = statement_of(actor=actor, wallet_id=wallet_id, **days)
        if form.cleaned_data["format"] == "csv":
            pieces, name = reports.csv_pieces(found), f"{wallet_id}.csv"
            return stream(request, pieces, content_type="text/csv; charset=utf-8", name=name)
        printed = reports.pdf(found, at=clock.now())
    except DomainError as refusal:
        messages.error(request, said(refusal))
        return HttpResponseRedirect(wallet_url(wallet))
    response = HttpResponse(printed, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{wallet_id}.pdf"'
    return response


def files_of(wallet: Wallet, query: str = "") -> list[dict[str, str]]:
    """Links to a wallet's statement in every format; ``query`` names the days."""
    place = reverse("admin:wallet_file", args=[wallet.public_id])
    more = f"&{query}" if query else ""
    return [{"title": title, "url": f"{place}?format={name}{more}"} for name, title in FORMATS.items()]
