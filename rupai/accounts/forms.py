"""Forms of signing in, of the second factor, and of keys; each asks one service and shows its refusal."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.core.exceptions import ValidationError

from rupai.accounts import selectors
from rupai.accounts.models import Membership, Merchant, Role, User
from rupai.accounts.scopes import KEY_SCOPES, SCOPES
from rupai.accounts.services import sign_in
from rupai.core import clock
from rupai.core.addresses import client_address
from rupai.core.errors import DomainError

_CODE = {"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}


class SignInForm(AdminAuthenticationForm):
    """E-mail, password and code on one page, so that no answer tells which of them was wrong."""

    code = forms.CharField(
        label="Code", required=False, max_length=40, widget=forms.TextInput(attrs=_CODE), help_text="If you use an app"
    )
    retry_after: int | None = None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        name, password = given.get("username"), given.get("password")
        if not name or not password or self.request is None:
            return given
        try:
            user = sign_in.check_credentials(
                email=name,
                password=password,
                code=given.get("code", ""),
                address=client_address(self.request),
                request=self.request,
            )
            # Someone who is no staff gets the words of a wrong password.
            if not selectors.may_use_console(user):
                raise sign_in.InvalidCredentials
        except DomainError as refusal:
            self.retry_after = refusal.retry_after
            raise _translated(refusal) from None
        self.user_cache = user
        return given


class PasswordChangeForm(AdminPasswordChangeForm):
    """Django's form; wrong old passwords count as tries to sign in."""

    def clean_old_password(self) -> str:
        given = str(self.cleaned_data["old_password"])
        _prove(self.user, given, codes=False)
        return given


class ProofForm(forms.Form):
    """The password or a code, once more, before something sensitive."""

    proof = forms.CharField(
        label="Password or code", max_length=1024, strip=False, widget=forms.PasswordInput(attrs={"autofocus": True})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_proof(self) -> str:
        given = str(self.cleaned_data["proof"])
        _prove(self.user, given, codes=True)
        return given


class CodeForm(forms.Form):
    """The first code of a new authenticator app."""

    code = forms.CharField(label="Code that the app shows", max_length=8, widget=forms.TextInput(attrs=_CODE))


class RemoveSecondFactorForm(forms.Form):
    """Password and code: a stolen session alone cannot take the second factor away."""

    password = forms.CharField(max_length=1024, strip=False, widget=forms.PasswordInput)
    code = forms.CharField(label="Code, or a recovery code", max_length=40, widget=forms.TextInput(attrs=_CODE))


class NewKeyForm(forms.Form):
    """A new API key."""

    merchant = forms.ModelChoiceField(queryset=Merchant.objects.none())
    mode = forms.ChoiceField(choices=[("test", "test"), ("live", "live")])
    name = forms.CharField(max_length=80)
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope} ({SCOPES[scope]})") for scope in SCOPES if scope in KEY_SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    expires_at = forms.DateTimeField(
        label="Ends at (UTC)", required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        if moment is not None and moment <= clock.now():
            raise ValidationError("The end is in the past.")
        return moment


class RotateKeyForm(forms.Form):
    """How long a rotated key goes on."""

    overlap_hours = forms.IntegerField(
        label="Hours for which the old key goes on working", min_value=0, max_value=168, initial=24
    )


class NewMemberForm(forms.ModelForm[Membership]):
    """A person to invite; they set their password themselves."""

    email = forms.EmailField(label="E-mail", max_length=254)
    name = forms.CharField(max_length=120, required=False)
    console = forms.BooleanField(
        label="May enter the console", required=False, help_text="For somebody new; for others the platform decides."
    )

    class Meta:
        model = Membership
        fields = ("merchant", "role")


class RoleForm(forms.ModelForm[Role]):
    """A role with its scopes as boxes to tick."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope} ({meaning})") for scope, meaning in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Role
        fields = ("merchant", "name", "scopes")

    def clean_merchant(self) -> Merchant:
        merchant: Merchant | None = self.cleaned_data["merchant"]
        if merchant is None:
            raise ValidationError("Only a release changes built-in roles; choose a merchant.")
        return merchant


def _prove(user: User, proof: str, *, codes: bool) -> None:
    try:
        right = sign_in.confirm_again(user=user, proof=proof, codes=codes)
    except DomainError as refusal:
        raise _translated(refusal) from None
    if not right:
        raise ValidationError("This is not right.", code="wrong_proof")


def _translated(refusal: DomainError) -> ValidationError:
    return ValidationError(f"{refusal.message}.".replace("..", "."), code=refusal.code)
