"""The strict reader of JSON: takes every object that is meant one way, and refuses all else by name."""

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rupai.api import parsers
from rupai.api.parsers import CardNumberRefused, MalformedJson, StrictJSONParser, WrongContentType, loads

pytestmark = pytest.mark.unit
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)


def outcome(body: bytes) -> Any:
    """What a body is read as, or the refusal."""
    try:
        return loads(body)
    except (MalformedJson, CardNumberRefused) as refusal:
        return refusal


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_object_comes_back_as_it_was_sent(value: dict[str, Any], escaped: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    found = outcome(body)
    if isinstance(found, CardNumberRefused):
        assert sum(character.isdigit() for character in body.decode()) >= 12
    else:
        assert found == value or "deep" in str(found)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    found = outcome(body)
    assert isinstance(found, dict) or (found.status == 400 and found.message)


@given(st.text(alphabet='{}[]",:\\0123456789eE+-.truefalsn \n', max_size=60))
def test_nothing_that_looks_like_json_breaks_it(text: str) -> None:
    try:
        found = loads(text.encode())
    except (MalformedJson, CardNumberRefused):
        return
    assert json.loads(text) == found
    assert not [value for value in found.values() if isinstance(value, float) and not math.isfinite(value)]


@given(VALUES.filter(lambda value: not isinstance(value, dict)))
def test_only_an_object_is_a_body(value: Any) -> None:
    with pytest.raises((MalformedJson, CardNumberRefused)):
        loads(json.dumps(value).encode())


@given(OBJECTS.filter(bool), st.data())
def test_a_key_that_stands_twice_is_refused_wherever_it_stands(value: dict[str, Any], data: st.DataObject) -> None:
    name = json.dumps(data.draw(st.sampled_from(sorted(value))))
    whole = json.dumps(value)
    for body in (whole[:-1] + f", {name}: 1}}", f'{{"outer": [{whole[:-1]}, {name}: null}}]}}'):
        with pytest.raises((MalformedJson, CardNumberRefused)):
            loads(body.encode())


@pytest.mark.parametrize("depth", range(1, 25))
def test_twenty_levels_are_the_limit(depth: int) -> None:
    bodies = ['{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)]
    if depth > 1:
        bodies.append('{"a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}")
    for body in bodies:
        if depth <= parsers.MOST_DEPTH:
            assert isinstance(loads(body.encode()), dict)
        else:
            with pytest.raises(MalformedJson, match="20 deep"):
                loads(body.encode())


@pytest.mark.parametrize("text", ['{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', '{"a": "{\\"[[[[[[[[[[[[[[[[[[[[[[[[["}'])
def test_brackets_in_a_text_are_no_depth(text: str) -> None:
    assert loads(text.encode()) == json.loads(text)


def parse(content_type: str, body: bytes = b'{"a": 1}') -> Any:
    return StrictJSONParser().parse(io.BytesIO(body), content_type)


def test_the_content_type_is_exact() -> None:
    for content_type in ("application/json", "application/json; charset=utf-8", 'application/json; charset="UTF-8"'):
        assert parse(content_type) == {"a": 1}
    for content_type in ("application/*", "*/*", "application/json; charset=ascii", "text/json"):
        with pytest.raises(WrongContentType):
            parse(content_type)


def test_a_body_of_nothing_is_an_empty_object() -> None:
    assert parse("application/json", b"") == {}


def test_what_is_wrong_is_told_without_repeating_the_body() -> None:
    secret = "correct-horse-battery"
    for body in (f'{{"password": "{secret}" x}}', f'["{secret}"]', f'{{"{secret}": 1, "{secret}": 2}}', f"{secret}"):
        with pytest.raises(MalformedJson) as refusal:
            loads(body.encode())
        assert secret not in refusal.value.message + refusal.value.hint
    with pytest.raises(CardNumberRefused) as refused:
        loads(b'{"card": "4242424242424242"}')
    assert "4242" not in refused.value.message + refused.value.hint
