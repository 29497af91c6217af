"""Named places where a test can kill the process, to prove that a crash there loses and doubles nothing."""

import os
import signal

from django.conf import settings

_hits = 0


def hit(name: str) -> None:
    """Die by SIGKILL when ``RUPAI_CRASH_AT`` names this point; inert unless the test settings are active.

    ``RUPAI_CRASH_AT=name`` kills at the first hit, ``name:3`` at the third.
    """
    if not settings.FAILPOINTS:
        return
    wanted, _, count = os.environ.get("RUPAI_CRASH_AT", "").partition(":")
    if wanted != name:
        return
    global _hits
    _hits += 1
    if _hits >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
