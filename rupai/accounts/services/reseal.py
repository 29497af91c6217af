"""Moves sealed columns under the newest key, a batch at a time; what is done already is not touched again."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models, transaction

from rupai.accounts.models import Customer, email_indexes
from rupai.core import crypto
from rupai.core.crypto import CannotOpen, SealedField

BATCH = 200


def sealed_columns() -> Iterator[tuple[type[models.Model], SealedField]]:
    """Every sealed column of every app."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedField):
                yield model, field


def reseal(model: type[models.Model], field: SealedField) -> Iterator[tuple[int, list[Any]]]:
    """Re-seal one column in batches that commit by themselves; after each, yield how many rows moved and the keys of
    rows that no key opens (they stay as they are)."""
    probe = crypto.seal(b"", context="")
    newest = probe[: 2 + probe[1]]
    last: Any = None
    while True:
        with transaction.atomic():
            rows = _old(model, field, newest)
            rows = rows if last is None else rows.filter(pk__gt=last)
            keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
            if not keys:
                return
            broken = [key for key in keys if not _move(model, field, key)]
            last = keys[-1]
        yield len(keys) - len(broken), broken


def reindex_customers() -> Iterator[int]:
    """Write the blind indexes of e-mail addresses under the newest key; yield how many changed after each batch."""
    last: Any = None
    while True:
        with transaction.atomic():
            rows = Customer.objects.filter(email_index__isnull=False).order_by("pk").select_for_update()
            batch: list[Customer] = list((rows if last is None else rows.filter(pk__gt=last))[:BATCH])
            if not batch:
                return
            changed = []
            for customer in batch:
                newest = email_indexes(customer.email)[0]
                if bytes(customer.email_index or b"") != newest:
                    customer.email_index = newest
                    changed.append(customer)
            Customer.objects.bulk_update(changed, ["email_index"])
            last = batch[-1].pk
        yield len(changed)


def _old(model: type[models.Model], field: SealedField, newest: bytes) -> models.QuerySet[Any]:
    """Rows whose value does not begin as those of the newest key do."""
    head = models.Func(
        models.F(field.attname),
        template=f"substring(%(expressions)s from 1 for {len(newest)})",
        output_field=models.BinaryField(),
    )
    rows = model._base_manager.filter(**{f"{field.attname}__isnull": False})
    old: models.QuerySet[Any] = rows.annotate(sealed_head=head).exclude(sealed_head=newest)
    return old


def _move(model: type[models.Model], field: SealedField, key: Any) -> bool:
    rows = model._base_manager.select_for_update(of=("self",)).filter(pk=key)
    try:
        # Reading opens the value, writing seals it under the newest key.
        plain = rows.values_list(field.attname, flat=True).first()
    except CannotOpen:
        return False
    if plain is not None:
        model._base_manager.filter(pk=key).update(**{field.attname: plain})
    return True
