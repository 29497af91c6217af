"""Webhook endpoints made, changed and given new secrets; a secret is shown once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.notifications.forms import EndpointForm, RotationForm
from rupai.notifications.pages.endpoints import WRITE, actor_for, address_of, endpoint_of
from rupai.notifications.services import endpoints
from rupai.notifications.services.endpoints import NewSecret
from rupai.pages.once import Landing, new_key, said
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from rupai.pages.shown_once import make_once

NAME = "notifications_endpoint_new"
_NEW = "notifications/new_endpoint.html"


@page("notifications/webhookendpoint/new/", name=NAME, scope=WRITE)
def new(request: HttpRequest) -> HttpResponse:
    """Make an endpoint for the place, and show its secret."""
    place = place_of(request)
    form = EndpointForm(request.POST or None, has=[])
    if request.method == "POST" and place.merchant is not None and form.is_valid():
        try:
            return _make(request, actor_of(request), form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, said(refusal))
    list_url = reverse("admin:notifications_webhookendpoint_changelist")
    context = {"form": form, "place": place, "once_key": new_key(), "verb": "Make the endpoint", "back": list_url}
    return render_page(request, _NEW, context, title="New webhook endpoint")


@page("notifications/webhookendpoint/<uuid:key>/edit/", name="notifications_endpoint_edit", scope=WRITE)
def edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Change where an endpoint is and what it is told."""
    endpoint = endpoint_of(request, key)
    initial = {"url": endpoint.url, "description": endpoint.description, "events": endpoint.events}
    form = EndpointForm(request.POST or None, initial=initial, has=endpoint.events)
    if request.method == "POST" and form.is_valid():
        try:
            actor = actor_for(request, endpoint)
            endpoints.update_endpoint(actor=actor, endpoint_id=endpoint.public_id, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, "Saved. It holds for events from now on.")
            return HttpResponseRedirect(address_of(endpoint))
    context = {"form": form, "endpoint": endpoint, "verb": "Save", "back": address_of(endpoint)}
    return render_page(request, _NEW, context, title="Change the endpoint")


@page("notifications/webhookendpoint/<uuid:key>/rotate/", name="notifications_endpoint_rotate", scope=WRITE)
def rotate(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give an endpoint a new secret, and show it."""
    endpoint = endpoint_of(request, key)
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["overlap_hours"])
        actor = actor_for(request, endpoint)
        try:
            return make_once(
                request,
                actor=actor,
                operation="console.webhook_endpoints.rotate",
                arguments={"endpoint": endpoint.public_id, "hours": form.cleaned_data["overlap_hours"]},
                make=lambda: endpoints.rotate_secret(actor=actor, endpoint_id=endpoint.public_id, overlap=overlap),
                landing=lambda made: Landing(
                    address_of(made.endpoint), "The secret is rotated. The new one is shown only once."
                ),
                show=lambda made: _shown(request, made),
            )
        except DomainError as refusal:
            form.add_error(None, said(refusal))
    context = {
        "form": form,
        "endpoint": endpoint,
        "once_key": new_key(),
        "verb": "Rotate the secret",
        "back": address_of(endpoint),
    }
    return render_page(request, _NEW, context, title="Rotate the secret")


def _make(request: HttpRequest, actor: Actor, given: dict[str, Any]) -> HttpResponse:
    return make_once(
        request,
        actor=actor,
        operation="console.webhook_endpoints.create",
        arguments=given,
        make=lambda: endpoints.create_endpoint(actor=actor, **given),
        landing=lambda made: Landing(address_of(made.endpoint), "The endpoint is made. Its secret is shown only once."),
        show=lambda made: _shown(request, made),
    )


def _shown(request: HttpRequest, made: NewSecret) -> HttpResponse:
    context = {"endpoint": made.endpoint, "secret": made.secret, "back": address_of(made.endpoint)}
    answer = render_page(request, "notifications/secret.html", context, title="Copy the secret now")
    answer.headers["Cache-Control"] = "no-store"
    return answer
