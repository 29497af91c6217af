"""One wallet: what is in it, what may leave it, what came and went, and what its entries tell."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from rupai.accounts.models import Merchant
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages.lists.columns import CUSTOMERS, address
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from wallets import selectors
from wallets.models import Wallet
from wallets.models.wallet import WINDOWS
from wallets.pages.actions import Action, further_actions
from wallets.pages.addresses import holder_of, wallet_here
from wallets.pages.files import files_of
from wallets.selectors import Line
from wallets.selectors.holds import open_holds
from wallets.selectors.insights import insights_of
from wallets.selectors.limits import Window, windows_of
from wallets.states import NEXT_WALLET, Side, WalletStatus

NEWEST = 10
_LIMITS = dict(zip(WINDOWS, ("Per movement", "Today", "This month"), strict=True))


@dataclass(frozen=True, slots=True)
class Limit:
    """A line of the limits; ``window`` is None where nothing limits."""

    label: str
    own: bool
    window: Window | None

    @property
    def tone(self) -> str:
        return "bad" if self.window is not None and not self.window.remaining else ""


@dataclass(frozen=True, slots=True)
class Latest:
    """A line of the newest entries; ``change`` is what it did to the balance, or None where it only holds or frees."""

    line: Line

    @property
    def change(self) -> int | None:
        moved = self.line.entry.posted_change
        return (moved if self.line.entry.side == Side.CREDIT else -moved) or None


@page("wallets/<wallet_id:wallet_id>/", name="wallet_detail", scope="wallets:read")
def detail(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Show a wallet."""
    wallet, actor = wallet_here(request, wallet_id)
    return render_page(request, "wallets/wallet.html", _context(wallet, actor, clock.now()), title=wallet.public_id)


def _context(wallet: Wallet, actor: Actor, at: datetime) -> dict[str, Any]:
    return {
        "wallet": wallet,
        "account": wallet.account,
        "merchant": Merchant.objects.get(pk=wallet.merchant_id),
        "holder": holder_of(wallet, actor),
        "customer_url": address(wallet.customer) if actor.may(CUSTOMERS) else "",
        "balance": selectors.balance_of(wallet.account_id),
        "limits": limits_shown(wallet, at),
        "lines": [
            Latest(line) for line in selectors.statement(actor=actor, account=wallet.account.public_id, limit=NEWEST)
        ],
        "statement_url": _statement(wallet) if actor.may("ledger:read") else "",
        "files": files_of(wallet),
        "holds": open_holds(wallet)[:NEWEST],
        "newest": NEWEST,
        "insights": insights_of(actor=actor, wallet_id=wallet.public_id, at=at).found,
        "actions": actions_of(wallet, actor),
    }


def limits_shown(wallet: Wallet, at: datetime) -> list[Limit]:
    """All three limits, also where there is none."""
    windows = {window.name: window for window in windows_of(wallet, at=at)}
    return [Limit(label, getattr(wallet, name) is not None, windows.get(name)) for name, label in _LIMITS.items()]


def actions_of(wallet: Wallet, actor: Actor) -> list[Action]:
    """What this person can do with this wallet now; nothing else is offered."""
    moves = NEXT_WALLET[wallet.status]
    found: list[Action] = []
    if actor.may("wallets:write"):
        if WalletStatus.CLOSED in moves:
            found.append(Action("Close", "x", _act("close", wallet)))
        if WalletStatus.FROZEN in moves:
            found.append(Action("Freeze", "lock", _act("freeze", wallet)))
        if WalletStatus.ACTIVE in moves:
            found.append(Action("Unfreeze", "lock-open", _act("unfreeze", wallet)))
    found += further_actions(wallet, actor)
    if actor.may("wallets:transfer") and wallet.status == WalletStatus.ACTIVE:
        found.append(Action("Transfer", "arrow-left-right", _act("transfer", wallet), "primary"))
    return found


def _act(name: str, wallet: Wallet) -> str:
    return reverse(f"admin:wallet_{name}", args=[wallet.public_id])


def _statement(wallet: Wallet) -> str:
    return reverse("admin:wallet_statement", args=[wallet.account.public_id])
