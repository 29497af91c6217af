"""Keys and public ids: one way there and back, in the order of time also inside PostgreSQL."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from rupai.core import clock, ids
from rupai.core.errors import NotFound
from rupai.core.rows import key_of

KEYS = st.integers(min_value=0, max_value=2**128 - 1).map(lambda number: uuid.UUID(int=number))


@pytest.mark.unit
@given(KEYS)
def test_a_key_comes_back_from_its_public_id(key: uuid.UUID) -> None:
    text = ids.public_id("pay", key)
    assert ids.parse("pay", text) == key
    assert len(text) == len("pay_") + 22
    assert text.isascii()


@pytest.mark.unit
@given(KEYS, KEYS)
def test_public_ids_sort_as_their_keys(left: uuid.UUID, right: uuid.UUID) -> None:
    assert (ids.public_id("pay", left) < ids.public_id("pay", right)) == (left < right)


@pytest.mark.unit
@given(st.text(max_size=40))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        key = ids.parse("pay", text)
    except ids.InvalidId:
        with pytest.raises(NotFound):
            key_of(text, "pay")
    else:
        assert ids.public_id("pay", key) == text


@pytest.mark.unit
@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay",
        "pay_",
        "_" + "0" * 22,
        "pay_" + "0" * 21,
        "pay_" + "0" * 23,
        "ref_" + "0" * 22,
        "PAY_" + "0" * 22,
        "pay-" + "0" * 22,
        "pay_" + "z" * 22,
        "pay_7n42DGM5Tflk9n8mt7Fhc8",
        "pay_" + "0" * 21 + "-",
        "pay_" + "0" * 21 + "٣",
        "pay_" + "0" * 21 + "\0",
        " pay_" + "0" * 22,
        "pay_" + "0" * 22 + "\n",
        "pay_pay_" + "0" * 18,
        "pay_0_" + "0" * 20,
    ],
)
def test_what_is_no_such_id_is_refused(text: str) -> None:
    with pytest.raises(ids.InvalidId):
        ids.parse("pay", text)


@pytest.mark.unit
def test_the_greatest_id_is_the_greatest_key() -> None:
    greatest = ids.public_id("pay", uuid.UUID(int=2**128 - 1))
    assert ids.parse("pay", greatest).int == 2**128 - 1
    following = greatest[:-1] + ids.ALPHABET[ids.ALPHABET.index(greatest[-1]) + 1]
    with pytest.raises(ids.InvalidId):
        ids.parse("pay", following)


@pytest.mark.unit
def test_a_new_key_is_a_version_7_uuid_of_its_moment() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    keys = [ids.new_key(moment) for _ in range(2_000)]
    assert len(set(keys)) == 2_000
    assert {(key.version, key.variant) for key in keys} == {(7, uuid.RFC_4122)}
    assert {key.int >> 80 for key in keys} == {int(moment.timestamp() * 1000)}
    with clock.at(moment):
        assert ids.new_key().int >> 80 == int(moment.timestamp() * 1000)


@pytest.mark.django_db
def test_the_database_sorts_ids_by_time_under_the_c_collation() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(milliseconds=7919 * number) for number in range(500)]
    texts = [ids.public_id("pay", ids.new_key(moment)) for moment in moments]
    shuffled = sorted(texts, key=lambda text: text[::-1])
    with connection.cursor() as cursor:
        cursor.execute('SELECT t FROM unnest(%s::text[]) t ORDER BY t COLLATE "C"', [shuffled])
        assert [row[0] for row in cursor.fetchall()] == texts
        keys = [ids.parse("pay", text) for text in shuffled]
        cursor.execute("SELECT t FROM unnest(%s::uuid[]) t ORDER BY t", [keys])
        assert [ids.public_id("pay", row[0]) for row in cursor.fetchall()] == texts
