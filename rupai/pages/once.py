"""The console's idempotency: a form carries a key, so that sending it twice moves money once."""

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from rupai.core import idempotency
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, NotFound
from rupai.core.idempotency import Answer, Claim, KeyInUse
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of a form: the ``answer``, or None and the status and key with which its page is shown.

    While the work of a key is under way the page keeps that key, so that sending again waits for the same work.
    """

    status: int
    answer: HttpResponse | None = None
    key: str = field(default_factory=new_key)


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


def show_refusal(form: Form, refusal: DomainError) -> None:
    """Say above the form why it was refused."""
    form.add_error(None, said(refusal))


def submitted(
    request: HttpRequest,
    form: Form,
    work: Callable[[dict[str, Any]], HttpResponse],
    *,
    show: Callable[[Form, DomainError], None] = show_refusal,
) -> Submitted:
    """Do what a posted form asks for, if it can be read; a refusal is shown in it, and what was typed stays."""
    if request.method != "POST":
        return Submitted(status=200)
    if not form.is_valid():
        return Submitted(status=422)
    try:
        return Submitted(answer=work(form.cleaned_data), status=303)
    except DomainError as refusal:
        show(form, refusal)
        if isinstance(refusal, KeyInUse):
            return Submitted(status=refusal.status, key=request.POST[FIELD])
        return Submitted(status=refusal.status)


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
