"""Signed copies of all heads, to be kept where nobody who can change the database can reach them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from compliance.audit import content, signing
from compliance.models import AuditHead
from rupai.core import ids

_HASHES = """
SELECT a.hash FROM unnest(%s::uuid[], %s::boolean[], %s::bigint[]) WITH ORDINALITY AS h(merchant_id, livemode, seq, nr)
LEFT JOIN compliance_auditentry a ON (a.merchant_id, a.livemode, a.seq) = (h.merchant_id, h.livemode, h.seq)
ORDER BY h.nr
"""


class NotAnExport(ValueError):
    """The document is no export of heads, or no trusted key signed it."""


def export(*, at: datetime, merchant_id: UUID | None = None) -> dict[str, Any]:
    """Make a document of all heads (or one merchant's) at one moment, with a signature over all of it."""
    wanted = AuditHead.objects.all() if merchant_id is None else AuditHead.objects.filter(merchant_id=merchant_id)
    heads = [
        {
            "merchant_id": ids.public_id("mer", head.merchant_id),
            "livemode": head.livemode,
            "seq": head.seq,
            "hash": head.hash,
            "position": head.position,
        }
        for head in wanted.order_by("merchant_id", "livemode")
    ]
    document = {
        "version": content.VERSION,
        "exported_at": at.isoformat(timespec="microseconds"),
        "public_key": signing.public_key(),
        "heads": heads,
    }
    return {**document, "signature": signing.sign(content.canonical(document))}


def compare(document: Any) -> list[str]:
    """Name each exported head that the chains do not contain any more: a tail that was cut or written anew.

    :raises NotAnExport: when the document is malformed or its signature is wrong.
    """
    heads = _checked(document)
    found = _hashes_now(heads)
    return [
        _difference(head, now, document["exported_at"])
        for head, now in zip(heads, found, strict=True)
        if now != head["hash"]
    ]


def _checked(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, dict) or not isinstance(document.get("heads"), list):
        raise NotAnExport("This is no export of heads")
    signed = {name: value for name, value in document.items() if name != "signature"}
    if not signing.is_signed(content.canonical(signed), str(document.get("signature"))):
        raise NotAnExport("No trusted key signed this export")
    return list(document["heads"])


def _hashes_now(heads: list[dict[str, Any]]) -> list[str | None]:
    columns = [
        [ids.parse("mer", head["merchant_id"]) for head in heads],
        [head["livemode"] for head in heads],
        [head["seq"] for head in heads],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_HASHES, columns)
        return [row[0] for row in cursor.fetchall()]


def _difference(head: dict[str, Any], now: str | None, exported_at: str) -> str:
    mode = "live" if head["livemode"] else "test"
    return (
        f"{head['merchant_id']} {mode}: BAD at seq {head['seq']}: head mismatch: exported on {exported_at} "
        f"with hash {head['hash']}, the entry " + (f"now has hash {now}" if now else "is gone")
    )
