"""The chart of accounts with its sums: what each kind of account holds, and that all of them together hold nothing."""

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import connection

from rupai.core.actor import Actor
from wallets.selectors.ledger import accounts
from wallets.states import DEBIT_NORMAL, AccountCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A kind of account in one currency: how many there are, and their sums in minor units."""

    code: AccountCode
    accounts: int
    # The account itself, where there is only one.
    only: UUID | None
    debits: int
    credits: int
    held: int

    @property
    def debit_normal(self) -> bool:
        """Whether these accounts grow by debits."""
        return self.code in DEBIT_NORMAL

    @property
    def balance(self) -> int:
        """What they hold, positive on their normal side."""
        return self.debits - self.credits if self.debit_normal else self.credits - self.debits


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All accounts of one currency."""

    currency: str
    places: list[Place]

    @property
    def debits(self) -> int:
        """Everything that was ever debited, in minor units."""
        return sum(place.debits for place in self.places)

    @property
    def credits(self) -> int:
        """Everything that was ever credited, in minor units."""
        return sum(place.credits for place in self.places)

    @property
    def balances(self) -> bool:
        """Whether debits equal credits, as they always have to."""
        return self.debits == self.credits


_SUMS = """
    SELECT a.currency, a.code, count(DISTINCT a.id), min(a.id::text)::uuid, sum(c.debits_posted),
           sum(c.credits_posted), sum(c.debits_pending), sum(c.credits_pending)
    FROM ({visible}) a JOIN wallets_counters c ON c.account_id = a.id
    GROUP BY a.currency, a.code ORDER BY a.currency, a.code
"""


def books(*, actor: Actor, livemode: bool) -> list[Book]:
    """Add up the accounts that an actor may see in a mode, by currency and kind, in one statement."""
    rows = accounts(actor=actor).filter(livemode=livemode).order_by().values("id", "currency", "code")
    visible, given = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(visible=visible), given)
        sums = cursor.fetchall()
    return [
        Book(currency=currency, places=[_place(*row) for _, *row in group])
        for currency, group in groupby(sums, key=lambda row: row[0])
    ]


def _place(code: int, count: int, first: UUID, debits: int, credits: int, going: int, coming: int) -> Place:
    kind = AccountCode(code)
    return Place(
        code=kind,
        accounts=count,
        only=first if count == 1 else None,
        debits=int(debits),
        credits=int(credits),
        held=int(coming if kind in DEBIT_NORMAL else going),
    )
