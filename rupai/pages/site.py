"""The console's admin site: who comes in, and how far."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.gzip import gzip_page

from rupai.accounts import selectors
from rupai.accounts.forms import PasswordChangeForm, SignInForm
from rupai.accounts.selectors import Standing
from rupai.pages import place, preferences, registry, second_factor, theme
from rupai.pages.step_up import mark_verified
from rupai.pages.widgets import OwnWidgets

View = Callable[..., HttpResponseBase]


class Console(AdminSite):
    """Django's admin under our name, behind password, second factor and membership."""

    site_title = "RupAI"
    site_header = "RupAI console"
    index_title = "Overview"
    login_form = SignInForm

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Give admin classes of other packages our form fields and templates; theirs bring inline scripts."""
        found = admin_class or ModelAdmin
        if not issubclass(found, OwnWidgets):
            plain = {"change_form_template": None, "change_list_template": None, "inlines": ()}
            found = type(found.__name__, (OwnWidgets, found), {"__module__": found.__module__, **plain})
        super().register(model_or_iterable, found, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Django's list of models, made when it is read: each page is offered it, and ours have the rail."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def has_permission(self, request: HttpRequest) -> bool:
        return selectors.standing(request.user) is Standing.INSIDE

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Protect a page; whoever still has to set up a second factor sees nothing but that."""
        protected = gzip_page(super().admin_view(view, cacheable))

        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if selectors.standing(request.user) is Standing.MUST_ENROL:
                return HttpResponseRedirect(reverse("admin:second_factor"))
            request.actor_id = getattr(request.user, "public_id", None)  # type: ignore[attr-defined]
            response: HttpResponseBase = protected(request, *args, **kwargs)
            return response

        return update_wrapper(entered, protected)

    def staff_view(self, view: View) -> View:
        """Protect a page that is open to staff who still have to set up a second factor, too."""

        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if selectors.standing(request.user) in {Standing.INSIDE, Standing.MUST_ENROL}:
                return view(request, *args, **kwargs)
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))

        return update_wrapper(never_cache(csrf_protect(entered)), view)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own: list[URLResolver | URLPattern] = [
            path("logout/", self.staff_view(self.logout), name="logout"),
            path("second-factor/", self.staff_view(second_factor.second_factor), name="second_factor"),
            path("confirm/", self.staff_view(second_factor.confirm), name="confirm"),
            path("invitation/<uidb64>/<token>/", second_factor.SetPassword.as_view(), name="set_password"),
            path("place/", self.admin_view(place.change_place), name="place"),
            path("theme/", self.admin_view(theme.change_theme), name="theme"),
            *(path(page.route, self.admin_view(page.view), name=page.name) for page in registry.pages()),
        ]
        return own + super().get_urls()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The first page: the one that an app has registered."""
        view = registry.index_view()
        return view(request) if view is not None else super().index(request, extra_context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().login(request, extra_context)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            mark_verified(request)
            if response.url == reverse("admin:index") and self.has_permission(request):
                return HttpResponseRedirect(preferences.start_address(request))
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is not None and form.has_error("__all__", "too_many_tries"):
            response.status_code = 429
            response.headers["Retry-After"] = str(form.retry_after)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Django's page; wrong old passwords count as tries to sign in."""
        view = PasswordChangeView.as_view(
            form_class=PasswordChangeForm,
            success_url=reverse("admin:password_change_done"),
            template_name="registration/password_change_form.html",
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)  # type: ignore[return-value]
