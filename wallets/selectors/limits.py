"""What has left a wallet in the windows of its limits, and how much still may."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet
from wallets.models import Counters, Transfer, Wallet, WalletLimits
from wallets.models.wallet import WINDOWS
from wallets.selectors.days import day_of, month_of, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A limit on what leaves a wallet, in minor units, and what of it is used: posted since ``since``, and pending.

    ``until`` is when the window ends and what was posted in it counts no more; both are None for one movement.
    """

    name: str
    limit: int
    used: int = 0
    since: datetime | None = None
    until: datetime | None = None

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


def level_limits(*, actor: Actor) -> RowQuerySet[WalletLimits]:
    """The limits of levels that an actor may see."""
    return WalletLimits.objects.visible_to(actor)


def limits_of(wallet: Wallet) -> dict[str, int | None]:
    """The limits that hold for a wallet: its own, or else those of its holder's level; None is no limit."""
    own = {window: getattr(wallet, window) for window in WINDOWS}
    if None not in own.values():
        return own
    level = WalletLimits.objects.filter(
        merchant_id=wallet.merchant_id,
        livemode=wallet.livemode,
        currency=wallet.currency,
        kyc_level=wallet.kyc_level,
    ).first()
    return {window: getattr(level, window, None) if own[window] is None else own[window] for window in WINDOWS}


def windows_of(wallet: Wallet, *, at: datetime) -> list[Window]:
    """Read how far each limit of a wallet is used at a moment; to decide by it, hold the wallet's row locked."""
    limits = limits_of(wallet)
    found = []
    if limits["per_transaction"] is not None:
        found.append(Window(name="per_transaction", limit=limits["per_transaction"]))
    if limits["per_day"] is None and limits["per_month"] is None:
        return found
    zone = zone_of(wallet.merchant_id)
    held = _held(wallet)
    for name, (since, until) in {"per_day": day_of(at, zone), "per_month": month_of(at, zone)}.items():
        limit = limits[name]
        if limit is not None:
            used = held + _posted(wallet, since)
            found.append(Window(name=name, limit=limit, used=used, since=since, until=until))
    return found


def _held(wallet: Wallet) -> int:
    """What is pending counts wherever it was held, since it may be taken at any moment from now on."""
    return sum(Counters.objects.filter(account_id=wallet.account_id).values_list("debits_pending", flat=True))


def _posted(wallet: Wallet, since: datetime) -> int:
    left = Transfer.objects.filter(debit_account_id=wallet.account_id, debit_shard=0, created_at__gte=since)
    return int(left.aggregate(total=Sum("posted_change"))["total"] or 0)
