"""Which saved views someone sees at a list, and with which one it opens."""

from django.db.models import Q, QuerySet

from rupai.accounts.models import Membership, User
from rupai.core.errors import NotFound
from rupai.core.rows import key_of
from rupai.pages.models import DefaultView, SavedView
from rupai.pages.place import Place


def visible(user: User, place: Place) -> QuerySet[SavedView]:
    """One's own views, and those shared with the merchant at which one works now."""
    own = Q(owner=user)
    if place.merchant is None or not (user.is_superuser or place.merchant.pk in user.reach):
        return SavedView.objects.filter(own)
    return SavedView.objects.filter(own | Q(merchant=place.merchant))


def of_list(user: User, place: Place, list_key: str) -> list[SavedView]:
    """The views of one list, by name."""
    return list(visible(user, place).filter(list_key=list_key).select_related("owner").order_by("name", "pk"))


def named(user: User, place: Place, public_id: str) -> SavedView:
    """One view by its public id.

    :raises NotFound: when there is none, or it is not for this person.
    """
    key = key_of(public_id, SavedView.prefix)
    found = visible(user, place).select_related("owner", "merchant").filter(pk=key).first()
    if found is None:
        raise NotFound(f"No saved view {public_id[:60]!r}", hint="It may have been deleted.")
    return found


def default_for(user: User, place: Place, list_key: str) -> SavedView | None:
    """The view with which a list opens: the person's own choice, else that of their role at the merchant."""
    wanted = Q(user=user)
    if place.merchant is not None:
        roles = Membership.objects.filter(user=user, merchant=place.merchant, is_active=True).values("role_id")
        wanted |= Q(merchant=place.merchant, role_id__in=roles)
    found = DefaultView.objects.filter(
        wanted, list_key=list_key, view__in=visible(user, place).filter(list_key=list_key)
    ).select_related("view")
    chosen = sorted(found, key=lambda default: default.user_id is None)
    return chosen[0].view if chosen else None
