"""Signatures agree with Standard Webhooks, in both directions."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rupai.notifications.services.signatures import SignatureWrong, headers, new_secret, verify

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODY = '{"id":"evt_1","note":"₹"}'.encode()


def is_accepted(secrets: list[str], given: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> bool:
    try:
        verify(secrets=secrets, headers=given, body=body, now=now)
    except SignatureWrong:
        return False
    return True


def vectors(shared_dir: Path) -> Any:
    return json.loads((shared_dir / "vectors" / "webhook_signature_standard.json").read_text())


def test_every_vector_is_judged_as_published(shared_dir: Path) -> None:
    for vector in vectors(shared_dir)["vectors"]:
        given = {name: vector[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        now = datetime.fromtimestamp(vector["now"], UTC)
        found = is_accepted([vector["secret"]], given, vector["body"].encode(), now)
        assert found == (vector["expect"] == "ok"), vector["case"]


def test_our_signature_is_the_published_one(shared_dir: Path) -> None:
    vector = vectors(shared_dir)["vectors"][0]
    at = datetime.fromtimestamp(int(vector["webhook-timestamp"]), UTC)
    signed = headers(secrets=[vector["secret"]], message_id=vector["webhook-id"], at=at, body=vector["body"].encode())
    assert signed["webhook-signature"] == vectors(shared_dir)["valid_signature"]
    assert signed["webhook-timestamp"] == vector["webhook-timestamp"]


def test_a_secret_is_32_random_bytes_behind_its_prefix() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


def test_during_a_rotation_old_and_new_secret_are_right() -> None:
    old, new = new_secret(), new_secret()
    signed = headers(secrets=[new, old], message_id="evt_1", at=NOW, body=BODY)
    assert signed["webhook-signature"].count("v1,") == 2
    assert is_accepted([old], signed)
    assert is_accepted([new], signed)
    assert not is_accepted([new_secret()], signed)
    only_new = headers(secrets=[new], message_id="evt_1", at=NOW, body=BODY)
    assert not is_accepted([old], only_new)
    assert is_accepted([old, new], only_new)


@pytest.mark.parametrize(("seconds", "accepted"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_the_clock_may_be_off_by_the_tolerance_either_way(seconds: int, accepted: bool) -> None:
    secret = new_secret()
    signed = headers(secrets=[secret], message_id="evt_1", at=NOW, body=BODY)
    assert is_accepted([secret], signed, now=NOW + timedelta(seconds=seconds)) is accepted


def test_header_names_may_have_any_case() -> None:
    secret = new_secret()
    signed = headers(secrets=[secret], message_id="evt_1", at=NOW, body=BODY)
    assert is_accepted([secret], {name.title(): value for name, value in signed.items()})


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ä"},
        {"webhook-signature": "v2,AAAA"},
    ],
)
def test_anything_altered_is_refused(change: dict[str, str]) -> None:
    secret = new_secret()
    signed = headers(secrets=[secret], message_id="evt_1", at=NOW, body=BODY)
    assert is_accepted([secret], signed)
    assert not is_accepted([secret], {**signed, **change})
    assert not is_accepted([secret], signed, BODY + b" ")
