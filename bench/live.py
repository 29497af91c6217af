"""A thousand sockets on one web process: ``python -m bench.live``.

Every second one view gets a new text; all sockets look at it. Printed are the milliseconds from publishing to arrival,
how many texts were lost, and the CPU of the web process beside that of an idle one.
"""

import argparse
import asyncio
import base64
import json
import os
import secrets
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.services import services

VIEW_SECONDS = 1.0


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--bytes", type=int, default=20_000, help="size of a text; an Overview has about so many")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.dev"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with services() as folder:
        _bench(folder, options)


@dataclass
class Tally:
    """What arrived: milliseconds of each text, by socket the numbers seen."""

    late: list[float] = field(default_factory=list)
    seen: int = 0
    refused: int = 0


def _bench(folder: Path, options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.live import running

    call_command("migrate", verbosity=0)
    with running(folder) as stack:
        sessions = _sessions(options.sockets)
        server = stack.start_web(DJANGO_SETTINGS_MODULE="rupai.settings.dev")
        tally = asyncio.run(_look(stack.web_port, sessions, options, server.pid))
    sent = options.sockets * options.seconds
    late = sorted(tally.late)
    print(f"{options.sockets} sockets, a text of {options.bytes} bytes each second for {options.seconds} s")
    print(f"refused {tally.refused}, texts {tally.seen} of {sent}, lost {sent - tally.seen}")
    if late:
        p95 = late[int(len(late) * 0.95)]
        print(f"from publishing to arrival: p50 {statistics.median(late):.0f} ms, p95 {p95:.0f} ms (goal 500)")


def _sessions(sockets: int) -> list[str]:
    """Sessions of staff of one merchant; a session may open twenty sockets."""
    from django.test import Client

    from rupai.accounts.tests.factories import new_member, new_merchant

    merchant = new_merchant(name="Benchmark")
    found = []
    for _ in range((sockets + 19) // 20):
        client = Client()
        client.force_login(new_member(merchant=merchant, is_staff=True).user)
        found.append(client.cookies["sessionid"].value)
    return found


async def _look(port: int, sessions: list[str], options: argparse.Namespace, pid: int) -> Tally:
    from monitoring.services import live

    tally = Tally()
    query = "topic=payments"
    opened = []
    started = time.monotonic()
    for number in range(options.sockets):
        opened.append(await _open(port, sessions[number // 20], query, tally))
    sockets = [pair for pair in opened if pair is not None]
    print(f"{len(sockets)} opened in {time.monotonic() - started:.1f} s")
    readers = [asyncio.create_task(_read(*pair, tally)) for pair in sockets]
    await asyncio.sleep(3)
    view = _wanted()
    before = _cpu(pid)
    with live.connect() as redis:
        for _ in range(options.seconds):
            text = f"{time.time():.6f} " + secrets.token_hex(options.bytes // 2)
            await asyncio.to_thread(
                redis.publish, live.CHANNEL, json.dumps({"view": view, "text": text, "at": "2026-01-01T00:00:00+00:00"})
            )
            await asyncio.sleep(VIEW_SECONDS)
    await asyncio.sleep(1)
    print(f"web process: {(_cpu(pid) - before) / options.seconds * 100:.0f} % of one core")
    for reader in readers:
        reader.cancel()
    return tally


def _wanted() -> str:
    from monitoring.services import live

    with live.connect() as redis:
        [name] = list(redis.scan_iter("rupai:live:wanted:*"))
        [view] = json.loads(str(redis.get(name)))
    return str(view)


async def _open(
    port: int, session: str, query: str, tally: Tally
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    writer.write(
        f"GET /ws/live/?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: sessionid={session}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head.splitlines()[0]:
        tally.refused += 1
        writer.close()
        return None
    return reader, writer


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tally: Tally) -> None:
    """Read frames of text and answer each; a client's frames are masked (with zeros, which is a mask, too)."""
    while True:
        first, length = await reader.readexactly(2)
        size = length & 127
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        content = await reader.readexactly(size)
        arrived = time.time()
        if first & 15 == 8:
            return
        text = json.loads(content).get("text", "")
        if " " in text:
            tally.seen += 1
            tally.late.append((arrived - float(text.split(" ", 1)[0])) * 1000)
        writer.write(b"\x81\x82\x00\x00\x00\x00ok")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
