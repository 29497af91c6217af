"""Forms of foreign exchange in the console."""

from django import forms

from rupai.core.currencies import CURRENCIES
from rupai.pages.widgets import MomentInput
from wallets.fx import MOST_SPREAD

_CODES = [("", "Choose…"), *((code, code) for code in sorted(CURRENCIES))]


class FxRateForm(forms.Form):
    """A rate to set: what one major unit of the first currency costs in major units of the second."""

    base = forms.ChoiceField(label="One", choices=_CODES)
    quote = forms.ChoiceField(label="costs in", choices=_CODES)
    rate = forms.DecimalField(label="Rate", max_digits=20, decimal_places=10, help_text="At most 10 decimals")
    valid_from = forms.DateTimeField(
        label="Valid from", required=False, widget=MomentInput(), help_text="Empty: from now on"
    )


class FxTermsForm(forms.Form):
    """What is taken for exchanging."""

    spread_bps = forms.IntegerField(
        label="Spread in hundredths of a per cent",
        min_value=0,
        max_value=MOST_SPREAD,
        help_text="Part of the amount to exchange; quotes that were given keep theirs",
    )
