"""The console's idempotency: a form carries a key, so that sending it twice moves money once."""

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect

from rupai.core import idempotency
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, NotFound
from rupai.core.idempotency import Answer, Claim
from rupai.pages.place import place_of

FIELD = "idempotency_key"


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a person lands after an act, and what they are told there."""

    url: str
    message: str
    level: int = messages.SUCCESS


def new_key() -> str:
    """A key for one rendered form."""
    return f"form-{uuid.uuid4()}"


def once(
    request: HttpRequest, *, actor: Actor, operation: str, arguments: Any, work: Callable[[Claim], Landing]
) -> HttpResponseRedirect:
    """Do a posted form's work at most once per its key, and lead to where it ends.

    A refusal gives the key back and is raised for the page to show; after an unknown error the next post of the same
    form goes on from what was begun.

    :raises DomainError: the service's refusal, or the key's.
    """
    key = idempotency.check_key(request.POST.get(FIELD))
    held = idempotency.claim(actor=actor, key=key, operation=operation, arguments=arguments)
    if isinstance(held, Answer):
        return _land(request, Landing(**json.loads(held.body)))
    try:
        landing = work(held)
    except DomainError:
        idempotency.release(held)
        raise
    except BaseException:
        idempotency.abandon(held)
        raise
    idempotency.store(held, Answer(303, "application/json", json.dumps(asdict(landing)).encode()))
    return _land(request, landing)


def found(request: HttpRequest, name: str, rows: Any) -> Any:
    """Get a row of the place's mode by the public id in an address; one that is not there is a page that is not there.

    The platform's own people see every mode; here too they act only in the one that the page says they are in.
    """
    try:
        return rows.filter(livemode=place_of(request).livemode).named(name)
    except NotFound as missing:
        raise Http404(missing.message) from None


def said(refusal: DomainError) -> str:
    """A refusal as one line for people: what, and what would help."""
    return f"{refusal.message}. {refusal.hint}".strip()


def _land(request: HttpRequest, landing: Landing) -> HttpResponseRedirect:
    messages.add_message(request, landing.level, landing.message)
    return HttpResponseRedirect(landing.url)
