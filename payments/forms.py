"""What people type about payments; amounts in the currency's own decimals become minor units."""

from collections.abc import Sequence
from typing import Any

from django import forms

from payments.models import Payment, Refund
from rupai.core.currencies import CURRENCIES
from rupai.core.money import Money, currency
from rupai.pages.amounts import AmountInput, minor_units

OWN_REASONS = [(each.value, each.label.capitalize()) for each in Refund.Reason if each != Refund.Reason.LATE_SUCCESS]


class ActForm(forms.Form):
    """A confirmation that asks for nothing more."""

    def __init__(self, *args: Any, money: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = money


class AmountForm(ActForm):
    """A confirmation with an amount, at most ``money``, which is what is filled in."""

    amount = forms.CharField(max_length=24, widget=AmountInput)

    def __init__(self, *args: Any, money: Money, **kwargs: Any) -> None:
        super().__init__(*args, money=money, **kwargs)
        field = self.fields["amount"]
        field.label = f"Amount in {money.currency}"
        field.help_text = f"At most {money.decimal()}"
        field.initial = money.decimal()

    def clean_amount(self) -> int:
        return minor_units(self.cleaned_data["amount"], self.most.currency)


class RefundForm(AmountForm):
    reason = forms.ChoiceField(choices=OWN_REASONS, initial=Refund.Reason.REQUESTED_BY_CUSTOMER)
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class BulkRefundForm(forms.Form):
    """Why many payments are refunded; which and how much stands on the page."""

    reason = forms.ChoiceField(choices=OWN_REASONS, initial=Refund.Reason.REQUESTED_BY_CUSTOMER)
    note = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Kept with each refund"
    )


class CustomerForm(forms.Form):
    """Whose payment it will be."""

    customer = forms.CharField(
        max_length=254, label="Customer", help_text="The exact e-mail address, or the id (cust_…)"
    )


class NewPaymentForm(forms.Form):
    """A payment of a known customer. ``methods`` are choices of saved methods and, in test mode, test tokens."""

    method = forms.ChoiceField(label="Payment method")
    amount = forms.CharField(max_length=24, widget=AmountInput, help_text="In the currency's own decimals")
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)])
    capture = forms.ChoiceField(
        choices=Payment.CaptureMode.choices, help_text="Manual holds the money until somebody captures it"
    )
    description = forms.CharField(max_length=255, required=False)
    order_id = forms.CharField(max_length=64, required=False, label="Order reference")

    def __init__(self, *args: Any, methods: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = methods  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "amount" in values and "currency" in values:
            try:
                values["minor"] = minor_units(values["amount"], currency(values["currency"]).code)
            except forms.ValidationError as wrong:
                self.add_error("amount", wrong)
        return values


class WalletMoneyForm(forms.Form):
    """An amount in a wallet's currency."""

    amount = forms.CharField(max_length=24, widget=AmountInput)

    def __init__(self, *args: Any, currency: str, available: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        field = self.fields["amount"]
        field.label = f"Amount in {currency}"
        field.help_text = f"{available} is available"

    def clean_amount(self) -> int:
        return minor_units(self.cleaned_data["amount"], self.currency)


class TopUpForm(WalletMoneyForm):
    """Which saved method of the wallet's customer is charged, and how much."""

    method = forms.ChoiceField(label="Payment method")
    field_order = ("method", "amount")

    def __init__(self, *args: Any, methods: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = [("", "Choose…"), *methods]  # type: ignore[attr-defined]


class WithdrawalForm(WalletMoneyForm):
    """Where to and how much."""

    destination = forms.CharField(
        max_length=200, help_text="The provider's token of a bank account; sandbox: bank_success, see docs/sandbox.md"
    )
    description = forms.CharField(max_length=255, required=False)
    field_order = ("destination", "amount", "description")
