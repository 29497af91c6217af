"""Handing the charges of a demo merchant to the running sandbox, so that they can be refunded there."""

import json
from collections import defaultdict
from collections.abc import Iterable

from payments.models import ProviderAccount
from payments.providers.http import HttpTransport, NotSent
from payments.sandbox.api import account_of
from payments.sandbox.entries import Entry
from rupai.core.errors import DomainError

# Few enough that the sandbox answers others in between.
BATCH = 400


class SandboxUnreachable(DomainError):
    """The sandbox acquirer does not answer, or does not take what was made."""

    code, status = "sandbox_unreachable", 503
    hint = "Start the platform (manage.py up) or the sandbox (manage.py sandbox), then run this again."


def check(base_url: str) -> None:
    """Ask the sandbox whether it is there.

    :raises SandboxUnreachable: when it is not.
    """
    _send(base_url, "GET", "/health", "", b"")


def load(base_url: str, *, entries: Iterable[Entry], accounts: Iterable[ProviderAccount]) -> int:
    """Load entries into the sandbox and tell how many; what it has already it passes over.

    :raises SandboxUnreachable: when it cannot take them; then the same can be loaded again.
    """
    keys = {account_of(key): key for key in (account.configuration["secret_key"] for account in accounts)}
    lines: dict[str, list[bytes]] = defaultdict(list)
    for entry in entries:
        lines[entry.account].append(entry.line())
    imported = 0
    for account, found in lines.items():
        for start in range(0, len(found), BATCH):
            body = b'{"import":[' + b",".join(found[start : start + BATCH]) + b"]}"
            imported += json.loads(_send(base_url, "POST", "/control", keys[account], body))["imported"]
    return imported


def _send(base_url: str, method: str, path: str, secret_key: str, body: bytes) -> bytes:
    if not base_url:
        raise SandboxUnreachable("There is no sandbox acquirer: RUPAI_SANDBOX_URL names none")
    transport = HttpTransport(base_url, connect_seconds=2.0, read_seconds=30.0)
    headers = {"Authorization": f"Bearer {secret_key}", "Content-Type": "application/json"}
    try:
        answer = transport.send(method, path, headers=headers, body=body or None)
    except (NotSent, OSError) as error:
        raise SandboxUnreachable(f"The sandbox acquirer does not answer: {error}") from error
    if answer.status != 200:
        raise SandboxUnreachable(f"The sandbox acquirer answered {answer.status}: {answer.body[:200]!r}")
    return answer.body
