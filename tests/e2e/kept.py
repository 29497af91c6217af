"""PostgreSQL, Valkey and the sandbox acquirer, kept running between two looks at the console.

``python -m tests.e2e.kept HOME`` holds them until nobody has used them for a while, or until it is interrupted.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.e2e.ports import free_port

PROJECT = Path(__file__).resolve().parent.parent.parent
IDLE_SECONDS = 3600.0
START_SECONDS = 60.0


def home_of_user() -> Path:
    return Path(tempfile.gettempdir()) / f"rupai-look-{os.getuid()}"


def state_of(home: Path) -> dict[str, Any] | None:
    """What the keeper wrote when everything answered; None when it does not run."""
    try:
        found: dict[str, Any] = json.loads((home / "state.json").read_text())
        os.kill(found["pid"], 0)
    except (OSError, ValueError):
        return None
    return found


def attach(home: Path) -> dict[str, Any]:
    """Start the keeper where none runs, and return its addresses.

    :raises TimeoutError: when it does not get ready.
    """
    found = state_of(home)
    if found is None:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        home.chmod(0o711)
        with (home / "keeper.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.e2e.kept", str(home)]
            subprocess.Popen(
                command, cwd=PROJECT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        end = time.monotonic() + START_SECONDS
        while (found := state_of(home)) is None:
            if time.monotonic() > end:
                raise TimeoutError((home / "keeper.log").read_text()[-2000:])
            time.sleep(0.1)
    (home / "state.json").touch()
    return found


def end(home: Path) -> None:
    """End the keeper and forget its database."""
    found = state_of(home)
    if found is not None:
        os.kill(found["pid"], signal.SIGTERM)
        stop = time.monotonic() + START_SECONDS
        while state_of(home) is not None and time.monotonic() < stop:
            time.sleep(0.1)
    shutil.rmtree(home, ignore_errors=True)


def keep(home: Path) -> None:
    """Start everything, say where it is, and wait."""
    from rupai.core.runtime import places
    from rupai.core.runtime.bell import Bell
    from rupai.core.runtime.postgres import cluster_in
    from rupai.core.runtime.progress import Progress
    from rupai.core.runtime.supervisor import Supervisor
    from rupai.core.runtime.valkey import Valkey

    def stop(*_: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    places.open_data_dir(home)
    cluster = cluster_in(*places.database_home(home), durable=False)
    valkey = Valkey(home=home, port=free_port())
    bell = Bell()
    parts = [*cluster.parts(), valkey.part()]
    supervisor = Supervisor(parts, logs=home / "logs", progress=Progress(io.StringIO()), bell=bell)
    try:
        supervisor.start()
        _hold(home, {"DATABASE_URL": cluster.url, "REDIS_URL": valkey.url, "CELERY_BROKER_URL": valkey.url})
    finally:
        supervisor.stop()
        cluster.tidy()
        bell.close()


def _hold(home: Path, addresses: dict[str, str]) -> None:
    """Run the sandbox, tell the addresses, and wait until nobody has looked for a while."""
    port = str(free_port())
    environment = {
        "DJANGO_SETTINGS_MODULE": "rupai.settings.test",
        "RUPAI_DATA_DIR": str(home),
        "RUPAI_SANDBOX_URL": f"http://127.0.0.1:{port}",
        **addresses,
    }
    command = [sys.executable, "manage.py", "sandbox", "--port", port, "--state", str(home / "sandbox")]
    sandbox = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **environment})
    state, draft = home / "state.json", home / "state.new"
    try:
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"pid": os.getpid(), "environment": environment}))
        draft.replace(state)
        while state.exists() and time.time() - state.stat().st_mtime < IDLE_SECONDS:
            time.sleep(1.0)
    finally:
        state.unlink(missing_ok=True)
        sandbox.terminate()
        sandbox.wait(10)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
