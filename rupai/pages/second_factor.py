"""Pages of the second factor, of the repeated proof, and of an invited person's first password."""

from typing import Any

import structlog
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp import login as remember_device

from rupai.accounts.forms import CodeForm, ProofForm, RemoveSecondFactorForm
from rupai.accounts.models import User
from rupai.accounts.services import second_factor as service
from rupai.accounts.services import sign_in
from rupai.core.addresses import client_address
from rupai.core.errors import DomainError
from rupai.pages.qr import qr_code
from rupai.pages.step_up import ask_again, mark_verified, recently_verified

log = structlog.get_logger(__name__)


def second_factor(request: HttpRequest) -> HttpResponse:
    """Set the second factor up, or remove it."""
    user = _person(request)
    if service.enrolled(user) is not None:
        return _remove(request, user)
    if not recently_verified(request):
        return ask_again(request)
    return _enrol(request, user)


def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password or a code once more, then go back to where it was needed."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("admin:index")
    form = ProofForm(request.POST or None, user=_person(request))
    if request.method == "POST" and form.is_valid():
        # A new id: whoever knew the old one does not come along.
        request.session.cycle_key()
        mark_verified(request)
        return HttpResponseRedirect(target)
    page = _page(request, "accounts/confirm.html", "Confirm that it is you", form=form, next=target)
    if form.has_error("proof", "too_many_tries"):
        page.status_code = 429
    return page


class SetPassword(PasswordResetConfirmView):
    """Where the link of an invitation leads: it works once, and only until the person has a password."""

    template_name = "accounts/set_password.html"
    success_url = reverse_lazy("admin:login")
    title = "Choose your password"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**_bare(self.request), **super().get_context_data(**kwargs)}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is set. Sign in with it.")
        return super().form_valid(form)


def _enrol(request: HttpRequest, user: User) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device, codes = service.confirm(user=user, code=form.cleaned_data["code"])
        except DomainError as refusal:
            form.add_error("code", refusal.message)
        else:
            remember_device(request, device)
            log.info("second factor set up", user=user.public_id)
            return _page(request, "accounts/recovery_codes.html", "Keep your recovery codes", codes=codes)
    pending = service.begin(user=user)
    title = "Set up your second factor"
    qr = qr_code(pending.address)
    return _page(request, "accounts/second_factor.html", title, form=form, qr=qr, secret=pending.secret)


def _remove(request: HttpRequest, user: User) -> HttpResponse:
    form = RemoveSecondFactorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sign_in.check_credentials(
                email=user.email,
                password=form.cleaned_data["password"],
                code=form.cleaned_data["code"],
                address=client_address(request),
                request=request,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            service.remove(user=user)
            log.info("second factor removed", user=user.public_id)
            messages.success(request, "Your second factor is removed.")
            return HttpResponseRedirect(reverse("admin:index"))
    return _page(request, "accounts/second_factor_remove.html", "Your second factor", form=form)


def _person(request: HttpRequest) -> User:
    user = request.user
    assert user.is_authenticated
    return user


def _page(
    request: HttpRequest, template: str, title: str, form: forms.Form | None = None, **context: Any
) -> TemplateResponse:
    return TemplateResponse(request, template, {**_bare(request), "title": title, "form": form, **context})


def _bare(request: HttpRequest) -> dict[str, Any]:
    """The site's frame without the list of models, which some who come here may not see yet."""
    return {**admin.site.each_context(request), "available_apps": [], "is_nav_sidebar_enabled": False}
