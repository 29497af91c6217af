"""Staff look at the audit chain of their own merchants and change nothing."""

import pytest
from django.test import Client

from compliance.models import AuditEntry, AuditHead
from rupai.accounts.tests.factories import new_member, new_merchant
from rupai.core import clock
from rupai.core.models import Event

pytestmark = pytest.mark.django_db
ENTRIES, HEADS = "/admin/compliance/auditentry/", "/admin/compliance/audithead/"


@pytest.fixture
def entry() -> AuditEntry:
    """An entry made by hand: the sequencer sees only what other transactions committed."""
    merchant, now = new_merchant(), clock.now()
    tenant = {"merchant_id": merchant.pk, "livemode": False, "seq": 1}
    event = Event.objects.create(
        **tenant, position=1, created_at=now, type="thing.made", subject_type="thing", subject_id="thing_1", data={}
    )
    AuditHead.objects.create(**tenant, hash="a" * 64, position=1, at=now, signature="")
    made: AuditEntry = AuditEntry.objects.create(**tenant, event=event, prev_hash="0" * 64, hash="a" * 64, at=now)
    return made


def staff_of(client: Client, entry: AuditEntry | None, role: str) -> None:
    merchant = new_merchant() if entry is None else None
    member = new_member(merchant, role, is_staff=True)
    if entry is not None:
        member.merchant_id = entry.merchant_id
        member.save()
    client.force_login(member.user, backend="rupai.accounts.backends.EmailBackend")


@pytest.mark.parametrize("address", [ENTRIES, HEADS])
def test_the_chain_is_shown_to_its_own_merchant_only(client: Client, entry: AuditEntry, address: str) -> None:
    staff_of(client, entry, "finance")
    shown = client.get(address).content.decode()
    assert entry.hash[:12] in shown
    staff_of(client, None, "finance")
    assert entry.hash[:12] not in client.get(address).content.decode()
    staff_of(client, entry, "viewer")
    assert client.get(address).status_code == 403


def test_entries_are_read_only(client: Client, entry: AuditEntry) -> None:
    staff_of(client, entry, "owner")
    row = f"{ENTRIES}{entry.pk}"
    assert client.get(f"{row}/change/").status_code == 200
    assert client.post(f"{row}/change/", {"hash": "b" * 64}).status_code == 403
    assert client.post(f"{row}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{ENTRIES}add/").status_code == 403
