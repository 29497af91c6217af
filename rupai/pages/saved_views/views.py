"""The page of a list's saved views: save, rename, share, delete, and choose what the list opens with."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst

from rupai.core.errors import DomainError
from rupai.pages.bases import person
from rupai.pages.models import DefaultView
from rupai.pages.place import place_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from rupai.pages.saved_views import selectors, services


@page("views/<str:list_key>/", name="saved_views")
def saved_views(request: HttpRequest, list_key: str) -> HttpResponse:
    """Show the views of a list; ``?save=<query>`` offers to save what was on the screen."""
    shown = _list_of(request, list_key)
    if request.method == "POST":
        return _change(request, list_key, shown)
    user, place = person(request), place_of(request)
    views = selectors.of_list(user, place, list_key)
    manages = services.manages(user, place)
    context = {
        "shown": shown,
        "list_key": list_key,
        "list_url": shown.list_address(),
        "nouns": str(shown.opts.verbose_name_plural),
        "views": [(view, view.owner_id == user.pk, view.owner_id == user.pk or manages) for view in views],
        "own_default": _default(user=user, list_key=list_key),
        "query": request.GET.get("save", "")[:2000],
        "saves": "save" in request.GET,
        "place": place,
        "roles": _roles(request, list_key) if manages else [],
        "shared": [view for view in views if place.merchant is not None and view.merchant_id == place.merchant.pk],
    }
    title = f"Views of {capfirst(str(shown.opts.verbose_name_plural)).lower()}"
    return render_page(request, "pages/saved_views.html", context, title=title)


def _change(request: HttpRequest, list_key: str, shown: Any) -> HttpResponse:
    """Do what a form of the page asks for, then show the page (after saving: the list) again."""
    work = _WORK.get(request.POST.get("do", ""))
    if work is None:
        raise Http404
    back = reverse("admin:saved_views", args=[list_key])
    try:
        target = work(request, list_key)
    except DomainError as refusal:
        messages.error(request, f"{refusal.message}. {refusal.hint}".strip())
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(f"{shown.list_address()}?{target}" if target else back)


def _save(request: HttpRequest, list_key: str) -> str:
    view = services.save_view(
        user=person(request),
        place=place_of(request),
        list_key=list_key,
        name=request.POST.get("name", ""),
        query=request.POST.get("query", ""),
        shared=request.POST.get("shared") == "yes",
    )
    messages.success(request, f"Saved as {view.name}.")
    return view.query or "all=1"


def _rename(request: HttpRequest, list_key: str) -> str:
    services.change_view(
        user=person(request),
        place=place_of(request),
        view_id=request.POST.get("view", ""),
        name=request.POST.get("name", ""),
        shared=request.POST.get("shared") == "yes",
    )
    messages.success(request, "Changed.")
    return ""


def _delete(request: HttpRequest, list_key: str) -> str:
    services.delete_view(user=person(request), place=place_of(request), view_id=request.POST.get("view", ""))
    messages.success(request, "Deleted.")
    return ""


def _open_with(request: HttpRequest, list_key: str) -> str:
    view = request.POST.get("view", "")
    services.open_with(user=person(request), place=place_of(request), list_key=list_key, view_id=view)
    messages.success(request, "The list opens so from now on.")
    return ""


def _open_with_for_role(request: HttpRequest, list_key: str) -> str:
    services.open_with_for_role(
        user=person(request),
        place=place_of(request),
        list_key=list_key,
        role_id=request.POST.get("role", ""),
        view_id=request.POST.get("view", ""),
    )
    messages.success(request, "The list opens so for this role from now on.")
    return ""


_WORK: dict[str, Callable[[HttpRequest, str], str]] = {
    "save": _save,
    "rename": _rename,
    "delete": _delete,
    "default": _open_with,
    "role": _open_with_for_role,
}


def _list_of(request: HttpRequest, list_key: str) -> Any:
    """The list of a key, if the person may see it."""
    found = next((each for each in admin.site._registry.values() if getattr(each, "list_key", "") == list_key), None)
    if found is None or not found.has_view_permission(request):
        raise Http404
    return found


def _default(**wanted: Any) -> Any:
    return DefaultView.objects.filter(**wanted).values_list("view_id", flat=True).first()


def _roles(request: HttpRequest, list_key: str) -> list[tuple[str, str, Any]]:
    """Each role at the merchant with the view that it opens with."""
    place = place_of(request)
    chosen = dict(
        DefaultView.objects.filter(merchant=place.merchant, list_key=list_key).values_list("role_id", "view_id")
    )
    return [(key, role.name, chosen.get(role.pk)) for key, role in services.roles_at(place).items()]
