"""What waits for somebody: counted from rows, told to those who may see these rows, and led to exactly them."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.models import InvariantResult
from payments.models import Attempt
from payments.states import AttemptState
from payments.tests.consoles import Person
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.tests.factories import owner_of
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.models import DeadLetter
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.services import deliveries
from rupai.notifications.tests.factories import endpoint_at, number_all
from rupai.pages.attention import open_matters
from tests.places import sandbox_in_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LINK = re.compile(r'<li><a href="([^"]+)"><span class="badge \w+">(\d+)</span> ([^<]+)</a></li>')


@pytest.fixture
def shop() -> Iterator[Shop]:
    with sandbox_in_process():
        yield Shop()


def given_up(shop: Shop) -> None:
    endpoint_at("https://example.com/hooks", actor=owner_of(shop.merchant), patterns=["payment.captured"])
    for _ in range(2):
        shop.pay()
    number_all()
    deliveries.open_new()
    WebhookDelivery.objects.update(state=WebhookDelivery.State.FAILED)


def unknown(shop: Shop) -> None:
    with clock.at(clock.now() - timedelta(hours=2)):
        shop.pay(token="tok_3ds_required")
    shop.pay(token="tok_3ds_required")
    Attempt.objects.update(state=AttemptState.UNKNOWN)


def dead_letter(shop: Shop) -> None:
    DeadLetter.objects.create(task="payments.sync", queue="default", error="gone", tries=5, created_at=clock.now())


def broken(shop: Shop) -> None:
    InvariantResult.objects.create(
        name="I1", title="Debits equal credits", state="broken", count=1, milliseconds=1, checked_at=clock.now()
    )


def matters(actor: Actor) -> dict[str, int]:
    return {matter.words: matter.number for matter in open_matters(actor)}


def platform(shop: Shop | None = None) -> Actor:
    return Actor.platform("test", merchant_id=shop.merchant.pk if shop else None)


@pytest.mark.parametrize(
    ("make", "words", "number"),
    [
        (given_up, "webhook deliveries given up", 2),
        (unknown, "attempt with an unknown outcome for over an hour", 1),
        (dead_letter, "dead letter", 1),
        (broken, "rule of money that does not hold", 1),
    ],
)
def test_a_matter_leads_to_as_many_rows_as_it_counts(
    shop: Shop, make: Callable[[Shop], Any], words: str, number: int
) -> None:
    root = Person(shop.merchant, root=True)
    assert "Nothing needs you" in root.read("index")
    make(shop)
    found = LINK.findall(root.get("index").content.decode())
    assert [(int(count), text) for _, count, text in found] == [(number, words)]
    page = root.client.get(found[0][0].replace("&amp;", "&"))
    assert page.status_code == 200
    assert page.context["cl"].queryset.count() == number


def test_each_sees_what_their_role_and_merchant_have(shop: Shop) -> None:
    given_up(shop)
    dead_letter(shop)
    other = Shop(new_merchant("Other"))
    assert matters(owner_of(shop.merchant)) == {"webhook deliveries given up": 2}
    assert matters(owner_of(shop.merchant, scopes=frozenset({"payments:read"}))) == {}
    assert matters(owner_of(shop.merchant, livemode=True)) == {}
    assert matters(owner_of(other.merchant)) == {}
    assert matters(platform()) == {"webhook deliveries given up": 2, "dead letter": 1}
    assert matters(platform(other)) == {"dead letter": 1}


def test_all_matters_are_counted_by_one_query(shop: Shop) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert open_matters(platform(shop)) == []
    assert len(asked) == 1


def test_the_first_look_leads_to_where_payments_are(shop: Shop) -> None:
    empty = new_merchant("Empty House")
    root, owner = Person(empty, root=True), Person(empty, "owner")
    shop.pay()
    root.client.post("/admin/place/", {"merchant": empty.public_id})
    assert "Payments are at other merchants" in root.read("index")
    assert 'value="">All merchants' in root.get("index").content.decode()
    assert shop.merchant.public_id in root.get("index").content.decode().split("elsewhere-title")[2]
    # Somebody who works at the empty one alone learns nothing of others.
    assert "elsewhere" not in owner.get("index").content.decode()
    root.client.post("/admin/place/", {"merchant": ""})
    assert "elsewhere" not in root.get("index").content.decode()
