"""What is stored of an exchange with a provider."""

import pytest

from payments.providers.redaction import MAX_STORED, redacted
from rupai.core import pan
from rupai.core.logs import REMOVED

pytestmark = pytest.mark.unit


def test_secrets_and_persons_are_removed_at_any_depth() -> None:
    message = {
        "amount": 10_000,
        "Authorization": "Bearer sk_test_sandbox_demo_0123456789",
        "customer": {"id": "cust_1", "email": "asha@example.com"},
        "charges": [{"id": "ch_1", "billing": {"city": "Pune"}, "Phone": "+91 98765 43210"}],
        "note": "key sk_test_sandbox_demo_0123456789",
        "metadata": {},
    }
    assert redacted(message) == {
        "amount": 10_000,
        "Authorization": REMOVED,
        "customer": REMOVED,
        "charges": [{"id": "ch_1", "billing": REMOVED, "Phone": REMOVED}],
        "note": REMOVED,
        "metadata": {},
    }


@pytest.mark.parametrize(
    "number", ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005"]
)
def test_a_card_number_in_any_text_is_removed(number: str) -> None:
    assert redacted({"message": f"declined {number}, sorry"}) == {"message": f"declined {pan.REMOVED}, sorry"}


@pytest.mark.parametrize(
    "harmless",
    [
        "4242424242424241",
        "2026-03-01T12:00:00.000+00:00",
        "order 20260301",
        "12345678901234567890",
    ],
)
def test_other_digits_stay(harmless: str) -> None:
    assert redacted({"message": harmless}) == {"message": harmless}


def test_a_message_that_is_too_long_is_replaced_by_its_length() -> None:
    kept = redacted({"message": "a" * MAX_STORED})
    assert kept == {"omitted_bytes": MAX_STORED + len('{"message": ""}')}


def test_the_original_is_left_alone() -> None:
    message = {"customer": {"email": "asha@example.com"}}
    redacted(message)
    assert message == {"customer": {"email": "asha@example.com"}}
