"""A cheap HTTP/1.1 load from one process: prepared bytes, kept connections, a bounded time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Load:
    """What a run saw: seconds of each answer, and how many of each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def quantile(self, share: float) -> float:
        """The latency in milliseconds that a share of the answers stayed under."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


def run(*, port: int, connections: int, seconds: float, request: Callable[[], bytes]) -> Load:
    """Send requests over ``connections`` kept connections for ``seconds`` to 127.0.0.1."""
    return asyncio.run(_run(port, connections, seconds, request))


async def _run(port: int, connections: int, seconds: float, request: Callable[[], bytes]) -> Load:
    load = Load()
    started = time.perf_counter()
    end = started + seconds
    await asyncio.gather(*[_worker(port, end, request, load) for _ in range(connections)])
    load.elapsed = time.perf_counter() - started
    return load


async def _worker(port: int, end: float, request: Callable[[], bytes], load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.perf_counter() < end:
            began = time.perf_counter()
            writer.write(request())
            load.statuses[await _answer(reader)] += 1
            load.seconds.append(time.perf_counter() - began)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
    if length is not None:
        await reader.readexactly(length)
        return status
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()
    return status
