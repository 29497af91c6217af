"""What is hashed is written in one way only."""

import json
from typing import Any

import pytest

from compliance.audit import content

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"ä": "₹", "z": "é\n"}, '{"z":"é\\n","ä":"₹"}'),
        ({"big": 2**70}, '{"big":1180591620717411303424}'),
        ([], "[]"),
    ],
)
def test_keys_are_sorted_and_nothing_is_padded(value: Any, text: str) -> None:
    assert content.canonical(value) == text


def test_fractions_keep_every_digit() -> None:
    text = '{"b":[0.10,1.00000000000000000001,{"y":1,"x":"0.10"}],"a":null}'
    value = json.loads(text, parse_float=content.Number)
    assert content.canonical(value) == '{"a":null,"b":[0.10,1.00000000000000000001,{"x":"0.10","y":1}]}'


def test_a_number_and_the_same_text_differ() -> None:
    assert content.canonical(content.Number("0.10")) != content.canonical("0.10")
