"""The net below the door: one key, one piece of work, one answer, whoever comes when."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from rupai.core import clock, idempotency, ids
from rupai.core.actor import Actor
from rupai.core.idempotency import LEASE, LIFETIME, Answer, Claim, KeyInUse, KeyInvalid, KeyRequired, KeyReused
from rupai.core.models import IdempotencyRecord

pytestmark = pytest.mark.slow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MERCHANT = ids.new_key()
DONE = Answer(201, "application/json", b'{"payment_id":"pay_1"}')
KEY = "order-0001"


def actor(merchant: UUID = MERCHANT, *, livemode: bool = False, door: str = "rest") -> Actor:
    return Actor("key", "key_1", merchant, livemode, frozenset(), door)


def claim(arguments: Any = None, *, key: str = KEY, who: Actor | None = None, operation: str = "pay") -> Claim | Answer:
    return idempotency.claim(actor=who or actor(), key=key, operation=operation, arguments=arguments or {"amount": 1})


def held(found: Claim | Answer) -> Claim:
    assert isinstance(found, Claim)
    return found


@pytest.mark.unit
@pytest.mark.parametrize("key", ["abcdefgh", "k" * 255, "A.b_c:d-1", "0000-0000"])
def test_a_key_of_the_right_form_is_taken(key: str) -> None:
    assert idempotency.check_key(key) == key


@pytest.mark.unit
@pytest.mark.parametrize("key", ["", "1234567", "k" * 256, "with space", "slash/slash", "ümlaut-1", "abcdefgh\n"])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(KeyInvalid):
        idempotency.check_key(key)


@pytest.mark.unit
def test_a_missing_key_and_a_card_number_are_refused() -> None:
    with pytest.raises(KeyRequired):
        idempotency.check_key(None)
    with pytest.raises(KeyInvalid, match="card number"):
        idempotency.check_key("4242424242424242")


@pytest.mark.unit
@given(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8) | st.none(), max_size=6))
def test_the_order_of_arguments_does_not_count(arguments: dict[str, Any]) -> None:
    turned = dict(reversed(list(arguments.items())))
    assert idempotency.fingerprint("pay", arguments) == idempotency.fingerprint("pay", turned)
    assert idempotency.fingerprint("pay", arguments) != idempotency.fingerprint("refund", arguments)
    assert idempotency.fingerprint("pay", arguments) != idempotency.fingerprint("pay", {**arguments, "more": 1})


@pytest.mark.unit
def test_texts_and_numbers_are_told_apart() -> None:
    prints = [idempotency.fingerprint("pay", {"a": value}) for value in (1, "1", True, None, [1], 1.0)]
    assert len(set(prints)) == 6


@pytest.mark.django_db
def test_the_first_claims_and_the_rest_wait_until_it_is_done() -> None:
    with clock.at(NOON):
        first = held(claim())
        assert not first.resumed
        assert first.leased_until == NOON + LEASE
        with pytest.raises(KeyInUse) as refusal:
            claim()
        assert (refusal.value.status, refusal.value.retry_after) == (409, 1)
        idempotency.store(first, DONE)
        assert claim() == DONE


@pytest.mark.django_db
def test_a_key_stands_for_one_piece_of_work() -> None:
    first = held(claim())
    for other in ({"amount": 2}, {"amount": "1"}, {"amount": 1, "note": ""}):
        with pytest.raises(KeyReused):
            claim(other)
    with pytest.raises(KeyReused):
        claim(operation="refund")
    idempotency.store(first, DONE)
    with pytest.raises(KeyReused):
        claim({"amount": 2})


@pytest.mark.django_db
def test_merchants_modes_and_doors_have_keys_of_their_own() -> None:
    who = [actor(), actor(ids.new_key()), actor(livemode=True), actor(door="agt_1")]
    assert len({held(claim(who=one)).id for one in who}) == 4


@pytest.mark.django_db
def test_a_released_key_is_as_if_it_had_never_been_used() -> None:
    idempotency.release(held(claim()))
    assert not IdempotencyRecord.objects.exists()
    assert not held(claim({"amount": 2})).resumed


@pytest.mark.django_db
def test_an_abandoned_key_is_resumed_at_once() -> None:
    with clock.at(NOON):
        first = held(claim())
        idempotency.abandon(first)
        second = held(claim())
    assert second.resumed
    assert second.id == first.id


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_resumed_by_one_and_its_old_holder_changes_nothing() -> None:
    with clock.at(NOON):
        first = held(claim())
    with clock.at(NOON + LEASE - timedelta(microseconds=1)), pytest.raises(KeyInUse):
        claim()
    with clock.at(NOON + LEASE):
        second = held(claim())
        assert second.resumed
        with pytest.raises(KeyInUse):
            claim()
        idempotency.store(first, Answer(500, "application/json", b"late"))
        idempotency.release(first)
        idempotency.abandon(first)
        with pytest.raises(KeyInUse):
            claim()
        idempotency.store(second, DONE)
        idempotency.release(second)
        assert claim() == DONE


@pytest.mark.django_db
def test_a_key_is_free_again_after_a_day() -> None:
    with clock.at(NOON):
        idempotency.store(held(claim()), DONE)
    with clock.at(NOON + LIFETIME - timedelta(microseconds=1)):
        assert claim() == DONE
    with clock.at(NOON + LIFETIME):
        assert not held(claim({"amount": 2})).resumed
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_old_keys_are_forgotten_in_batches() -> None:
    with clock.at(NOON):
        for number in range(5):
            claim(key=f"order-{number}-x")
    with clock.at(NOON + timedelta(hours=1)):
        claim(key="order-of-later")
    with clock.at(NOON + LIFETIME):
        assert [idempotency.forget_expired(limit=3) for _ in range(3)] == [3, 2, 0]
    assert IdempotencyRecord.objects.get().key == "order-of-later"


def at_once(count: int, work: Any) -> list[Any]:
    """Run work in threads that start together; give results or errors."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(index: int) -> None:
        start.wait(20)
        try:
            results[index] = work(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_claims() -> None:
    results = at_once(20, lambda _: claim())
    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, KeyInUse) for result in results) == 19


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_resumes_a_dead_holders_work() -> None:
    with clock.at(clock.now() - LEASE):
        first = held(claim())
    results = at_once(20, lambda _: claim())
    claims = [result for result in results if isinstance(result, Claim)]
    assert [(one.id, one.resumed) for one in claims] == [(first.id, True)]
    assert sum(isinstance(result, KeyInUse) for result in results) == 19


@pytest.mark.django_db(transaction=True)
def test_keys_that_are_given_back_all_the_time_break_nobody() -> None:
    def work(_: int) -> list[type]:
        outcomes: list[type] = []
        for _ in range(20):
            try:
                idempotency.release(held(claim()))
                outcomes.append(Claim)
            except KeyInUse:
                outcomes.append(KeyInUse)
        return outcomes

    results = at_once(8, work)
    assert {type(result) for result in results} == {list}
    assert {outcome for outcomes in results for outcome in outcomes} <= {Claim, KeyInUse}
    assert not IdempotencyRecord.objects.exists()
