"""Where a staff member works now: at one merchant or (superusers) at all, in test or live mode."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from rupai.accounts import selectors
from rupai.accounts.models import Merchant, User
from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.rows import TenantRow

_KEY = "place"
_CACHE = "_console_place"


@dataclass(frozen=True, slots=True)
class Place:
    """``merchant`` None means all merchants, which superusers alone may see at once."""

    merchant: Merchant | None
    livemode: bool

    @property
    def merchant_id(self) -> UUID | None:
        return self.merchant.pk if self.merchant is not None else None

    @property
    def name(self) -> str:
        return self.merchant.name if self.merchant is not None else "All merchants"

    @property
    def mode(self) -> str:
        return "live" if self.livemode else "test"


def place_of(request: HttpRequest) -> Place:
    """The place kept in the session, or the first own merchant in test mode (superusers: all merchants)."""
    found: Place | None = getattr(request, _CACHE, None)
    if found is None:
        found = _read(request)
        setattr(request, _CACHE, found)
    return found


def actor_of(request: HttpRequest) -> Actor:
    """The staff member as the actor of services and selectors, at the place where they work now."""
    place = place_of(request)
    return selectors.staff_actor(_person(request), merchant_id=place.merchant_id, livemode=place.livemode)


def actor_at(request: HttpRequest, row: TenantRow) -> Actor:
    """The staff member as the actor at a row's merchant and in its mode."""
    return selectors.staff_actor(_person(request), merchant_id=row.merchant_id, livemode=row.livemode)


def choices(user: User) -> list[Merchant]:
    """The merchants that someone may choose, by name; superusers are offered the first two hundred."""
    if user.is_superuser:
        return list(Merchant.objects.filter(is_active=True).order_by("name")[:200])
    return sorted((place.merchant for place in selectors.places(user)), key=lambda merchant: merchant.name.lower())


@require_POST
def change_place(request: HttpRequest) -> HttpResponse:
    """Go to another merchant or mode, then back to the page (or, from a row's own page, to the Overview)."""
    before = place_of(request)
    merchant = before.merchant
    if "merchant" in request.POST:
        merchant = _chosen(_person(request), request.POST["merchant"])
    livemode = before.livemode
    if "mode" in request.POST:
        livemode = request.POST["mode"] == "live"
    if livemode and merchant is not None and not merchant.live_enabled:
        messages.warning(request, f"{merchant.name} takes no real payments yet, so test mode is shown.")
        livemode = False
    remember(request, Place(merchant, livemode))
    return HttpResponseRedirect(safe_target(request))


def remember(request: HttpRequest, place: Place) -> None:
    """Keep a place in the session."""
    merchant = place.merchant.public_id if place.merchant is not None else None
    request.session[_KEY] = {"merchant": merchant, "livemode": place.livemode}
    setattr(request, _CACHE, place)


def safe_target(request: HttpRequest) -> str:
    """The address in ``next`` if it is one of ours, else the Overview."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("admin:index")


def _read(request: HttpRequest) -> Place:
    user = _person(request)
    kept: dict[str, Any] = request.session.get(_KEY) or {}
    livemode = bool(kept.get("livemode", False))
    if user.is_superuser:
        name = kept.get("merchant")
        merchant = _named(name) if name else None
        return Place(merchant, livemode and (merchant is None or merchant.live_enabled))
    own = [place.merchant for place in selectors.places(user)]
    if not own:
        return Place(None, False)
    merchant = next((each for each in own if each.public_id == kept.get("merchant")), own[0])
    return Place(merchant, livemode and merchant.live_enabled)


def _chosen(user: User, name: str) -> Merchant | None:
    """The merchant with a public id; another's looks like one that does not exist."""
    if user.is_superuser and not name:
        return None
    merchant = _named(name)
    if merchant is None or not (user.is_superuser or merchant.pk in user.reach):
        raise Http404("No such merchant")
    return merchant


def _named(name: str) -> Merchant | None:
    try:
        key = ids.parse(Merchant.prefix, name)
    except ids.InvalidId:
        return None
    found: Merchant | None = Merchant.objects.filter(pk=key, is_active=True).first()
    return found


def _person(request: HttpRequest) -> User:
    user = request.user
    assert user.is_authenticated
    return user
