"""Running one request: a plain answer if nothing is said on the way, else a stream of events that ends with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from mcp_bridge.engine.answers import PING, Answer, Stream, event
from mcp_bridge.engine.serving import Exchange
from mcp_bridge.engine.wire import INTERNAL_ERROR, RpcError, dumps

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[bytes]]
QUIET_SECONDS = 15.0


async def respond(request_id: Any, exchange: Exchange, work: Work, *, errors_are_ok: bool = False) -> Answer | Stream:
    """Do the work of a request; ``work`` gives the whole answer as bytes or raises ``RpcError``.

    With ``errors_are_ok`` an error of the protocol is told with status 200, as the handshake revisions do.
    """
    loop = asyncio.get_running_loop()
    said: asyncio.Queue[bytes] = asyncio.Queue()
    exchange.emit = lambda message: _from_any_thread(loop, said, dumps(message))
    task = asyncio.ensure_future(_settled(request_id, work, errors_are_ok))
    first = asyncio.ensure_future(said.get())
    done, _ = await asyncio.wait({task, first}, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if task in done and first not in done and said.empty():
        first.cancel()
        return task.result()
    return Stream(_frames(exchange, task, first, said))


async def _settled(request_id: Any, work: Work, errors_are_ok: bool) -> Answer:
    try:
        return Answer(200, await work())
    except RpcError as error:
        status = error.own_status or (200 if errors_are_ok else error.status)
        return Answer(status, error.body(request_id), error.headers)
    except Exception:
        # The caller learns that it was our fault, and nothing of what it was; a stream could not end otherwise.
        log.exception("mcp_request_failed")
        return Answer(500, RpcError(INTERNAL_ERROR, "Internal error").body(request_id))


async def _frames(
    exchange: Exchange,
    task: "asyncio.Future[Answer]",
    waiting: "asyncio.Future[bytes]",
    said: "asyncio.Queue[bytes]",
) -> AsyncIterator[bytes]:
    try:
        while not task.done() or waiting.done() or not said.empty():
            both: set[asyncio.Future[Any]] = {task, waiting}
            await asyncio.wait(both, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                yield event(waiting.result())
                waiting = asyncio.ensure_future(said.get())
                # A message that is there already is taken before the loop asks whether the work has ended.
                await asyncio.sleep(0)
            elif not task.done():
                yield PING
        yield event(task.result().body)
    finally:
        exchange.cancelled = not task.done()
        waiting.cancel()
        task.cancel()


def _from_any_thread(loop: asyncio.AbstractEventLoop, said: "asyncio.Queue[bytes]", message: bytes) -> None:
    loop.call_soon_threadsafe(said.put_nowait, message)
