"""A page in a real browser that remembers every complaint."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Dialog, Page
from tests import synthetic

from isobench.model import Sample
from isobench.store.reader import SessionRecord


class Watched:
    """A page that remembers every complaint."""

    def __init__(
        self, browser: Browser, file: Path, width: int = 1280, scheme: Any = "light", fragment: str = ""
    ) -> None:
        self.trouble: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda m: self.trouble.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda r: None if r.url.partition("#")[0] == file.as_uri()
                     or r.url.startswith(("data:", "blob:")) else self.trouble.append(r.url))  # fmt: skip
        self.page.goto(file.as_uri() + fragment)
        self.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.settle()

    def until(self, expression: str) -> None:
        """Wait until this JavaScript is true; asked anew from outside, since the page's policy forbids to evaluate."""
        end = time.monotonic() + 30
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)

    def settle(self) -> None:
        """Wait until all figures that can be seen are drawn."""
        self.until("[...document.querySelectorAll('.plot')].every(p => p.dataset.done || !p.checkVisibility())")

    def _refuse(self, box: Dialog) -> None:
        self.trouble.append(box.message)
        box.dismiss()

    def close(self) -> None:
        self.page.close()
        assert self.trouble == []


def record(taken: list[Sample], **more: Any) -> SessionRecord:
    return SessionRecord(synthetic.session_meta(**more), tuple(taken), Path("made-up"))
