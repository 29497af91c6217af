"""Making what has a secret: the form that is sent twice makes it once, and only the first answer shows the secret."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from rupai.core.actor import Actor
from rupai.core.idempotency import Claim
from rupai.pages.once import Landing, once

Made = TypeVar("Made")


def make_once(
    request: HttpRequest,
    *,
    actor: Actor,
    operation: str,
    arguments: Any,
    make: Callable[[], Made],
    landing: Callable[[Made], Landing],
    show: Callable[[Made], HttpResponse],
) -> HttpResponse:
    """Make it and show it; a second post of the same form leads to ``landing``, where the secret is not.

    :raises DomainError: the service's refusal, or that of the form's key.
    """
    made: list[Made] = []

    def work(claim: Claim) -> Landing:
        made.append(make())
        return landing(made[0])

    answer = once(request, actor=actor, operation=operation, arguments=arguments, work=work)
    return show(made[0]) if made else answer
