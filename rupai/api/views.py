"""Base of all REST views: a door translates, calls one service, and translates back."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from rupai.api import filters, parsers, problems
from rupai.core import idempotency
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.idempotency import Answer, Claim

Work = Callable[[Claim | None], Response]


class Door(GenericAPIView[Any]):
    """A view with an actor, scopes per method, strict parameters and idempotent writes.

    ``scopes`` maps a method to the scope it needs. ``money`` names the methods that need an ``Idempotency-Key``;
    other POST and PATCH calls may have one.
    """

    scopes: ClassVar[dict[str, str]] = {}
    money: ClassVar[frozenset[str]] = frozenset()
    http_method_names: ClassVar = ["get", "post", "patch", "delete", "head"]  # type: ignore[misc]
    lists: ClassVar[bool] = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if str(request.method).lower() not in self.http_method_names or not hasattr(self, str(request.method).lower()):
            # Whatever else is wrong with it, the answer is 405.
            return
        parsers.accept_chunked(request._request)
        known = filters.parameters_of(self) if self.lists and request.method in {"GET", "HEAD"} else frozenset()
        filters.check_parameters(request, known)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        # What one merchant may see is nothing for a cache on the way.
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    @property
    def actor(self) -> Actor:
        actor = self.request.auth
        assert isinstance(actor, Actor)
        return actor

    def page(self, rows: QuerySet[Any], serializer: type[BaseSerializer[Any]]) -> Response:
        """Answer a page of rows."""
        found = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(serializer(found, many=True, context=self.get_serializer_context()).data)

    def once(self, operation: str, work: Work, *, required: bool = True) -> HttpResponse:
        """Do money-moving work at most once per ``Idempotency-Key``, which is needed unless ``required`` is off.

        The key is claimed in a committed transaction before the work. An outcome (success, decline) is stored; a
        refusal gives the key back; after an unknown error the next retry resumes from what was begun.
        """
        key = self.request.headers.get("Idempotency-Key")
        if key is None and not required:
            return _response(_rendered(work(None)))
        held = self._claim(operation, idempotency.check_key(key))
        if isinstance(held, Answer):
            return _replay(held)
        try:
            answer = _rendered(work(held))
        except DomainError as refusal:
            if not refusal.stored:
                idempotency.release(held)
                raise
            problem = problems.of_refusal(refusal)
            answer = Answer(refusal.status, problems.MEDIA_TYPE, JSONRenderer().render(problem))
        except BaseException:
            idempotency.abandon(held)
            raise
        idempotency.store(held, answer)
        return _response(answer)

    def once_in_transaction(self, operation: str, work: Callable[[], Response]) -> HttpResponse:
        """Do work of one transaction at most once where the caller sent a key; the answer commits with the work."""
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            return _response(_rendered(work()))
        held = self._claim(operation, idempotency.check_key(key))
        if isinstance(held, Answer):
            return _replay(held)
        try:
            with transaction.atomic():
                answer = _rendered(work())
                idempotency.store(held, answer)
        except BaseException:
            idempotency.release(held)
            raise
        return _response(answer)

    def _claim(self, operation: str, key: str) -> Claim | Answer:
        arguments = {"path": self.kwargs, "body": self.request.data}
        return idempotency.claim(actor=self.actor, key=key, operation=operation, arguments=arguments)


def _rendered(response: Response) -> Answer:
    body = b"" if response.data is None else JSONRenderer().render(response.data)
    media_type = problems.MEDIA_TYPE if response.status_code >= 400 else "application/json"
    return Answer(response.status_code, media_type, body)


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _replay(answer: Answer) -> HttpResponse:
    response = _response(answer)
    response.headers["Idempotent-Replayed"] = "true"
    return response
