"""What pages can show live: an app registers a topic, and the socket's room renders it for all who look at the same."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from rupai.pages.place import actor_of, place_of


@dataclass(frozen=True, slots=True)
class LiveView:
    """One thing that can be looked at; everybody who looks at the same one gets the same text.

    ``options`` are the page's own, e.g. range and currency: a 7-day view is another view than a 30-day one. ``scopes``
    are those of the role, where the text depends on them.
    """

    topic: str
    merchant_id: UUID | None
    livemode: bool
    zone: str
    options: tuple[tuple[str, str], ...] = ()
    scopes: tuple[str, ...] = ()

    def option(self, name: str, default: str) -> str:
        return dict(self.options).get(name, default)

    def key(self) -> str:
        """The view as text; ``of_key`` reads it back."""
        merchant = str(self.merchant_id) if self.merchant_id is not None else None
        parts = [self.topic, merchant, self.livemode, self.zone, self.options, self.scopes]
        return json.dumps(parts, separators=(",", ":"))

    @classmethod
    def of_key(cls, key: str) -> "LiveView":
        topic, merchant, livemode, zone, options, scopes = json.loads(key)
        return cls(
            topic,
            UUID(merchant) if merchant is not None else None,
            livemode,
            zone,
            tuple((name, value) for name, value in options),
            tuple(scopes),
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """How a view is rendered, who may look at it, and which options it takes (a pattern for each).

    ``by_role``: the text shows more to a role with more scopes.
    """

    name: str
    scope: str
    render: Callable[[LiveView], str]
    options: Mapping[str, re.Pattern[str]]
    by_role: bool = False


_topics: dict[str, Topic] = {}


def live(
    name: str, *, scope: str, by_role: bool = False, **options: str
) -> Callable[[Callable[[LiveView], str]], Callable[[LiveView], str]]:
    """Register a function that renders a topic; ``options`` name its parameters and the pattern of each.

    The function gets no request: the text may depend on nothing but the view.
    """

    def register(render: Callable[[LiveView], str]) -> Callable[[LiveView], str]:
        patterns = {option: re.compile(pattern) for option, pattern in options.items()}
        _topics[name] = Topic(name, scope, render, patterns, by_role)
        return render

    return register


def render(view: LiveView) -> str:
    """Render a view as it is now."""
    return _topics[view.topic].render(view)


def view_of(request: HttpRequest, parameters: Mapping[str, Any], *, zone: str) -> LiveView | None:
    """What a signed-in person asks to look at, at the place where they work; None when it is unknown or not allowed."""
    given = {name: str(value) for name, value in parameters.items()}
    topic, actor = _topics.get(given.pop("topic", "")), actor_of(request)
    if topic is None or not actor.may(topic.scope):
        return None
    for name, value in given.items():
        if name not in topic.options or topic.options[name].fullmatch(value) is None:
            return None
    place = place_of(request)
    if place.merchant_id is None and not getattr(request.user, "is_superuser", False):
        return None
    scopes = tuple(sorted(actor.scopes)) if topic.by_role else ()
    return LiveView(topic.name, place.merchant_id, place.livemode, zone, tuple(sorted(given.items())), scopes)
