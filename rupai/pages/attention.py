"""What waits for somebody now: apps name rows, and the Overview shows how many there are and leads to exactly these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, QuerySet, Value

from rupai.core.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Rows that somebody should look at; ``one`` and ``many`` stand after their number, ``url`` is the list of them."""

    one: str
    many: str
    rows: QuerySet[Any]
    url: str
    tone: str = "bad"


@dataclass(frozen=True, slots=True)
class Open:
    """A matter that is open: how many rows there are, never none."""

    number: int
    words: str
    url: str
    tone: str


Maker = Callable[[Actor], Matter]
_makers: dict[str, tuple[str | None, Maker]] = {}


def attention(*, order: int, scope: str | None = None) -> Callable[[Maker], Maker]:
    """Register a matter for those with the scope; its rows are those of the actor's place and mode."""

    def register(maker: Maker) -> Maker:
        _makers[f"{order:03d} {maker.__module__}.{maker.__qualname__}"] = (scope, maker)
        return maker

    return register


def open_matters(actor: Actor) -> list[Open]:
    """The matters that are open for an actor, in their order, counted by one query."""
    allowed = [maker for _, (scope, maker) in sorted(_makers.items()) if scope is None or actor.may(scope)]
    matters = [maker(actor) for maker in allowed]
    if not matters:
        return []
    first, *rest = [_counted(place, matter.rows) for place, matter in enumerate(matters)]
    numbers = dict(first.union(*rest, all=True))
    found = [(matter, numbers.get(place, 0)) for place, matter in enumerate(matters)]
    return [
        Open(number, matter.one if number == 1 else matter.many, matter.url, matter.tone)
        for matter, number in found
        if number
    ]


def _counted(place: int, rows: QuerySet[Any]) -> QuerySet[Any]:
    marked = rows.order_by().annotate(place=Value(place, output_field=IntegerField()))
    counted: QuerySet[Any] = marked.values("place").annotate(number=Count("pk")).values_list("place", "number")
    return counted
