"""Screenshots of console pages, with what the console complained of.

``python -m tests.e2e.look /admin/ /admin/payments/payment/ --theme both --width both``

A database, Valkey and the sandbox stay up between two looks (``--fresh`` forgets them); the web server is started anew
each time, so that templates and code are always the present ones. ``--url URL --credentials FILE`` looks at a platform
that runs already.
"""

import argparse
import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import kept
from tests.e2e.browser import DESKTOP, MOBILE, NARROW, THEMES, Tab, chromium, open_context, sign_in

ARTIFACTS = kept.PROJECT / "artifacts" / "look"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the console is, and who looks at it."""

    url: str
    email: str
    password: str


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.look", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--theme", choices=["light", "dark", "both"], default="light")
    parser.add_argument("--width", choices=["1440", "390", "both"], default="1440")
    parser.add_argument("--out", type=Path, default=ARTIFACTS)
    parser.add_argument("--as", dest="who", choices=["superuser", "owner", "viewer", "nobody"], default="superuser")
    parser.add_argument("--demo", type=int, default=0, metavar="N", help="run seed_demo with so many payments first")
    parser.add_argument("--axe", action="store_true", help="check accessibility, too")
    parser.add_argument("--full", action="store_true", help="the whole page, not only its first screen")
    parser.add_argument("--fresh", action="store_true", help="forget the database that was kept")
    parser.add_argument("--no-js", action="store_true", help="without JavaScript")
    parser.add_argument("--url", help="look at a platform that runs already")
    parser.add_argument("--credentials", type=Path, default=Path(".rupai/credentials.json"))
    return parser.parse_args()


@contextmanager
def seat(asked: argparse.Namespace) -> Iterator[Seat]:
    """A running console: the given one, or one of our own until the block ends."""
    if asked.url:
        known = json.loads(asked.credentials.read_text())
        yield Seat(asked.url, known["admin_user"], known["admin_password"])
        return
    home = kept.home_of_user()
    with home.with_suffix(".lock").open("w") as lock:
        # Two who look at once must not make two databases.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if asked.fresh:
            kept.end(home)
        os.environ.update(kept.attach(home)["environment"])
        _furnish(asked.demo)
    from tests.e2e import world
    from tests.live import running

    emails = {"superuser": world.SUPERUSER, "owner": world.OWNER, "viewer": world.VIEWER, "nobody": ""}
    folder = home / f"web-{os.getpid()}"
    folder.mkdir()
    with running(folder) as stack:
        stack.sandbox_url = os.environ["RUPAI_SANDBOX_URL"]
        try:
            stack.start_web()
        except TimeoutError:
            sys.exit(stack.log_of("web"))
        yield Seat(stack.url, emails[asked.who], world.PASSWORD)
        said = (folder / "web.log").read_text()
        if "Traceback" in said:
            print(said[-6000:])


def _furnish(demo: int) -> None:
    """Bring the kept database up to date, and put a world into it."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.e2e import world

    if world.found_world() is None:
        world.new_world()
    if demo:
        call_command("seed_demo", payments=demo)


def look(asked: argparse.Namespace, place: Seat) -> int:
    """Take the pictures, print complaints, and return how many there were."""
    themes = list(THEMES) if asked.theme == "both" else [asked.theme]
    widths = [DESKTOP, MOBILE] if asked.width == "both" else [int(asked.width)]
    asked.out.mkdir(parents=True, exist_ok=True)
    bad = 0
    with chromium() as browser:
        context = open_context(browser, place.url, javascript=not asked.no_js)
        page = context.new_page()
        if place.email:
            sign_in(page, place.email, place.password)
        tab = Tab(page)
        for path in asked.paths:
            began = time.monotonic()
            status = tab.go(path)
            print(f"{status} {path} ({(time.monotonic() - began) * 1000:.0f} ms) {page.title()!r}")
            for theme in themes:
                for width in widths:
                    tab.look_like(theme=theme, width=width)
                    name = re.sub(r"[^a-z0-9]+", "-", f"{path}".lower()).strip("-") or "root"
                    file = asked.out / f"{name}-{width}-{theme}.png"
                    page.screenshot(path=file, full_page=asked.full)
                    print(f"  {file}")
                    if asked.axe:
                        for one in tab.audit():
                            bad += 1
                            print(f"  axe {one['id']} ({one['impact']}): {one['help']}")
                            for node in one["nodes"][:6]:
                                print(f"      {node['target']}: {node['why']}")
            complaints = tab.complaints()
            tab.look_like(theme=themes[0], width=NARROW)
            if sideways := tab.sideways():
                complaints.append(f"sideways scroll: {sideways}")
            bad += len(complaints)
            for complaint in complaints:
                print(f"  {complaint}")
    return bad


def main() -> None:
    asked = arguments()
    with seat(asked) as place:
        bad = look(asked, place)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
