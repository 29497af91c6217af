"""The demo world beside a running platform: the start does not wait for it, a stop takes it along, a start goes on."""

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.starting import Place, free_port, new_place

pytestmark = pytest.mark.slow

HOW_FAR = (
    "from payments.selectors import demo_progress; from rupai.accounts.models import Merchant; "
    "found = demo_progress(); "
    "print(found.done if found else 0, found.total if found else 0, Merchant.objects.count())"
)


@pytest.fixture
def place() -> Iterator[Place]:
    with new_place() as place:
        yield place


def _until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("  Stop "):
            return said
    raise AssertionError(f"up ended before it was ready: {said}")


def _how_far(place: Place) -> tuple[int, int, int]:
    answer = place.manage("shell", "-c", HOW_FAR)
    assert answer.returncode == 0, answer.stderr
    done, total, merchants = answer.stdout.splitlines()[-1].split()
    return int(done), int(total), int(merchants)


def _until_made(place: Place, least: int) -> int:
    deadline = time.monotonic() + 120
    while (found := _how_far(place))[0] < least:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    assert found[1:] == (20_000, 5)
    return found[0]


def _stop(place: Place, process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (errors, process.returncode) == ("", 0)
    assert place.left() == []


def test_the_demo_world_fills_up_beside_the_platform_and_goes_on_after_a_stop(place: Place) -> None:
    port = str(free_port())
    with place.start("--port", port) as process:
        assert "  demo  " not in _until_ready(process)
        made = _until_made(place, 40)
        _stop(place, process, signal.SIGINT)
    with place.start("--port", port) as process:
        _until_ready(process)
        _until_made(place, made + 40)
        invariants = place.manage("check_invariants")
        assert invariants.returncode == 0, invariants.stdout
        _stop(place, process, signal.SIGTERM)
