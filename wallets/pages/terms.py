"""The terms of exchange among the settings of a merchant."""

from typing import Any

from rupai.core.actor import Actor
from rupai.pages.place import Place
from rupai.pages.settings_registry import SettingsSection, Values, settings_section
from wallets.forms.fx import FxTermsForm
from wallets.services import fx_terms


def _read_terms(actor: Actor, place: Place) -> Values | None:
    return None if place.merchant is None else {"spread_bps": fx_terms.spread_of(actor)}


def _save_terms(actor: Actor, before: Values, after: Values) -> Any:
    return fx_terms.set_spread(actor=actor, spread_bps=after["spread_bps"], seen=before["spread_bps"])


settings_section(
    SettingsSection(
        name="exchange",
        title="Currency exchange",
        lead="Holds in the mode that you are in.",
        scope="settings:write",
        form=FxTermsForm,
        read=_read_terms,
        save=_save_terms,
        events=("fx.terms_changed",),
        subjects=fx_terms.subjects,
        order=60,
    )
)
