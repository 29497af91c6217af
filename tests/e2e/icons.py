"""``python -m tests.e2e.icons``: draw the icons of the installed console from our mark."""

import base64
from pathlib import Path

from playwright.sync_api import Browser

from tests.e2e.browser import chromium

STATIC = Path(__file__).parents[2] / "rupai/pages/static/rupai"
SIZES = {"icon-180.png": 180, "icon-192.png": 192, "icon-512.png": 512}
# The part of a maskable icon that every system shows is a circle of four fifths.
INNER = 0.62


def draw(browser: Browser, name: str, size: int, inner: float, ground: str) -> None:
    """Write one icon: the mark, ``inner`` of the picture wide, on a ground."""
    mark = base64.b64encode((STATIC / "mark.svg").read_bytes()).decode()
    page = browser.new_page(viewport={"width": size, "height": size})
    page.set_content(
        f'<body style="margin:0;height:100vh;display:grid;place-items:center;background:{ground}">'
        f'<img width="{size * inner:.0f}" height="{size * inner:.0f}" src="data:image/svg+xml;base64,{mark}">'
    )
    page.screenshot(path=STATIC / "icons" / name, omit_background=True)
    page.close()


if __name__ == "__main__":
    with chromium() as browser:
        for name, size in SIZES.items():
            draw(browser, name, size, 1, "transparent")
        draw(browser, "icon-full-512.png", 512, INNER, "#4a46d6")
