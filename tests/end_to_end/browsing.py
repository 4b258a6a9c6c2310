"""Pages in a real browser: what they ask for, what they complain of."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, Page, sync_playwright

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


def wait_until_drawn(page: Page, tries: int = 600) -> None:
    """Playwright's own waiting asks a second time by `eval`, which our pages forbid."""
    for _ in range(tries):
        try:
            if page.evaluate(DRAWN):
                return
        except Error:
            pass  # on its way to another page
        page.wait_for_timeout(100)
    raise AssertionError("the charts are not drawn")


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield opened
        opened.close()


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
        wait_until_drawn(self.page)

    def check(self, lang: str, width: int) -> None:
        """Nothing from elsewhere, no complaint, nothing beyond the window, the language said."""
        foreign = [u for u in self.asked if not u.startswith((self.address, "data:"))]
        assert foreign == []
        assert self.complaints == []
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width
        assert self.page.evaluate("document.documentElement.lang") == lang
