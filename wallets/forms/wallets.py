"""Forms of wallets in the console; amounts in the currency's own decimals become minor units."""

from typing import Any

from django import forms

from rupai.pages.amounts import AmountInput, minor_units


class TransferForm(forms.Form):
    """Money for another wallet in the same currency."""

    to_wallet = forms.CharField(max_length=64, label="To wallet", help_text="Its id (wal_…)")
    amount = forms.CharField(max_length=24, widget=AmountInput)
    description = forms.CharField(max_length=255, required=False)

    def __init__(self, *args: Any, currency: str, available: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        field = self.fields["amount"]
        field.label = f"Amount in {currency}"
        field.help_text = f"{available} is available"

    def clean_to_wallet(self) -> str:
        return str(self.cleaned_data["to_wallet"]).strip()

    def clean_amount(self) -> int:
        return minor_units(self.cleaned_data["amount"], self.currency)
