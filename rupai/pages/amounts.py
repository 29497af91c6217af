"""Amounts as people type them."""

from django import forms

from rupai.core.errors import DomainError
from rupai.core.money import MAX_MINOR, Money


def minor_units(text: str, code: str) -> int:
    """Read an amount above zero as people write it, e.g. ``1234.50``.

    :raises ValidationError: on anything else, with what would be read.
    """
    try:
        money = Money.from_decimal(text, code)
    except DomainError as refusal:
        example = Money(123_450, code).decimal()
        raise forms.ValidationError(f"{refusal.message}. {refusal.hint} Like {example}, without commas.") from None
    if not 0 < money.minor <= MAX_MINOR:
        raise forms.ValidationError("Write an amount above zero.")
    return money.minor


class AmountInput(forms.TextInput):
    """A field for an amount: digits on the keyboard of a telephone, and no memory of other amounts."""

    def __init__(self) -> None:
        super().__init__(attrs={"inputmode": "decimal", "autocomplete": "off"})
