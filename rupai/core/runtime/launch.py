"""``manage.py up``: the whole platform by one command.

It makes the secrets and the database that the settings ask for, so it runs before Django's settings are read.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rupai.core.runtime import checks, places
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.errors import StartError, StopAsked
from rupai.core.runtime.plan import parts_of
from rupai.core.runtime.progress import Progress
from rupai.core.runtime.site import PROJECT, Options, Site, open_site, published
from rupai.core.runtime.supervisor import Supervisor

# Less room than this is too little for one segment of PostgreSQL's log.
FULL_BELOW_BYTES = 20 * 1024 * 1024
LAST_PORT = 65535
LABELS = {
    "console_url": "Console",
    "admin_user": "Admin user",
    "admin_password": "Admin password",
    "api_url": "API",
    "api_key": "API key",
    "mcp_url": "MCP",
    "agent_key": "Agent key",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``up``."""
    parser.add_argument("--port", type=_port, default=os.environ.get("RUPAI_PORT") or "8000", help="port on 127.0.0.1")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(os.environ.get("RUPAI_DATA_DIR") or PROJECT / ".rupai"),
        help="where the database, logs and secrets are kept",
    )
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="start without demo data")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port number")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run ``up`` with command-line arguments and return the exit code."""
    parser = argparse.ArgumentParser(prog="manage.py up", description="Run the whole platform until Ctrl-C.")
    add_arguments(parser)
    parser.add_argument("--settings", default=os.environ.get("DJANGO_SETTINGS_MODULE", "rupai.settings.dev"))
    found = parser.parse_args(arguments)
    return up(Options(port=found.port, data_dir=found.data_dir, demo=found.demo, settings=found.settings))


def up(options: Options) -> int:
    """Start everything, keep it running until a signal, stop everything; return the exit code.

    Each problem is one line on standard error and code 1.
    """
    progress = Progress(sys.stdout)
    with Bell() as bell:
        try:
            with ExitStack() as undo:
                _run(options, bell, progress, undo)
        except StopAsked:
            progress.line("Stopped")
            return 0
        except (StartError, OSError) as problem:
            progress.status("")
            full = isinstance(problem, OSError) and places.is_disk_full(problem)
            Progress(sys.stderr).line(f"Error: {f'the disk of {options.data_dir} is full' if full else problem}")
            return 1
    return 0


def _run(options: Options, bell: Bell, progress: Progress, undo: ExitStack) -> None:
    began = time.monotonic()
    data_dir = places.open_data_dir(options.data_dir)
    # Everything made from here on is private: the parts inherit this too.
    undo.callback(os.umask, os.umask(0o077))
    undo.enter_context(places.held(data_dir / "up.lock", told=f"process {os.getpid()}, port {options.port}"))
    if problem := places.port_problem(options.port):
        raise StartError(f"Port {options.port} cannot be used: {problem}; choose another with --port")
    checks.given_services_answer(os.environ)
    progress.line(f"Starting RupAI on port {options.port} with {data_dir}")
    site = open_site(options, data_dir, undo)
    undo.enter_context(published(site))
    supervisor = Supervisor(
        parts_of(site),
        logs=data_dir / "logs",
        progress=progress,
        bell=bell,
        excuse=lambda: _full_disk(data_dir, data_dir / "postgres"),
        adopts=True,
    )
    undo.callback(supervisor.stop)
    readiness = _Readiness(options.port)
    supervisor.start(green=readiness.green, said=readiness.said)
    _tell(site, progress, seconds=time.monotonic() - began)
    supervisor.watch()


class _Readiness:
    def __init__(self, port: int) -> None:
        self._port = port
        self._status, self._text = 0, "no answer yet"

    def green(self) -> bool:
        self._status, self._text = checks.answer_of(self._port, "/ready")
        return self._status == 200

    def said(self) -> str:
        return f"/ready, which says {self._status} {self._text}"


def _full_disk(*places_in_use: Path) -> str:
    for path in places_in_use:
        if path.exists() and places.free_bytes(path) < FULL_BELOW_BYTES:
            return f"the disk of {path} is full"
    return ""


def _tell(site: Site, progress: Progress, *, seconds: float) -> None:
    credentials = places.read_json(site.data_dir / "credentials.json")
    progress.line(f"\nRupAI is ready ({seconds:.1f} s)")
    for name, label in LABELS.items():
        if name in credentials:
            progress.line(f"  {label:<15} {credentials[name]}")
    progress.line(f"  {'Data':<15} {site.data_dir}")
    progress.line(f"  {'Stop':<15} Ctrl-C, or kill {os.getpid()}\n")
