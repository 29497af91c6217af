"""Telling of files: each merchant whose rows leave in one reads of it in its own stream."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from rupai.accounts.models import Merchant
from rupai.accounts.services import streams
from rupai.core import events
from rupai.core.actor import Actor

SCOPE = "exports:create"


def record_export(
    *, actor: Actor, list_key: str, rows: QuerySet[Any], merchant_field: str, columns: list[str], filters: list[str]
) -> int:
    """Emit ``data.exported`` for each merchant with a row in the export, and return how many these are.

    The event names the filters that were set, not their values: a search may hold an e-mail address.

    :raises ScopeMissing: without ``exports:create``.
    """
    actor.require(SCOPE)
    data = {"list": list_key, "columns": columns, "filters": filters}
    with transaction.atomic():
        merchants = _merchants(actor, rows, merchant_field)
        for merchant in merchants:
            subject = streams.of_merchant(merchant, actor)
            events.emit("data.exported", subject=subject, actor=actor, data=data)
        return len(merchants)


def _merchants(actor: Actor, rows: QuerySet[Any], merchant_field: str) -> list[Merchant]:
    """The merchants with rows: one look into an index for each, instead of a scan of all rows."""
    every = Merchant.objects.order_by("name")
    candidates = every if actor.merchant_id is None else every.filter(pk=actor.merchant_id)
    return [merchant for merchant in candidates if _has(rows, merchant_field, merchant.pk)]


def _has(rows: QuerySet[Any], field: str, merchant: UUID) -> bool:
    return bool(rows.filter(**{field: merchant}).exists())
