"""The static policy: eligible accounts in the merchant's order of priority; later policies rank the same candidates."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from uuid import UUID

from payments.models import PaymentMethod, ProviderAccount
from rupai.core import statements
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.money import Money

POLICY = "static-1"
MOST_PROVIDERS = 3


class NoRoute(DomainError):
    """No account of the merchant can take this payment."""

    code, status = "no_provider", 422
    hint = "Enable a provider account for this method and currency, or use another payment method."


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that was looked at; ``score`` is 0 for one that was filtered out."""

    account: str
    provider: str
    name: str
    eligible: bool
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """The accounts to try, best first, and all that were considered."""

    accounts: list[ProviderAccount]
    candidates: list[Candidate] = field(default_factory=list)
    policy: str = POLICY
    propensity: float = 1.0
    seed: int = 0

    @property
    def reason(self) -> str:
        return f"first of {len(self.accounts)} eligible by priority"

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(candidate) for candidate in self.candidates]


def choose(
    *,
    actor: Actor,
    money: Money,
    method: str,
    saved: PaymentMethod | None,
    without: Sequence[UUID] = (),
    prefer: str = "auto",
) -> Route:
    """Rank the merchant's accounts for a payment; accounts in ``without`` were tried already.

    Those of the provider that the caller prefers come first, in the merchant's order among themselves.

    :raises NoRoute: when none is eligible; the considered ones are in the details.
    """
    # The sort keeps the merchant's order where the preference says nothing.
    accounts = sorted(_accounts(actor), key=lambda account: account.provider != prefer)
    eligible: list[ProviderAccount] = []
    candidates: list[Candidate] = []
    for account in accounts:
        refusal = _refusal(account, money=money, method=method, saved=saved, without=without)
        if refusal is None:
            eligible.append(account)
        score = 0.0 if refusal else 1.0 / len(eligible)
        preferred = "preferred by the caller, " if account.provider == prefer else ""
        reason = refusal or f"{preferred}priority {account.priority}"
        candidates.append(
            Candidate(account.public_id, account.provider, account.name, refusal is None, round(score, 6), reason)
        )
    if not eligible:
        raise NoRoute(
            f"No provider account takes {method} in {money.currency}",
            considered=[asdict(candidate) for candidate in candidates],
        )
    return Route(eligible[:MOST_PROVIDERS], candidates)


_ACCOUNTS = """
    FROM payments_provideraccount t0 WHERE t0.merchant_id = %s AND t0.livemode = %s ORDER BY t0.priority, t0.id
"""


def _accounts(actor: Actor) -> list[ProviderAccount]:
    return [account for (account,) in statements.read([ProviderAccount], _ACCOUNTS, [actor.merchant, actor.livemode])]


def _refusal(
    account: ProviderAccount, *, money: Money, method: str, saved: PaymentMethod | None, without: Sequence[UUID]
) -> str | None:
    if not account.enabled:
        return "disabled"
    if account.pk in without:
        return "tried already"
    if method not in account.methods:
        return f"does not take {method}"
    if account.currencies and money.currency not in account.currencies:
        return f"does not take {money.currency}"
    if saved is not None and saved.provider != account.provider:
        return "the payment method is a token of another provider"
    return None
