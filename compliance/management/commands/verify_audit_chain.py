"""Verify every audit chain and name the first bad entry of each broken one."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from compliance.audit import heads, numbers, verifier
from rupai.core import ids

_TELL_EVERY = 50_000


class Command(BaseCommand):
    help = "Verify the audit chains; exits with 1 when one is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--merchant", help="verify only the chains of this merchant (mer_...)")
        parser.add_argument("--head", type=Path, help="also compare with a file of export_audit_head")

    def handle(self, *args: Any, merchant: str | None = None, head: Path | None = None, **options: Any) -> None:
        wanted = _merchant(merchant)
        bad = chains = 0
        for verdict in verifier.verify(merchant_id=wanted, progress=self._progress):
            chains += 1
            bad += verdict.fault is not None
            self._print(verdict)
        if wanted is None:
            bad += self._verify_positions()
        if head is not None:
            bad += self._compare(head)
        if bad:
            raise CommandError(f"The audit chain is broken: {bad} faults in {chains} chains")
        self.stdout.write(f"{chains} chains verified")

    def _progress(self, entries: int) -> None:
        if entries % _TELL_EVERY == 0:
            self.stderr.write(f"{entries} entries read")

    def _print(self, verdict: verifier.Verdict) -> None:
        if verdict.fault is None:
            self.stdout.write(f"{verdict.tenant}: {verdict.entries} entries, head {verdict.hash}")
            return
        fault = verdict.fault
        event = f", event {fault.event}" if fault.event else ""
        self.stdout.write(f"{verdict.tenant}: BAD at seq {fault.seq}{event}: {fault.problem}")

    def _verify_positions(self) -> int:
        missing = numbers.first_missing_position()
        if missing is None:
            self.stdout.write(f"Log of all merchants: positions 1 to {numbers.furthest_position()} without a gap")
            return 0
        self.stdout.write(f"Log of all merchants: BAD at position {missing}: gap: no event has this position")
        return 1

    def _compare(self, path: Path) -> int:
        try:
            differences = heads.compare(json.loads(path.read_text()))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from None
        for line in differences:
            self.stdout.write(line)
        return len(differences)


def _merchant(text: str | None) -> UUID | None:
    try:
        return None if text is None else ids.parse("mer", text)
    except ids.InvalidId:
        raise CommandError(f"{text!r} is no merchant id (mer_...)") from None
