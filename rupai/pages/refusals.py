"""The page that says what a person lacks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rupai.accounts.scopes import SCOPES


def refuse(request: HttpRequest, *, scope: str) -> HttpResponse:
    """Answer 403 with the scope that is missing and what it is for."""
    return render(request, "403.html", {"scope": scope, "purpose": SCOPES.get(scope, "")}, status=403)
