"""What every row with a public id has in common."""

import uuid
from typing import Any, ClassVar, Self, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.errors import NotFound

R = TypeVar("R", bound=models.Model)


class RowQuerySet(models.QuerySet[R]):
    """Queries begin at the actor: nothing of another merchant or mode is ever in the set."""

    def visible_to(self, actor: Actor) -> Self:
        if actor.merchant_id is None:
            return self if actor.kind == "platform" else self.none()
        return self.filter(merchant_id=actor.merchant_id, livemode=actor.livemode)

    def named(self, public_id: str) -> R:
        """Get one row of this set by its public id.

        :raises NotFound: when there is none, or the text is no such id.
        """
        noun = self.model._meta.verbose_name
        try:
            prefix: str = self.model.prefix  # type: ignore[attr-defined]
            return self.get(pk=ids.parse(prefix, public_id))
        except (ids.InvalidId, ObjectDoesNotExist):
            raise NotFound(f"No {noun} {public_id[:60]!r}") from None


class Row(models.Model):
    """A row with a time-ordered key and a public id."""

    prefix: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=ids.new_key, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return ids.public_id(self.prefix, self.pk)

    def __str__(self) -> str:
        return self.public_id


class TenantRow(Row):
    """A row of one merchant in one mode; both are plain values so that any floor can carry them."""

    merchant_id = models.UUIDField(editable=False)
    livemode = models.BooleanField(editable=False)
    created_at = models.DateTimeField(editable=False)

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        abstract = True


def key_of(public_id: str, prefix: str) -> uuid.UUID:
    """Read a key from a public id.

    :raises NotFound: when the text is no such id; a stranger's guess and a typo look alike.
    """
    try:
        return ids.parse(prefix, public_id)
    except ids.InvalidId:
        raise NotFound(f"No such id {public_id[:60]!r}") from None
