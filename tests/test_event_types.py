"""What merchants may subscribe to is what the code emits."""

import re

import pytest

from payments.states import EVENT_OF
from rupai.core.event_types import EVENT_TYPES, names
from tests.gate.project import sources

pytestmark = pytest.mark.unit
_NAME = re.compile(r'"([a-z_]+\.[a-z_]+)"')


def test_each_name_stands_once_and_is_of_the_form() -> None:
    assert len(set(names())) == len(names())
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in names())


def test_every_emitted_event_can_be_subscribed_to() -> None:
    emitted = set(EVENT_OF.values())
    for source in sources():
        if source.is_product:
            for call in re.finditer(r"(?:\bemit|\bdraft|\btell)\(\s*([^,()]*)", source.text):
                emitted |= set(_NAME.findall(call.group(1)))
    assert len(emitted) > 20
    assert emitted <= set(names())


def test_no_name_is_offered_that_nothing_emits() -> None:
    code = "\n".join(
        source.text for source in sources() if source.is_product and not source.path.endswith("core/event_types.py")
    )
    for noun, verbs in EVENT_TYPES.items():
        for verb in verbs:
            literal, built = f'"{noun}.{verb}"' in code, f'f"{noun}.{{' in code and f'"{verb}"' in code
            assert literal or built, f"{noun}.{verb}"
