"""How one person sees the console: theme, density, time zone and start page."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from rupai.accounts.models import User
from rupai.core import zones
from rupai.pages import registry
from rupai.pages.bases import person
from rupai.pages.models import Preference
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from rupai.pages.theme import set_theme, theme_of

_CACHE = "_console_preference"


def preferences_of(user: User) -> Preference:
    """A person's preferences, read once per loaded user; the usual ones where nothing was chosen."""
    found: Preference | None = getattr(user, _CACHE, None)
    if found is None:
        found = Preference.objects.filter(pk=user.pk).first() or Preference(user=user)
        setattr(user, _CACHE, found)
    return found


def save_preferences(*, user: User, theme: str, density: str, timezone: str, start_page: str) -> Preference:
    """Keep what a person chose."""
    values = {"theme": theme, "density": density, "timezone": timezone, "start_page": start_page}
    found, _ = Preference.objects.update_or_create(user=user, defaults=values)
    setattr(user, _CACHE, found)
    return found


def use_zone_of(request: HttpRequest) -> None:
    """Show times in the person's zone from here on, else in that of the merchant that is looked at."""
    zone = preferences_of(person(request)).zone
    merchant = place_of(request).merchant
    if zone is None and merchant is not None and merchant.timezone in zones.known():
        zone = zoneinfo.ZoneInfo(merchant.timezone)
    if zone is not None:
        timezone.activate(zone)


class PersonalTime:
    """Middleware: pages of the console show times in the person's zone; it ends with the request."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        inside = request.path.startswith(reverse("admin:index")) and admin.site.has_permission(request)
        try:
            if inside:
                use_zone_of(request)
            return self.get_response(request)
        finally:
            timezone.deactivate()


class PreferencesForm(forms.ModelForm[Preference]):
    class Meta:
        model = Preference
        fields = ("theme", "density", "timezone", "start_page")
        widgets: dict[str, Any] = {"theme": forms.RadioSelect, "density": forms.RadioSelect}  # noqa: RUF012

    timezone = forms.ChoiceField(
        required=False, label="Time zone", help_text="All times are shown in it; hover over one to see the zone."
    )
    start_page = forms.ChoiceField(required=False, label="Start page", help_text="Where you land after signing in.")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(zone for zone in zones.known() if "/" in zone and not zone.startswith("Etc/"))
        choices = [("", "As the merchant"), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]
        pages = [("", "Overview"), *((item.url_name, item.title) for item in pages_for(request))]
        self.fields["timezone"].choices = choices  # type: ignore[attr-defined]
        self.fields["start_page"].choices = pages  # type: ignore[attr-defined]


@page("preferences/", name="preferences")
def preferences(request: HttpRequest) -> HttpResponse:
    """Show the preferences and keep what was chosen."""
    user = person(request)
    chosen = preferences_of(user)
    # The switch in the bar changes the theme of one browser.
    chosen.theme = theme_of(request)
    form = PreferencesForm(request, request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        save_preferences(user=user, **form.cleaned_data)
        messages.success(request, "Your preferences are kept.")
        response = HttpResponseRedirect(reverse("admin:preferences"))
        set_theme(response, form.cleaned_data["theme"])
        return response
    return render_page(request, "pages/preferences.html", {"form": form}, title="Preferences")


def start_address(request: HttpRequest) -> str:
    """Where a person lands after signing in; the Overview when the chosen page is no longer theirs."""
    wanted = preferences_of(person(request)).start_page
    known = {item.url_name for item in pages_for(request)}
    return reverse(f"admin:{wanted}") if wanted in known else reverse("admin:index")


def pages_for(request: HttpRequest) -> list[registry.MenuItem]:
    """The menu entries that someone may open at the place where they work now."""
    actor = actor_of(request)
    return [item for item in registry.items() if address_of(item) and (item.scope is None or actor.may(item.scope))]


def address_of(item: registry.MenuItem) -> str:
    """The address of a menu entry; empty when its page is not there."""
    try:
        return reverse(f"admin:{item.url_name}")
    except NoReverseMatch:
        return ""
