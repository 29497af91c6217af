"""Sections that apps above put onto a page below: each is asked for its part of one row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A panel; ``template`` shows the inside with ``context`` as ``section``."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[HttpRequest, Any], Section | None]
_makers: dict[str, dict[str, Maker]] = {}


def section(kind: str, *, order: int) -> Callable[[Maker], Maker]:
    """Register a section for pages of a kind, e.g. ``@section("event", order=20)``; None leaves it out.

    It is asked after the page's own permission; further scopes are the maker's to look at.
    """

    def register(maker: Maker) -> Maker:
        _makers.setdefault(kind, {})[f"{order:03d} {maker.__module__}.{maker.__qualname__}"] = maker
        return maker

    return register


def sections_of(kind: str, request: HttpRequest, row: Any) -> list[Section]:
    """The sections of one row in their order."""
    made = (maker(request, row) for _, maker in sorted(_makers.get(kind, {}).items()))
    return [each for each in made if each is not None]
