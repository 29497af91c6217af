"""Sealing: what is kept is unreadable without the key, bound to its place, and survives a change of keys."""

import base64
import os
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from rupai.core import clock, crypto, ids
from rupai.core.models import IdempotencyRecord

CONTEXT = "tests.row.column"


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(name.encode().ljust(32, b'-')).decode()}"


@pytest.mark.unit
@given(st.binary(max_size=2_000))
def test_what_is_sealed_is_opened(plain: bytes) -> None:
    sealed = crypto.seal(plain, context=CONTEXT)
    assert crypto.unseal(sealed, context=CONTEXT) == plain
    assert crypto.seal(plain, context=CONTEXT) != sealed
    if len(plain) > 8:
        assert plain not in sealed


@pytest.mark.unit
def test_after_a_rotation_the_new_key_seals_and_the_old_one_opens(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = key("k1")
    old = crypto.seal(b"secret", context=CONTEXT)
    settings.ENCRYPTION_KEY = f"{key('k2')}, {key('k1')}"
    assert crypto.unseal(old, context=CONTEXT) == b"secret"
    new = crypto.seal(b"secret", context=CONTEXT)
    assert (old[2:4], new[2:4]) == (b"k1", b"k2")
    settings.ENCRYPTION_KEY = key("k2")
    assert crypto.unseal(new, context=CONTEXT) == b"secret"
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(old, context=CONTEXT)


@pytest.mark.unit
def test_another_key_of_the_same_name_does_not_open(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = f"k1:{base64.b64encode(b'a' * 32).decode()}"
    sealed = crypto.seal(b"secret", context=CONTEXT)
    settings.ENCRYPTION_KEY = f"k1:{base64.b64encode(b'b' * 32).decode()}"
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(sealed, context=CONTEXT)


@pytest.mark.unit
def test_a_value_of_another_column_or_person_does_not_open() -> None:
    own = crypto.new_data_key()
    for given_key in (None, own):
        sealed = crypto.seal(b"secret", context=CONTEXT, key=given_key)
        assert crypto.unseal(sealed, context=CONTEXT, key=given_key) == b"secret"
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(sealed, context="tests.row.other", key=given_key)
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(sealed, context=CONTEXT, key=crypto.new_data_key())


@pytest.mark.unit
def test_no_byte_can_be_changed_or_cut() -> None:
    sealed = crypto.seal(b"a secret of some length", context=CONTEXT)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(bytes(changed), context=CONTEXT)
        with pytest.raises(crypto.CannotOpen):
            crypto.unseal(sealed[:position], context=CONTEXT)
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(sealed + b"\0", context=CONTEXT)


@pytest.mark.unit
@given(st.binary(max_size=100))
def test_garbage_is_not_opened_and_breaks_nothing(garbage: bytes) -> None:
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(garbage, context=CONTEXT)


@pytest.mark.unit
@pytest.mark.parametrize(
    "configured",
    [
        "",
        ",",
        "k1",
        "k1:",
        ":" + base64.b64encode(b"a" * 32).decode(),
        "k1:" + base64.b64encode(b"a" * 31).decode(),
        "k1:" + base64.b64encode(b"a" * 33).decode(),
        "k1:not base64!",
        "k" * 33 + ":" + base64.b64encode(b"a" * 32).decode(),
        key("k1") + ",k2:short",
    ],
)
def test_a_ring_of_keys_that_is_not_sound_is_refused(configured: str, settings: Settings) -> None:
    settings.ENCRYPTION_KEY = configured
    with pytest.raises(ImproperlyConfigured):
        crypto.seal(b"secret", context=CONTEXT)


@pytest.mark.unit
def test_a_blind_index_finds_only_the_same_value_of_the_same_purpose(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = key("k1")
    (before,) = crypto.blind_indexes("asha@example.in", purpose="email")
    assert crypto.blind_indexes("asha@example.in", purpose="phone") != [before]
    assert crypto.blind_indexes("asha@example.im", purpose="email") != [before]
    settings.ENCRYPTION_KEY = f"{key('k2')},{key('k1')}"
    newest, oldest = crypto.blind_indexes("asha@example.in", purpose="email")
    assert oldest == before != newest


@pytest.mark.unit
def test_secrets_are_compared_whole() -> None:
    assert crypto.same("abc", b"abc")
    assert not crypto.same("abc", "abd")
    assert not crypto.same("abc", "ab")
    assert crypto.digest("abc") != crypto.digest("abd")


@pytest.mark.django_db
def test_a_sealed_column_holds_nothing_readable(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = key("k1")
    secret = b"whsec_" + os.urandom(8).hex().encode()
    kept = new_record(body=secret)
    raw = raw_body(kept)
    assert secret not in raw
    assert raw[:2] + raw[2:4] == b"\x01\x02k1"
    assert bytes(IdempotencyRecord.objects.get(pk=kept.pk).body or b"") == secret
    kept.save()
    assert raw_body(kept) != raw
    settings.ENCRYPTION_KEY = key("k2")
    with pytest.raises(crypto.CannotOpen):
        IdempotencyRecord.objects.get(pk=kept.pk)


@pytest.mark.django_db
def test_an_empty_sealed_column_stays_empty() -> None:
    kept = new_record(body=None)
    assert IdempotencyRecord.objects.get(pk=kept.pk).body is None
    kept.body = b""
    kept.save()
    assert IdempotencyRecord.objects.get(pk=kept.pk).body == b""


def new_record(**fields: Any) -> IdempotencyRecord:
    now = clock.now()
    values = {"door": "rest", "key": "order-0001", "operation": "tests", "fingerprint": "0", "leased_until": now}
    made: IdempotencyRecord = IdempotencyRecord.objects.create(
        merchant_id=ids.new_key(), livemode=False, created_at=now, **values, **fields
    )
    return made


def raw_body(record: IdempotencyRecord) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM core_idempotencyrecord WHERE id = %s", [record.pk])
        return bytes(cursor.fetchone()[0])
