"""A data directory is private, used once at a time, and remembers its ports and secrets."""

import base64
import json
import os
import socket
from pathlib import Path

import pytest

from rupai.core.runtime import logfiles, places
from rupai.core.runtime.errors import StartError
from rupai.core.runtime.keys import own_secrets

pytestmark = pytest.mark.unit


def _mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_a_new_data_directory_is_closed_to_others(tmp_path: Path) -> None:
    data_dir = places.open_data_dir(tmp_path / "some" / "where")
    assert _mode(data_dir) == ("0o711" if os.geteuid() == 0 else "0o700")
    assert _mode(data_dir / "logs") == "0o700"


def test_an_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(mode=0o750)
    assert _mode(places.open_data_dir(tmp_path / "own")) == "0o750"


def test_an_impossible_data_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"^Data directory .*/file/below cannot be used: Not a directory$"):
        places.open_data_dir(tmp_path / "file" / "below")


def test_a_second_start_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    with (
        places.held(lock, told="process 7, port 8000"),
        pytest.raises(StartError, match=r"^RupAI already runs on .* \(process 7, port 8000\)$"),
        places.held(lock, told="process 8, port 8001"),
    ):
        pass
    with places.held(lock, told="process 9, port 8002"):
        assert lock.read_text() == "process 9, port 8002"


def test_a_port_is_remembered_while_it_stays_free(tmp_path: Path) -> None:
    port = places.remembered_port(tmp_path, "sandbox")
    assert places.remembered_port(tmp_path, "sandbox") == port
    with socket.socket() as stranger:
        stranger.bind((places.LOOPBACK, port))
        stranger.listen()
        other = places.remembered_port(tmp_path, "sandbox")
    assert other != port
    assert places.remembered_port(tmp_path, "sandbox") == other


def test_a_socket_directory_is_short_private_and_ours(tmp_path: Path) -> None:
    near = tmp_path / "n"
    near.mkdir()
    far = tmp_path / ("f" * 80) / "with, comma"
    far.mkdir(parents=True)
    assert places.socket_dir(near, None) == near / "run" or len(str(near)) > 70
    outside = places.socket_dir(far, None)
    assert len(str(outside)) < 80
    assert _mode(outside) == "0o700"
    assert places.socket_dir(far, None) == outside
    outside.chmod(0o777)
    with pytest.raises(StartError, match="should be a private directory"):
        places.socket_dir(far, None)
    outside.rmdir()


def test_secrets_are_made_once_and_given_ones_are_not_kept(tmp_path: Path) -> None:
    given = {"JWT_SECRET_KEY": "from outside"}
    made = own_secrets(tmp_path, given, has_data=False)
    assert set(made) == {"SECRET_KEY", "ENCRYPTION_KEY", "AUDIT_SIGNING_KEY", "METRICS_TOKEN"}
    name, _, key = made["ENCRYPTION_KEY"].partition(":")
    assert (name, len(base64.b64decode(key))) == ("k1", 32)
    assert len(base64.b64decode(made["AUDIT_SIGNING_KEY"])) == 32
    assert _mode(tmp_path / "secrets.json") == "0o600"
    assert "from outside" not in (tmp_path / "secrets.json").read_text()
    assert own_secrets(tmp_path, given, has_data=True) == made
    assert own_secrets(tmp_path, {}, has_data=True).items() > made.items()


def test_lost_secrets_beside_a_database_are_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"secrets.json is missing"):
        own_secrets(tmp_path, {}, has_data=True)
    assert not (tmp_path / "secrets.json").exists()


def test_a_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"sandbox": 1')
    with pytest.raises(StartError, match=r"ports.json cannot be read"):
        places.remembered_port(tmp_path, "sandbox")


def test_private_json_replaces_the_whole_file(tmp_path: Path) -> None:
    places.write_json(tmp_path / "a.json", {"long": "x" * 100})
    places.write_json(tmp_path / "a.json", {"short": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"short": 1}
    assert _mode(tmp_path / "a.json") == "0o600"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_last_words_prefer_the_reason_and_forget_earlier_runs(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("FATAL:  yesterday\n")
    since = log.stat().st_size
    with log.open("a") as file:
        file.write("LOG:  starting\nFATAL:  data directory is gone\nLOG:  database system is shut down\n")
    assert logfiles.last_words(log, since=since) == "FATAL:  data directory is gone"
    assert logfiles.last_words(tmp_path / "none.log") == ""


def test_a_long_log_is_moved_aside_and_writers_go_on(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.write(b"x" * (logfiles.KEPT_BYTES + 1))
        writer.flush()
        logfiles.trim(log)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "web.log.1").stat().st_size == logfiles.KEPT_BYTES + 1
