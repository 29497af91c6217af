"""From a public id to the page of its row."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse

from rupai.core import ids


def link_of(request: HttpRequest, public_id: str) -> str:
    """The address of a row's page by its public id; empty when there is none that the person may open."""
    prefix = public_id.rpartition("_")[0]
    model = next((model for model in admin.site._registry if getattr(model, "prefix", None) == prefix), None)
    if model is None or not admin.site._registry[model].has_view_permission(request):
        return ""
    try:
        key = ids.parse(prefix, public_id)
    except ids.InvalidId:
        return ""
    return address_of(model, key)


def address_of(model: type[models.Model], key: object) -> str:
    """The address of the page of a row."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
