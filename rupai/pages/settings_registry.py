"""Where apps plug their sections into the settings page: a form, who may use it, and the service that saves it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest

from rupai.accounts.models import Merchant
from rupai.core import ids
from rupai.core.actor import Actor
from rupai.pages.place import Place

# What is set now, by the names of the form's fields; None leaves the section out at this place.
Values = dict[str, Any]
Read = Callable[[Actor, Place], Values | None]
# Saves by one service: the values that the person saw, and those that they want. Raises DomainError to refuse.
Save = Callable[[Actor, Values, Values], Any]


def _the_merchant(actor: Actor) -> list[str]:
    return [ids.public_id(Merchant.prefix, actor.merchant)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSection:
    """One panel of /admin/settings/.

    ``form`` takes ``data`` and ``initial``; fields that only show are ``disabled``. ``events`` are the types of events
    in which the section's changes are told, and ``subjects`` the public ids that these events are about (default: the
    merchant's). ``refine`` may adapt the form to a person, e.g. disable fields.
    """

    name: str
    title: str
    lead: str = ""
    scope: str
    form: type[forms.Form]
    read: Read
    save: Save
    events: tuple[str, ...] = ()
    subjects: Callable[[Actor], list[str]] = _the_merchant
    order: int = 100
    refine: Callable[[forms.Form, HttpRequest], None] | None = None


_sections: dict[str, SettingsSection] = {}


def settings_section(section: SettingsSection) -> None:
    """Put a section onto the settings page; ``scope`` is what saving needs, seeing needs ``settings:read``."""
    _sections[section.name] = section


def settings_sections() -> list[SettingsSection]:
    """All sections in the order of the page."""
    return sorted(_sections.values(), key=lambda section: (section.order, section.title))
