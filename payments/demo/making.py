"""Making the demo worlds: in several processes, each world whole in one of them, and again from where it stopped."""

import gc
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from compliance.audit import sequencer
from payments.demo import loading, opening
from payments.demo.bank import Bank
from payments.demo.runner import Runner
from payments.demo.weather import Weather
from payments.models import DemoWorld
from payments.sandbox.journal import JournalInUse
from rupai.core import clock
from rupai.core.errors import Conflict, DomainError
from rupai.core.models import Event
from rupai.core.runtime import processes as children

SAVE_EVERY = 0.5
# Collecting the few thousand long-lived objects again and again costs a tenth of the time.
GARBAGE_AFTER = 50_000
Tick = Callable[[], None]


class Unmade(DomainError):
    """A process that made a demo world ended before its time; what it made stays."""

    code, status = "demo_unmade", 500
    hint = "Run it again: it goes on where it stopped."


def make(worlds: Sequence[DemoWorld], *, processes: int, tick: Tick) -> None:
    """Make the worlds that are not finished, and number and chain their events; ``tick`` is called now and then.

    :raises SandboxUnreachable: when the sandbox cannot take the charges.
    :raises Unmade: when a process died.
    """
    loading.check(settings.SANDBOX_URL)
    open_ones = [world for world in worlds if world.finished_at is None]
    parts = split(open_ones, processes)
    if len(parts) > 1:
        _in_children(parts, tick)
    elif parts:
        _make_all(parts[0], tick)
    while _unnumbered(worlds):
        # The platform's own worker may be the sequencer at this moment.
        if not sequencer.sequence(limit=5_000):
            time.sleep(0.05)
        tick()


def split(worlds: Sequence[DemoWorld], parts: int) -> list[list[DemoWorld]]:
    """Share worlds out so that every part has about as many payments to make."""
    found: list[list[DemoWorld]] = [[] for _ in range(max(1, parts))]
    for world in sorted(worlds, key=lambda each: (-each.payments, each.plan)):
        min(found, key=lambda part: sum(each.payments for each in part)).append(world)
    return [part for part in found if part]


def make_world(world: DemoWorld, *, state: Path, tick: Tick) -> list[str]:
    """Make one world and load its charges into the sandbox; tells what the services refused.

    :raises Conflict: when another process makes it.
    """
    weather = Weather(world.seed, world.days, world.until)
    # Named after the merchant: another database's may lie beside it.
    folder = state / f"{world.plan}-{world.merchant_id.hex}"
    try:
        bank = Bank(weather, state=folder, base_url=settings.SANDBOX_URL)
    except JournalInUse as problem:
        raise Conflict(f"Another process makes {world.plan}") from problem
    with closing(bank), bank.connected():
        runner = Runner(world, bank, progress=_saver(world, tick))
        runner.run()
        loading.load(settings.SANDBOX_URL, entries=bank.entries(), accounts=opening.accounts_of(world))
    world.made, world.finished_at = world.payments, clock.now()
    world.save(update_fields=["made", "finished_at"])
    shutil.rmtree(folder)
    return runner.refused


def _saver(world: DemoWorld, tick: Tick) -> Callable[[int], None]:
    saved = time.monotonic()

    def save(made: int) -> None:
        nonlocal saved
        if time.monotonic() - saved >= SAVE_EVERY:
            saved = time.monotonic()
            DemoWorld.objects.filter(pk=world.pk, made__lt=made).update(made=made)
            tick()

    return save


def _make_all(worlds: Sequence[DemoWorld], tick: Tick) -> None:
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    try:
        with _session():
            for world in worlds:
                make_world(world, state=settings.DATA_DIR / "demo", tick=tick)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _session() -> Iterator[None]:
    """A connection of its own for the same few statements many thousand times, each planned once."""
    connection.close()
    usual = connection.settings_dict["OPTIONS"]
    own = {name: value for name, value in usual.items() if name != "pool"}
    connection.settings_dict["OPTIONS"] = own | {"server_side_binding": True, "prepare_threshold": 1}
    try:
        with connection.cursor() as cursor:
            # What a power cut could lose is made again by the next run.
            cursor.execute("SET synchronous_commit TO off")
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = usual


def _in_children(parts: Sequence[Sequence[DemoWorld]], tick: Tick) -> None:
    """Make each part in a process of its own, which does not outlive this one; meanwhile number what is there."""
    context = multiprocessing.get_context("fork")
    connections.close_all()
    started = [context.Process(target=_child, args=(part, os.getpid())) for part in parts]
    for child in started:
        child.start()
    try:
        while any(child.is_alive() for child in started):
            sequencer.sequence(limit=5_000)
            tick()
            time.sleep(SAVE_EVERY)
    finally:
        for child in started:
            child.terminate()
            child.join()
    if codes := sorted({child.exitcode for child in started if child.exitcode} - {None}):
        raise Unmade(f"A process that made the demo world ended with code {codes[0]}")


def _child(worlds: Sequence[DemoWorld], parent: int) -> None:
    children.die_with(parent)
    _make_all(worlds, lambda: None)


def _unnumbered(worlds: Sequence[DemoWorld]) -> bool:
    keys = [world.merchant_id for world in worlds]
    return Event.objects.filter(seq__isnull=True, merchant_id__in=keys).exists()
