"""The terms of wallets and of exchange among the settings of a merchant."""

from typing import Any

from rupai.core.actor import Actor
from rupai.pages.place import Place
from rupai.pages.settings_registry import SettingsSection, Values, settings_section
from wallets.forms.fx import FxTermsForm
from wallets.forms.wallets import WalletTermsForm, written_amounts
from wallets.services import fx_terms, terms


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


def _read_approvals(actor: Actor, place: Place) -> Values | None:
    return None if place.merchant is None else {"approval_over": written_amounts(terms.approval_over(actor))}


def _save_approvals(actor: Actor, before: Values, after: Values) -> Any:
    read = WalletTermsForm.read
    return terms.set_approval_over(
        actor=actor, most=read(after["approval_over"]), seen=read(before["approval_over"] or "")
    )


settings_section(
    SettingsSection(
        name="wallet_approvals",
        title="Wallets: a second person",
        lead="Transfers, top-ups and withdrawals by hand above these amounts wait for somebody else's agreement.",
        scope="settings:write",
        form=WalletTermsForm,
        read=_read_approvals,
        save=_save_approvals,
        events=("wallet_terms.changed",),
        subjects=terms.subjects,
        order=61,
    )
)
