"""Acts on one wallet, each with a page that says what will happen before it does."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse

from rupai.core.actor import Actor
from rupai.core.idempotency import Claim
from rupai.pages import once
from rupai.pages.once import Landing
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from wallets import selectors
from wallets.models import Wallet
from wallets.pages.addresses import wallet_here, wallet_url
from wallets.services.wallets import close_wallet, freeze_wallet, unfreeze_wallet
from wallets.states import NEXT_WALLET, WalletStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: its words, the status that it leads to, and the one service that does it."""

    name: str
    title: str
    lead: str
    done: str
    danger: bool
    status: WalletStatus
    do: Callable[..., Wallet]


@page("wallets/<wallet_id:wallet_id>/freeze/", name="wallet_freeze", scope="wallets:write")
def freeze_page(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Stop the money of a wallet."""
    return _page(request, wallet_id, _FREEZE)


@page("wallets/<wallet_id:wallet_id>/unfreeze/", name="wallet_unfreeze", scope="wallets:write")
def unfreeze_page(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Let the money of a wallet move again."""
    return _page(request, wallet_id, _UNFREEZE)


@page("wallets/<wallet_id:wallet_id>/close/", name="wallet_close", scope="wallets:write")
def close_page(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Close an empty wallet for ever."""
    return _page(request, wallet_id, _CLOSE)


def _page(request: HttpRequest, wallet_id: str, act: Act) -> HttpResponse:
    wallet, actor = wallet_here(request, wallet_id)
    form = forms.Form(request.POST if request.method == "POST" else None)
    sent = once.submitted(request, form, lambda _: _done(request, wallet, actor, act))
    if sent.answer is not None:
        return sent.answer
    context = {
        "wallet": wallet,
        "act": act,
        "form": form,
        "key": sent.key,
        "possible": act.status in NEXT_WALLET[wallet.status],
        "balance": selectors.balance_of(wallet.account_id),
    }
    return render_page(request, "wallets/act.html", context, title=act.title, status=sent.status)


def _done(request: HttpRequest, wallet: Wallet, actor: Actor, act: Act) -> HttpResponse:
    def work(_: Claim) -> Landing:
        act.do(actor=actor, wallet_id=wallet.public_id)
        return Landing(wallet_url(wallet), act.done)

    arguments = {"wallet": wallet.public_id}
    return once.once(request, actor=actor, operation=f"console.wallets.{act.name}", arguments=arguments, work=work)


_FREEZE = Act(
    name="freeze",
    title="Freeze the wallet",
    lead="No money leaves or enters until it is unfrozen. Its holds can be released, but not captured.",
    done="Frozen. No money leaves or enters this wallet.",
    danger=True,
    status=WalletStatus.FROZEN,
    do=freeze_wallet,
)
_UNFREEZE = Act(
    name="unfreeze",
    title="Unfreeze the wallet",
    lead="Money can leave and enter again.",
    done="Unfrozen. Money moves again.",
    danger=False,
    status=WalletStatus.ACTIVE,
    do=unfreeze_wallet,
)
_CLOSE = Act(
    name="close",
    title="Close the wallet",
    lead="The wallet and its ledger account end for ever. Only an empty wallet without holds can be closed.",
    done="Closed for ever.",
    danger=True,
    status=WalletStatus.CLOSED,
    do=close_wallet,
)
