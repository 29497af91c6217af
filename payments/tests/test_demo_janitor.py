"""The janitor leaves a demo merchant alone while its past is being made."""

from datetime import timedelta

import pytest

from payments.models import DemoWorld, Payment
from payments.selectors import demo_progress
from payments.services import janitor
from payments.tests.factories import Shop
from rupai.core import clock

pytestmark = pytest.mark.django_db


def test_what_lies_behind_its_time_is_settled_once_the_past_is_made(shop: Shop) -> None:
    now = clock.now()
    world = DemoWorld.objects.create(
        merchant=shop.merchant, plan="bazaar", seed=7, days=90, payments=2, made=1, until=now, began_at=now
    )
    with clock.at(now - timedelta(days=40)):
        shop.pay(10_000, token="tok_drop_after")
        shop.pay(5_000, capture="manual")
    idle = {"attempts": 0, "refunds": 0, "payouts": 0, "late": 0, "expired": 0}
    assert janitor.sweep() == idle
    lost = Payment.objects.get(amount=10_000)
    assert not janitor.ask_soon(lost)
    progress = demo_progress()
    assert progress is not None
    assert (progress.done, progress.total, progress.finished) == (1, 2, False)

    world.finished_at = now
    world.save()
    assert janitor.ask_soon(lost)
    assert janitor.sweep() == {**idle, "attempts": 1, "expired": 1}
    assert sorted(Payment.objects.values_list("state", "amount_captured")) == [("captured", 10_000), ("expired", 0)]


def test_without_a_demo_world_there_is_no_progress() -> None:
    assert demo_progress() is None
