"""Tasks that were given up: what failed and why, sent again or discarded after a look."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from rupai.core import replay
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.models import DeadLetter, HandlerRun
from rupai.pages.attention import Matter, attention
from rupai.pages.changes import pretty
from rupai.pages.details import DetailAdmin
from rupai.pages.links import address_of
from rupai.pages.names import names_of
from rupai.pages.once import said
from rupai.pages.place import actor_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page

# The platform's own work: no merchant sees it.
PLATFORM = "*"
menu(
    MenuItem(
        title="Dead letters",
        icon="archive",
        url_name="core_deadletter_changelist",
        group="Operate",
        order=90,
        scope=PLATFORM,
    )
)


@attention(order=30, scope=PLATFORM)
def waiting_letters(actor: Actor) -> Matter:
    """Tasks that were given up and wait for a look."""
    return Matter(
        one="dead letter",
        many="dead letters",
        rows=DeadLetter.objects.filter(discarded_at=None, replayed_at=None),
        url=f"{reverse('admin:core_deadletter_changelist')}?state=waiting",
    )


class DeadLetterPage(DetailAdmin):
    """The page of one dead letter."""

    def detail(self, request: HttpRequest, row: DeadLetter) -> HttpResponse:
        run = _run_of(row)
        context = {
            "letter": row,
            "state": state_of(row),
            "arguments": pretty(row.arguments),
            "run": run,
            "event_url": address_of(type(run.event), run.event_id) if run is not None else "",
            "decided_by": names_of([row.decided_by]).get(row.decided_by, ""),
        }
        return render_page(request, "core/dead_letter.html", context, title=row.task)


def state_of(letter: DeadLetter) -> str:
    """What became of it: waiting, sent again, discarded."""
    if letter.discarded_at is not None:
        return "discarded"
    return "waiting" if letter.replayed_at is None else "sent"


@page("core/deadletter/<int:letter_id>/replay/", name="core_deadletter_replay", scope=PLATFORM)
def send_again(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Ask, then send the task again."""

    def act() -> None:
        replay.send_again(actor=actor_of(request), letter_id=letter_id, seen=_moment(request.POST.get("seen", "")))

    words = {
        "title": "Send the task again?",
        "lead": "It runs once more with the same arguments; tasks do not repeat what they did before.",
        "verb": "Send again",
        "icon": "rotate-cw",
        "done": "It is being sent again.",
    }
    return _decide(request, letter_id, words, act)


@page("core/deadletter/<int:letter_id>/discard/", name="core_deadletter_discard", scope=PLATFORM)
def discard(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Ask, then give the task up for good."""

    def act() -> None:
        replay.discard(actor=actor_of(request), letter_id=letter_id)

    words = {
        "title": "Discard this dead letter?",
        "lead": "Its work is never done. The letter is kept, but it cannot be sent again, and no alert counts it.",
        "verb": "Discard",
        "icon": "trash-2",
        "done": "Discarded.",
        "danger": "yes",
    }
    return _decide(request, letter_id, words, act)


def _decide(request: HttpRequest, letter_id: int, words: dict[str, str], act: Callable[[], Any]) -> HttpResponse:
    letter = DeadLetter.objects.filter(pk=letter_id).first()
    if letter is None:
        raise Http404("No such dead letter")
    back = reverse("admin:core_deadletter_change", args=[letter_id])
    if request.method == "POST":
        try:
            act()
        except DomainError as refusal:
            messages.error(request, said(refusal))
        else:
            messages.success(request, words["done"])
        return HttpResponseRedirect(back)
    seen = letter.replayed_at.isoformat() if letter.replayed_at else ""
    facts = [("Task", letter.task), ("Tries", letter.tries), ("Error", letter.error)]
    context: dict[str, Any] = {**words, "facts": facts, "back": back, "hidden": [("seen", seen)]}
    return render_page(request, "core/confirm.html", context, title=words["title"])


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _run_of(letter: DeadLetter) -> HandlerRun | None:
    if letter.task != "core.run_handler":
        return None
    return HandlerRun.objects.select_related("event").filter(pk=letter.arguments.get("run_id")).first()
