"""Where the pages of wallets are."""

from django.http import HttpRequest
from django.urls import register_converter, reverse
from django.urls.converters import StringConverter

from rupai.core.actor import Actor
from rupai.core.ids import LENGTH
from rupai.pages.lists.columns import CUSTOMERS, row_page
from rupai.pages.once import found
from rupai.pages.place import actor_at, actor_of
from wallets.models import Wallet
from wallets.selectors.wallets import wallets
from wallets.services.terms import with_terms


class WalletId(StringConverter):
    """A wallet's public id in an address: the stock lists lie at the same depth and must not be taken for one."""

    regex = f"{Wallet.prefix}_[0-9A-Za-z]{{{LENGTH}}}"


register_converter(WalletId, "wallet_id")


def wallet_url(wallet: Wallet) -> str:
    """The address of a wallet's page."""
    return reverse("admin:wallet_detail", args=[wallet.public_id])


row_page(Wallet, wallet_url)


def wallet_here(request: HttpRequest, wallet_id: str) -> tuple[Wallet, Actor]:
    """A wallet that the person may see at this place, and the person as the actor at its merchant and mode."""
    rows = with_terms(wallets(actor=actor_of(request))).select_related("account", "customer")
    wallet: Wallet = found(request, wallet_id, rows)
    return wallet, actor_at(request, wallet)


def holder_of(wallet: Wallet, actor: Actor) -> str:
    """The name or e-mail address of a wallet's customer for those who may see it, else the id."""
    known = wallet.customer.person() if actor.may(CUSTOMERS) else {}
    return known.get("name") or known.get("email") or wallet.customer.public_id
