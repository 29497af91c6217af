"""Saved views: made, renamed, deleted, shared within one merchant, and chosen as what a list opens with."""

from django.db import transaction

from rupai.accounts.models import Merchant, Role, User
from rupai.core import clock
from rupai.core.errors import Conflict, InvalidInput, NotFound, ScopeMissing
from rupai.pages.models import DefaultView, SavedView
from rupai.pages.place import Place
from rupai.pages.saved_views import selectors

_MANAGE = "users:write"
_MOST_QUERY = 2000


class NameTaken(Conflict):
    code = "name_taken"
    hint = "Choose another name, or delete the other view first."


def save_view(*, user: User, place: Place, list_key: str, name: str, query: str, shared: bool) -> SavedView:
    """Keep a list's filters under a name, for oneself or for everybody of the merchant.

    :raises InvalidInput: when the name is empty or too long, or the filters are too many.
    :raises NameTaken: when the person has a view of this name at this list.
    :raises ScopeMissing: when it is to be shared, but no single merchant is looked at.
    """
    clean = _clean(name)
    if len(query) > _MOST_QUERY:
        raise InvalidInput("These are too many filters to save")
    view = SavedView(owner=user, list_key=list_key, name=clean, query=query, created_at=clock.now())
    view.merchant = _sharing(user, place) if shared else None
    with transaction.atomic():
        _check_free(user, list_key, clean)
        view.save(force_insert=True)
    return view


def change_view(*, user: User, place: Place, view_id: str, name: str, shared: bool) -> SavedView:
    """Rename a view, share it, or take it back; only its owner may.

    :raises NotFound: when the person sees no such view.
    :raises ScopeMissing: when it is another's.
    """
    clean = _clean(name)
    with transaction.atomic():
        view = _own(user, place, view_id)
        if view.name != clean:
            _check_free(user, view.list_key, clean)
        view.name = clean
        if shared and view.merchant_id is None:
            view.merchant = _sharing(user, place)
        elif not shared:
            view.merchant = None
            # A list that opened with it for a role opens without it from now on.
            DefaultView.objects.filter(view=view, role__isnull=False).delete()
            DefaultView.objects.filter(view=view).exclude(user=user).delete()
        view.save(update_fields=["name", "merchant"])
    return view


def delete_view(*, user: User, place: Place, view_id: str) -> None:
    """Delete a view: its owner, or for a shared one whoever manages the merchant's people.

    :raises NotFound: when the person sees no such view.
    :raises ScopeMissing: when it is another's and they do not manage people.
    """
    with transaction.atomic():
        view = selectors.named(user, place, view_id)
        if view.owner_id != user.pk and not manages(user, place):
            raise ScopeMissing("This view belongs to somebody else", hint=f"Its owner can delete it, or {_MANAGE}.")
        view.delete()


def open_with(*, user: User, place: Place, list_key: str, view_id: str) -> None:
    """Let a list open with a view for oneself; an empty id ends that.

    :raises NotFound: when the person sees no such view of this list.
    """
    with transaction.atomic():
        DefaultView.objects.filter(user=user, list_key=list_key).delete()
        if view_id:
            view = _of_list(user, place, view_id, list_key)
            DefaultView.objects.create(user=user, list_key=list_key, view=view)


def open_with_for_role(*, user: User, place: Place, list_key: str, role_id: str, view_id: str) -> None:
    """Let a list open with a shared view for everybody who has a role at the merchant; an empty id ends that.

    :raises ScopeMissing: without ``users:write`` at the merchant.
    :raises NotFound: when there is no such role or view for this merchant.
    :raises InvalidInput: when the view is not shared with the merchant.
    """
    if place.merchant is None or not manages(user, place):
        raise ScopeMissing("This is decided by those who manage people", hint=f"It needs the scope {_MANAGE}.")
    role = roles_at(place).get(role_id)
    if role is None:
        raise NotFound("No such role")
    with transaction.atomic():
        DefaultView.objects.filter(merchant=place.merchant, role=role, list_key=list_key).delete()
        if view_id:
            view = _of_list(user, place, view_id, list_key)
            if view.merchant_id != place.merchant.pk:
                raise InvalidInput("Only a shared view can be a role's", hint="Share it with the merchant first.")
            DefaultView.objects.create(merchant=place.merchant, role=role, list_key=list_key, view=view)


def manages(user: User, place: Place) -> bool:
    """Whether someone decides about the people of the merchant at which they work now."""
    if place.merchant is None:
        return False
    return user.is_superuser or _MANAGE in user.reach.get(place.merchant.pk, frozenset())


def roles_at(place: Place) -> dict[str, Role]:
    """The roles that exist at the merchant, by their key as text."""
    if place.merchant is None:
        return {}
    found = Role.objects.filter(merchant=None) | Role.objects.filter(merchant=place.merchant)
    return {str(role.pk): role for role in found.order_by("name")}


def _clean(name: str) -> str:
    clean = " ".join(name.replace("\0", "").split())
    if not 1 <= len(clean) <= 60:
        raise InvalidInput("A view needs a name of 1 to 60 characters")
    return clean


def _check_free(user: User, list_key: str, name: str) -> None:
    # Two tabs of one person wait for each other here.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if SavedView.objects.filter(owner=user, list_key=list_key, name=name).exists():
        raise NameTaken(f"You have a view named {name!r} here already")


def _sharing(user: User, place: Place) -> Merchant:
    if place.merchant is None or not (user.is_superuser or place.merchant.pk in user.reach):
        raise ScopeMissing("A view is shared within one merchant", hint="Choose a merchant first.")
    return place.merchant


def _own(user: User, place: Place, view_id: str) -> SavedView:
    view = selectors.named(user, place, view_id)
    if view.owner_id != user.pk:
        raise ScopeMissing("This view belongs to somebody else", hint="Save a view of your own.")
    return view


def _of_list(user: User, place: Place, view_id: str, list_key: str) -> SavedView:
    view = selectors.named(user, place, view_id)
    if view.list_key != list_key:
        raise NotFound("This view belongs to another list")
    return view
