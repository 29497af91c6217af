"""Sensitive acts ask for a proof that is at most ten minutes old."""

from collections.abc import Callable
from datetime import timedelta
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.core import clock

FRESH = timedelta(minutes=10)
_KEY = "verified_at"
P = ParamSpec("P")
S = TypeVar("S")
View = Callable[Concatenate[S, HttpRequest, P], HttpResponse]


def mark_verified(request: HttpRequest) -> None:
    """Note that this session has just given a password or a code."""
    request.session[_KEY] = clock.now().timestamp()


def recently_verified(request: HttpRequest) -> bool:
    """Whether this session gave a password or a code within the last ten minutes."""
    at = request.session.get(_KEY)
    return isinstance(at, float) and 0 <= clock.now().timestamp() - at < FRESH.total_seconds()


def ask_again(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the page that asks for a proof, and back here afterwards."""
    return HttpResponseRedirect(f"{reverse('admin:confirm')}?{urlencode({'next': request.get_full_path()})}")


def step_up(view: View[S, P]) -> View[S, P]:
    """Let a method of an admin class run only after a recent proof."""

    def asked(self: S, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not recently_verified(request):
            return ask_again(request)
        return view(self, request, *args, **kwargs)

    update_wrapper(asked, view)
    return asked
