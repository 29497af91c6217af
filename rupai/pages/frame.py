"""What stands around every page: rail, tab bar, place switch; only what the person may open is offered."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from rupai.accounts.models import Merchant
from rupai.pages import place as places
from rupai.pages import registry
from rupai.pages.place import Place
from rupai.pages.preferences import preferences_of

# The tab bar of small screens takes these, in this order, where they exist and are allowed.
TABS = ("index", "payments_payment_changelist", "wallets_account_changelist", "approvals")
TAB_COUNT = 4
_CACHE = "_console_frame"


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu entry with its address; ``current`` when the page shown lies there."""

    title: str
    icon: str
    url: str
    url_name: str
    letter: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the rail; the first one has no name."""

    name: str
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that the base template shows beside the page itself."""

    groups: list[Group]
    tabs: list[Entry]
    place: Place
    merchants: list[Merchant]
    may_see_all: bool
    search_url: str
    preferences_url: str
    density: str

    @property
    def letters(self) -> list[Entry]:
        return [entry for group in self.groups for entry in group.entries if entry.letter]


def frame_of(request: HttpRequest) -> Frame:
    """Build the frame once per request, for someone whom the site has let in."""
    found: Frame | None = getattr(request, _CACHE, None)
    if found is None:
        found = _build(request)
        setattr(request, _CACHE, found)
    return found


def _build(request: HttpRequest) -> Frame:
    user = request.user
    assert user.is_authenticated
    groups = _groups(request)
    return Frame(
        groups=groups,
        tabs=_tabs(groups),
        place=places.place_of(request),
        merchants=places.choices(user),
        may_see_all=user.is_superuser,
        search_url=_address("search"),
        preferences_url=_address("preferences"),
        density=preferences_of(user).density,
    )


def _groups(request: HttpRequest) -> list[Group]:
    actor = places.actor_of(request)
    allowed = [item for item in registry.items() if item.scope is None or actor.may(item.scope)]
    addresses = {item.url_name: url for item in allowed if (url := _address(item.url_name))}
    here = _current(request.path, addresses)
    groups: dict[str, list[Entry]] = {}
    for item in allowed:
        if item.url_name in addresses:
            entry = Entry(
                item.title,
                item.icon,
                addresses[item.url_name],
                item.url_name,
                item.letter,
                current=item.url_name == here,
            )
            groups.setdefault(item.group, []).append(entry)
    return [Group(name, entries) for name, entries in groups.items()]


def _current(path: str, addresses: dict[str, str]) -> str:
    """The entry whose address is the longest beginning of the path; the Overview's own only if it is all of it."""
    index = reverse("admin:index")
    above = {name: url for name, url in addresses.items() if path == url or (url != index and path.startswith(url))}
    return max(above, key=lambda name: len(above[name]), default="")


def _tabs(groups: list[Group]) -> list[Entry]:
    entries = [entry for group in groups for entry in group.entries]
    wanted = [entry for name in TABS for entry in entries if entry.url_name == name]
    rest = [entry for entry in entries if entry not in wanted]
    return [*wanted, *rest][:TAB_COUNT]


def _address(name: str) -> str:
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:
        return ""
