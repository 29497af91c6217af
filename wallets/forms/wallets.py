"""Forms of wallets in the console; amounts in the currency's own decimals become minor units."""

from collections.abc import Mapping
from typing import Any

from django import forms

from rupai.core.errors import DomainError
from rupai.core.money import Money
from rupai.pages.amounts import AmountInput, minor_units


def written_amounts(amounts: Mapping[str, int]) -> str:
    """Amounts of several currencies as people write them: ``EUR 500.00, INR 50000.00``."""
    return ", ".join(f"{code} {Money(amount, code).decimal()}" for code, amount in sorted(amounts.items()))


class WalletTermsForm(forms.Form):
    """From which amount on a second person has to agree, by currency."""

    approval_over = forms.CharField(
        label="One person may move up to",
        max_length=500,
        required=False,
        help_text="Like EUR 500.00, INR 50000.00. A currency that is not named has no such limit",
    )

    @staticmethod
    def read(text: str) -> dict[str, int]:
        """The amounts that a text names, in minor units.

        :raises ValidationError: naming the part that cannot be read.
        """
        found: dict[str, int] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            code, _, amount = part.partition(" ")
            try:
                money = Money.from_decimal(amount.strip(), code)
            except DomainError as refusal:
                raise forms.ValidationError(f"{part}: {refusal.message}. {refusal.hint}") from None
            if code in found or money.minor < 0:
                raise forms.ValidationError(f"{part}: name each currency once, with an amount from zero on.")
            found[code] = money.minor
        return found

    def clean_approval_over(self) -> str:
        return written_amounts(self.read(self.cleaned_data["approval_over"]))


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
