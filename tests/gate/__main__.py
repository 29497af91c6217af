"""``python -m tests.gate``: the static gate. Prints each finding; exit code 1 when there is one."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.gate import code, floors, money, shape, tools
from tests.gate.cache import Cache
from tests.gate.project import Finding, Source, sources

FILE_RULES = (*code.RULES, *money.RULES, *shape.RULES)
PROJECT_RULES = floors.RULES


def own_findings(project: list[Source], changed: list[Source]) -> Iterator[Finding]:
    """Apply our own rules: those about one file to what changed, those about the house to all of it."""
    for source in changed:
        for rule in FILE_RULES:
            yield from rule(source)
    for project_rule in PROJECT_RULES:
        yield from project_rule(project)


def main() -> int:
    """Run every rule and tool, and return the exit code."""
    started = time.monotonic()
    project, cache = sources(), Cache()
    changed = [source for source in project if not cache.is_clean(source)]
    with ThreadPoolExecutor(1) as pool:
        # bandit is a process of its own and runs meanwhile.
        bandit = pool.submit(tools.bandit, changed)
        own = list(own_findings(project, changed))
        found = [*bandit.result(), *tools.secrets(changed)]
    dirty = {finding.path for finding in (*own, *found)}
    cache.keep(source for source in project if source.path not in dirty)
    findings = own + list(tools.without_accepted(found, tools.accepted(tools.ACCEPTED.read_text())))
    for finding in sorted(findings, key=lambda finding: (finding.path, finding.line)):
        print(finding)
    seconds = time.monotonic() - started
    print(f"gate: {len(project)} files, {len(changed)} looked at, {len(findings)} findings, {seconds:.1f} s")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
