"""Pages in a real browser: what they ask for, what they complain of."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = "document.querySelectorAll('[data-chart]').length === document.querySelectorAll('.drawn svg').length"
"""Every chart of the page is drawn; true of a page without any."""


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield opened
        opened.close()


def wait_for(page: Page, condition: str, timeout_s: float = 60.0) -> None:
    """Until it is true in the page. Asked from outside: the page itself may evaluate no text, which
    is what waiting inside it would do."""
    end = time.monotonic() + timeout_s
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"never became true: {condition}"
        page.wait_for_timeout(50)


class Visit:
    """A page with everything it asked for and complained of."""

    def __init__(self, browser: Browser, address: str, path: str, width: int) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 6000})
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        self.page.goto(address + path)
        wait_for(self.page, DRAWN)

    def check(self, lang: str, width: int) -> None:
        """Nothing from elsewhere, no complaint, nothing beyond the window, the language said."""
        foreign = [u for u in self.asked if not u.startswith((self.address, "data:"))]
        assert foreign == []
        assert self.complaints == []
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width
        assert self.page.evaluate("document.documentElement.lang") == lang
