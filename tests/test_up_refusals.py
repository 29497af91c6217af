"""``manage.py up`` that cannot: one clear line, exit code 1, and nothing left."""

import re
import socket
import subprocess
from collections.abc import Iterator

import pytest

from rupai.core.runtime.places import LOOPBACK
from tests.starting import IS_ROOT, Place, free_port, new_place

pytestmark = pytest.mark.slow


@pytest.fixture
def place() -> Iterator[Place]:
    with new_place() as place:
        yield place


@pytest.fixture
def port() -> int:
    return free_port()


def test_a_port_in_use_is_one_line(place: Place, port: int) -> None:
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, port))
        stranger.listen()
        said = place.refused("--port", str(port))
        assert said == f"Error: Port {port} cannot be used: Address already in use; choose another with --port"


def test_an_unreachable_database_is_one_line_without_its_password(place: Place, port: int) -> None:
    url = f"postgresql://somebody:hidden-word@{LOOPBACK}:1/rupai"
    said = place.refused("--port", str(port), DATABASE_URL=url)
    assert said.startswith("Error: DATABASE_URL cannot be reached: ")
    assert "hidden-word" not in said


def test_an_unreachable_broker_is_one_line(place: Place, port: int) -> None:
    said = place.refused("--port", str(port), CELERY_BROKER_URL=f"amqp://guest:hidden-word@{LOOPBACK}:1//")
    assert said.startswith("Error: CELERY_BROKER_URL cannot be reached: 127.0.0.1:1: ")
    assert "hidden-word" not in said


def test_a_data_directory_that_cannot_be_is_one_line(place: Place, port: int) -> None:
    place.data_dir.touch()
    assert re.search(r"Data directory .* cannot be used: ", place.refused("--port", str(port)))


def test_a_failed_part_is_one_line_with_its_name_and_log(place: Place, port: int) -> None:
    said = place.refused("--port", str(port), "--settings", "rupai.settings.none")
    log = place.data_dir / "logs" / "migrate.log"
    assert "failed (ended with code 1): ModuleNotFoundError: No module named 'rupai.settings.none'" in said
    assert said.endswith(f"(log: {log})") or said.endswith(f"(log: {log.with_name('sandbox.log')})")


@pytest.mark.skipif(not IS_ROOT, reason="mounting a small disk takes root")
def test_a_full_disk_is_one_line(place: Place, port: int) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0711", "tmpfs", str(place.base)], check=True)
    try:
        assert "No space left on device" in place.refused("--port", str(port))
    finally:
        subprocess.run(["umount", "--lazy", str(place.base)], check=True)
