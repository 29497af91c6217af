"""The settings page: typed sections, a look at the difference before saving, and who changed what."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.models import Event
from rupai.pages.changes import Change, change, changes_of
from rupai.pages.names import names_of
from rupai.pages.once import said
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from rupai.pages.settings_registry import SettingsSection, Values, settings_sections

READ = "settings:read"
_HISTORY = 30
menu(MenuItem(title="Settings", icon="settings", url_name="settings", group="Configure", order=50, scope=READ))


@page("settings/", name="settings", scope=READ)
def show(request: HttpRequest) -> HttpResponse:
    """Show every section with its form."""
    return _page(request, {})


@page("settings/<slug:name>/", name="settings_section", scope=READ)
def save(request: HttpRequest, name: str) -> HttpResponse:
    """Show what a posted section would change, then save what was shown."""
    actor, back = actor_of(request), HttpResponseRedirect(reverse("admin:settings"))
    section = next((each for each in settings_sections() if each.name == name), None)
    now = section.read(actor, place_of(request)) if section is not None else None
    if section is None or now is None:
        raise Http404("No such settings")
    if request.method != "POST":
        return back
    form = _form(request, section, now, actor, data=request.POST)
    if not form.is_valid():
        return _page(request, {name: form}, status=422)
    wanted = {field: form.cleaned_data[field] for field in form.fields if not form.fields[field].disabled}
    seen = _seen(request, now, wanted)
    if request.POST.get("step") != "save":
        return _review(request, section, form, {field: now[field] for field in wanted}, wanted)
    try:
        section.save(actor, seen, wanted)
    except DomainError as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, f"{section.title}: saved.")
    return back


def _page(request: HttpRequest, bound: dict[str, forms.Form], status: int = 200) -> HttpResponse:
    actor, place = actor_of(request), place_of(request)
    shown = []
    for section in settings_sections():
        now = section.read(actor, place)
        if now is not None:
            form = bound.get(section.name) or _form(request, section, now, actor)
            writes = actor.may(section.scope) and any(not field.disabled for field in form.fields.values())
            shown.append({"section": section, "form": form, "may_write": writes})
    context = {"place": place, "shown": shown, "history": _history(actor)}
    return render_page(request, "core/settings.html", context, title="Settings", status=status)


def _form(request: HttpRequest, section: SettingsSection, now: Values, actor: Actor, data: Any = None) -> forms.Form:
    form = section.form(data=data, initial=now, prefix=section.name)
    if not actor.may(section.scope):
        for field in form.fields.values():
            field.disabled = True
    if section.refine is not None:
        section.refine(form, request)
    return form


def _review(
    request: HttpRequest, section: SettingsSection, form: forms.Form, now: Values, wanted: Values
) -> HttpResponse:
    changes = [_change(form, field, now[field], value) for field, value in wanted.items() if now[field] != value]
    if not changes:
        messages.info(request, "Nothing is different.")
        return HttpResponseRedirect(reverse("admin:settings"))
    context = {
        "section": section,
        "changes": changes,
        "hidden": [
            (key, value) for key in request.POST if key.startswith(f"{section.name}-")
            for value in request.POST.getlist(key)
        ],
        "seen": json.dumps(now, cls=DjangoJSONEncoder, sort_keys=True),
    }  # fmt: skip
    return render_page(request, "core/settings_review.html", context, title="Save these settings?")


def _seen(request: HttpRequest, now: Values, wanted: Values) -> Values:
    """The values on which the person decided: as now if they are unchanged since, else as they were."""
    try:
        kept = json.loads(request.POST.get("seen", "{}"))
    except ValueError:
        kept = {}
    plain = json.loads(json.dumps(now, cls=DjangoJSONEncoder))
    return {field: now[field] if kept.get(field, plain[field]) == plain[field] else kept[field] for field in wanted}


def _change(form: forms.Form, field: str, before: Any, after: Any) -> Change:
    return change(str(form.fields[field].label or field.replace("_", " ")), before, after)


def _history(actor: Actor) -> list[dict[str, Any]]:
    """The newest changes of settings of the merchant, in both modes: settings hold for both."""
    if actor.merchant_id is None:
        return []
    types = [type for section in settings_sections() for type in section.events]
    subjects = [each for section in settings_sections() for each in section.subjects(actor)]
    told = Event.objects.filter(merchant_id=actor.merchant_id, subject_id__in=subjects, type__in=types)
    events = list(told.order_by("-inserted")[:_HISTORY])
    names = names_of(event.actor for event in events)
    return [
        {"event": event, "actor": names.get(event.actor, event.actor), "changes": changes_of(event.changes)}
        for event in events
    ]
