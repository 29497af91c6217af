"""The merchant's own section of the settings page."""

from typing import Any

from django import forms
from django.http import HttpRequest

from rupai.accounts.services import merchants
from rupai.core import zones
from rupai.core.actor import Actor
from rupai.pages.place import Place, actor_of
from rupai.pages.settings_registry import SettingsSection, Values, settings_section


def _zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(zones.known()) if "/" in name or name == "UTC"]


class MerchantForm(forms.Form):
    """What a merchant decides itself, and what the platform decides for it."""

    name = forms.CharField(max_length=120, help_text="As it stands on receipts and in this console")
    timezone = forms.ChoiceField(
        label="Time zone", choices=_zones, help_text="Days of reports and limits begin at midnight here"
    )
    live_enabled = forms.BooleanField(
        label="May take real payments", required=False, help_text="The platform switches live mode on"
    )
    fee_basis_points = forms.IntegerField(
        label="Fee in hundredths of a per cent", min_value=0, max_value=10_000, help_text="Agreed with the platform"
    )


def _read(actor: Actor, place: Place) -> Values | None:
    merchant = place.merchant
    return None if merchant is None else {field: getattr(merchant, field) for field in MerchantForm.base_fields}


def _save(actor: Actor, before: Values, after: Values) -> Any:
    return merchants.change_settings(actor=actor, before=before, after=after)


def _refine(form: forms.Form, request: HttpRequest) -> None:
    if not actor_of(request).may("*"):
        for field in merchants.PLATFORM_SETTINGS:
            form.fields[field].disabled = True


settings_section(
    SettingsSection(
        name="merchant",
        title="Merchant",
        scope="settings:write",
        form=MerchantForm,
        read=_read,
        save=_save,
        events=("merchant.changed",),
        order=10,
        refine=_refine,
    )
)
