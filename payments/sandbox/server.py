"""Run the sandbox acquirer on a loopback port."""

import asyncio
import ipaddress
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from payments.sandbox.acquirer import Acquirer
from payments.sandbox.api import handle
from payments.sandbox.journal import FileJournal
from payments.sandbox.outcomes import OutcomeModel
from payments.sandbox.wire import Connection


class NotLoopback(ValueError):
    """The sandbox is only for this machine."""


def require_loopback(host: str) -> None:
    """Refuse an address that other machines could reach.

    :raises NotLoopback: for anything but a literal loopback address.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise NotLoopback(f"{host!r} is no IP address; use 127.0.0.1") from None
    if not address.is_loopback:
        raise NotLoopback(f"{host} is not a loopback address; the sandbox takes no strangers")


class Server:
    """The acquirer with its journal, listening."""

    def __init__(self, *, state: Path, now: Callable[[], datetime], hold_ms: int | None = None) -> None:
        """Open the state directory and book what its journal holds.

        :raises JournalInUse: when another process has it open.
        :raises JournalDamaged: when a line before the last cannot be read.
        """
        model = OutcomeModel() if hold_ms is None else replace(OutcomeModel(), hold_ms=hold_ms)
        self.journal = FileJournal(state)
        self.acquirer = Acquirer(journal=self.journal, now=now, model=model)
        self._peers: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        try:
            self.restored = self.acquirer.restore(self.journal.replay())
        except Exception:
            self.journal.close()
            raise

    async def start(self, *, host: str, port: int) -> str:
        """Listen and give the base URL; port 0 takes a free one.

        :raises NotLoopback: for an address that other machines could reach.
        :raises OSError: when the port is in use.
        """
        require_loopback(host)
        loop = asyncio.get_running_loop()
        handler = partial(handle, self.acquirer)
        self._listener = await loop.create_server(lambda: Connection(handler, self._peers), host, port, backlog=512)
        number = self._listener.sockets[0].getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.acquirer.book.base_url = f"http://{name}:{number}"
        return self.acquirer.book.base_url

    async def stop(self) -> None:
        """Stop listening, drop every connection and close the journal."""
        if self._listener is not None:
            self._listener.close()
        for peer in list(self._peers):
            peer.abort()
        # One turn of the loop lets the aborted connections report their end.
        await asyncio.sleep(0)
        self.journal.close()


def run(server: Server, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the base URL once the port is open."""

    async def serve() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        try:
            ready(await server.start(host=host, port=port))
            await stopped.wait()
        finally:
            await server.stop()

    asyncio.run(serve())


@contextmanager
def in_thread(server: Server, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve from a thread of this process while the block runs, and give the base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(server.start(host=host, port=port), loop).result(timeout=10)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
