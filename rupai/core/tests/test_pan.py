"""Card numbers are found however they are written, and ids, moments and amounts are not taken for them."""

import random
import secrets
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from rupai.core import ids, pan

pytestmark = pytest.mark.unit
# Prefix and length of each network's numbers; the last digit is computed.
NETWORKS = {
    "Visa": [("4", 13), ("4", 16), ("4", 19)],
    "Mastercard": [("51", 16), ("55", 16), ("2221", 16), ("2720", 16)],
    "American Express": [("34", 15), ("37", 15)],
    "Discover": [("6011", 16), ("644", 16), ("65", 16)],
    "RuPay": [("60", 16), ("81", 16), ("82", 16), ("508", 16), ("353", 16), ("356", 16)],
    "JCB": [("3528", 16), ("3589", 16)],
    "Diners": [("300", 14), ("305", 14), ("36", 14), ("38", 14)],
    "UnionPay": [("62", 16), ("62", 19)],
    "Maestro": [("5018", 12), ("6759", 16), ("6763", 19)],
}
RANDOM = random.Random(20_261_122)


def check_digit(digits: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - position % 2), 10)) for position, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def number(prefix: str, length: int) -> str:
    digits = prefix + "".join(RANDOM.choice("0123456789") for _ in range(length - len(prefix) - 1))
    return digits + check_digit(digits)


def grouped(digits: str, separator: str) -> str:
    return separator.join(digits[start : start + 4] for start in range(0, len(digits), 4))


@pytest.mark.parametrize("network", NETWORKS)
def test_numbers_of_every_network_are_found(network: str) -> None:
    for prefix, length in NETWORKS[network]:
        for _ in range(20):
            planted = number(prefix, length)
            texts = [
                planted,
                f"card {planted}.",
                f"({planted})",
                f"pan:{planted},12/27",
                f"x_{planted}",
                f"1 {planted}",
            ]
            texts += [grouped(planted, " "), grouped(planted, "-"), f"to {grouped(planted, ' ')} please"]
            for text in texts:
                assert list(pan.find(text)) == [planted], text
                assert planted not in pan.redact(text)
            assert planted not in pan.redact(f"a {planted} 1227 123")


def test_the_last_digit_prefix_and_length_count() -> None:
    for prefix, length in [pair for pairs in NETWORKS.values() for pair in pairs]:
        planted = number(prefix, length)
        wrong = planted[:-1] + str((int(planted[-1]) + 1) % 10)
        assert not pan.contains(wrong)
    for prefix, length in (("1", 16), ("9", 16), ("70", 16), ("4", 14), ("4", 15), ("37", 16), ("51", 15), ("4", 20)):
        assert not pan.contains(number(prefix, length))


@pytest.mark.parametrize(
    "text",
    [
        "4242\u00a04242\u00a04242\u00a04242",
        "4242\u2009 4242\u2009 4242\u2009 4242",
        "4242\u201342424242\u20134242",
        "４２４２４２４２４２４２４２４２",
        "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
        "42\u200b42\u00ad4242\ufeff42424242",
        "4242.4242.4242.4242",
        "4242 / 4242 / 4242 / 4242",
        "3782.822463.10005",
        "27 4242 4242 4242 4242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
    ],
)
def test_a_number_in_disguise_is_found(text: str) -> None:
    assert pan.contains(text)
    assert pan.REMOVED in pan.redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22T10:11:12.123456+05:30",
        "2026-11-22 2026-11-23 2026-11-24 2026-11-30",
        "+4915112345678",
        "+49 1511 2345678",
        "INR 1234567890123",
        "10000, 20000, 30000, 40000, 50000",
        "0.4242424242424242",
        "a4242424242424242",
        "4242424242424242f",
        "sha256 4242424242424242deadbeef",
        "192.168.100.200 10.20.30.40",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert not pan.contains(text)
    assert pan.redact(text) == text


def test_only_the_number_is_taken_out_of_a_text() -> None:
    assert pan.redact("from 4242424242424242 to 378282246310005.") == f"from {pan.REMOVED} to {pan.REMOVED}."
    assert pan.redact("चाय ٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢ गरम") == f"चाय {pan.REMOVED} गरम"


@pytest.mark.slow
def test_no_id_is_called_a_card_number(capsys: pytest.CaptureFixture[str]) -> None:
    moment, count = datetime(2026, 1, 1, tzinfo=UTC), 100_000
    wrong = 0
    for position in range(count):
        key = ids.new_key(moment + timedelta(seconds=position))
        wrong += sum(pan.contains(text) for text in (ids.public_id("pay", key), str(key), str(uuid.uuid4())))
    with capsys.disabled():
        sys.stdout.write(f"\ncard numbers seen in {count:,} public ids and {2 * count:,} UUIDs: {wrong}\n")
    assert wrong == 0


def test_no_moment_digest_or_amount_is_called_a_card_number() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for position in range(2_000):
        at = moment + timedelta(hours=position, microseconds=position * 7_919)
        texts = (at.isoformat(), str(at), f"{at:%d.%m.%Y %H:%M:%S}", str(at.timestamp()), secrets.token_hex(24))
        assert not [text for text in (*texts, str(position * 7_919)) if pan.contains(text)]


@pytest.mark.parametrize("piece", ["1 ", "4", "4242 ", '\\"', "4-", "4242424 ", "1   ", "4242\u00a0", "12 34-"])
@pytest.mark.slow
def test_no_text_keeps_it_busy(piece: str) -> None:
    text = (piece * 262_144)[:262_144] + "a"
    started = time.process_time()
    list(pan.find(text))
    assert time.process_time() - started < 5
