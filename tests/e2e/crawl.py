"""Looks at pages in every mode, and tells everything that is wrong with them in one table."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error as BrowserError

from tests.e2e.addresses import Address, NoExample
from tests.e2e.browser import DESKTOP, MOBILE, NARROW, THEMES, Tab, Theme, sign_in

# A page is loaded once; then it is shown in both widths and themes, and photographed in these: in CI in all of them.
ALL_MODES = {(theme, width) for theme in THEMES for width in (DESKTOP, MOBILE)}
SHOTS: set[tuple[Theme, int]] = (
    ALL_MODES if os.environ.get("CI") or os.environ.get("RUPAI_SHOTS") else {("light", DESKTOP)}
)
SIDEWAYS = "sideways scroll at 320 px"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a rule, where on the page, on which page, in which mode."""

    rule: str
    where: str
    page: str
    mode: str = ""
    why: str = ""


@dataclass
class Crawl:
    """Visits pages with one tab and collects what it finds."""

    tab: Tab
    shots: Path | None = None
    login: tuple[str, str] | None = None
    findings: list[Finding] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)

    def visit(self, address: Address) -> None:
        """Open a page and look at it in all four modes; what it must refuse is only asked for."""
        try:
            if self._open(address):
                self._look(address)
        except BrowserError as error:
            self._found("browser", str(error).splitlines()[0], address.path)

    def miss(self, none: NoExample) -> None:
        """Note a pattern that could not be visited."""
        self._found("not visited", none.why, none.route)

    def look_at_present_page(self, name: str) -> None:
        """Look at what is open already, e.g. the answer to a form."""
        self._look(Address(name, name, name))

    def _open(self, address: Address) -> bool:
        if address.status == 403:
            status = self.tab.page.context.request.get(address.path, max_redirects=0).status
            self.visited.append(address.route)
            if status != 403:
                self._found("status", f"{status} instead of 403", address.path)
            return False
        status = self.tab.go(address.path)
        here = urlsplit(self.tab.page.url).path
        if self.login is not None and here in {"/admin/confirm/", "/admin/login/"} and here != address.path:
            sign_in(self.tab.page, *self.login)
            status = self.tab.go(address.path)
        self.visited.append(address.route)
        landed = urlsplit(self.tab.page.url).path
        if status != address.status:
            self._found("status", f"{status} instead of {address.status}", address.path)
        elif landed != (address.lands or address.path) and address.name != "set_password":
            self._found("redirect", f"to {landed}", address.path)
        return True

    def _look(self, address: Address) -> None:
        stood: int | None = None
        for width in (DESKTOP, MOBILE):
            for theme in THEMES:
                self.tab.look_like(theme=theme, width=width)
                stands = self.tab.footprint()
                # What stands where it stood differs in colours only, and so do axe's verdicts.
                found = self.tab.audit() if stood is None else self.tab.audit_again(colours_only=stands == stood)
                stood = stands
                self._note(found, address, f"{theme} {width}")
                if (theme, width) in SHOTS or found:
                    self._shoot(address, theme, width)
        self.tab.look_like(theme="light", width=NARROW)
        if wide := self.tab.sideways():
            self._found(SIDEWAYS, general(wide), address.path)
        for complaint in self.tab.complaints():
            if not (address.status >= 400 and f"status of {address.status}" in complaint):
                self._found("console", general(complaint), address.path)
        self.tab.page.set_viewport_size({"width": DESKTOP, "height": 900})

    def _note(self, violations: list[dict[str, Any]], address: Address, mode: str) -> None:
        for violation in violations:
            for node in violation["nodes"]:
                rule = f"axe {violation['id']} ({violation['impact']})"
                self._found(rule, general(node["target"]), address.path, mode, node["why"])

    def _shoot(self, address: Address, theme: str, width: int) -> None:
        if self.shots is not None:
            folder = self.shots / f"{width}-{theme}"
            folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^a-z0-9]+", "-", (address.name or address.path).lower()).strip("-")
            self.tab.page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=70)

    def _found(self, rule: str, where: str, page: str, mode: str = "", why: str = "") -> None:
        self.findings.append(Finding(rule, where, page, mode, why))


def general(text: str) -> str:
    """Take what differs from page to page out of a selector or message, so that equal faults are grouped."""
    short = re.sub(r"https?://[^/\s]+", "", text)
    short = re.sub(r"[a-z]{2,4}_[0-9A-Za-z]{22}", "ID", short)
    short = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", short)
    return re.sub(r"nth-child\(\d+\)", "nth-child(n)", short)


def table(findings: Iterable[Finding]) -> str:
    """All findings, those of many pages first: rule, place, reason, pages and modes."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        groups[one.rule, one.where].append(one)
    lines = []
    for (rule, where), found in sorted(groups.items(), key=lambda item: (-len({f.page for f in item[1]}), item[0])):
        pages = list(dict.fromkeys(one.page for one in found))
        modes = sorted({one.mode for one in found if one.mode})
        shown = ", ".join(pages[:5]) + (f" and {len(pages) - 5} more" if len(pages) > 5 else "")
        lines.append(f"{rule} | {where} | {len(pages)} pages | {', '.join(modes) if len(modes) < 4 else 'all modes'}")
        if found[0].why:
            lines.append(f"    {found[0].why}")
        lines.append(f"    {shown}")
    return "\n".join(lines)
