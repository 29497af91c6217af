"""``python -m tests.gate``: the static gate. Prints each finding; exit code 1 when there is one."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.gate import code, floors, money, shape, tools
from tests.gate.project import Finding, Source, sources

FILE_RULES = (*code.RULES, *money.RULES, *shape.RULES)
PROJECT_RULES = floors.RULES


def own_findings(project: list[Source]) -> Iterator[Finding]:
    """Apply our own rules."""
    for source in project:
        for rule in FILE_RULES:
            yield from rule(source)
    for project_rule in PROJECT_RULES:
        yield from project_rule(project)


def main() -> int:
    """Run every rule and tool, and return the exit code."""
    started = time.monotonic()
    project = sources()
    with ThreadPoolExecutor(1) as pool:
        # bandit is a process of its own and runs meanwhile.
        bandit = pool.submit(tools.bandit)
        findings = list(own_findings(project))
        found_secrets = tools.secrets(project)
        exceptions = tools.accepted(tools.ACCEPTED.read_text())
        findings += tools.without_accepted([*bandit.result(), *found_secrets], exceptions)
    for finding in sorted(findings, key=lambda found: (found.path, found.line)):
        print(finding)
    seconds = time.monotonic() - started
    print(f"gate: {len(project)} files, {len(findings)} findings, {seconds:.1f} s")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
