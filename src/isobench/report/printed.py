"""A page printed to PDF by a headless Chromium, in a profile of its own that is gone afterwards."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from isobench.errors import HarnessError
from isobench.host.process import run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT = 120.0
"""Seconds that printing may take."""
_DRAWING = 20_000
"""Milliseconds of the page's own clock, which runs ahead while nothing happens, until it is printed."""


def browser() -> str:
    """Return the path of the first of ``BROWSERS``; raises HarnessError where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise HarnessError("a PDF needs Chromium, and there is none",
                           mend="install it (Debian: apt install chromium), or print the HTML page")  # fmt: skip
    return found


def write_pdf(page: Path, out: Path) -> Path:
    """Print the HTML file ``page`` to ``out`` and return it; raises HarnessError where the browser fails or is late."""
    program = browser()
    out.parent.mkdir(parents=True, exist_ok=True)
    # Chromium's children may still write as they end.
    with TemporaryDirectory(prefix="isobench-print-", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "page.pdf"
        run(
            [program, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             # Its sandbox refuses root; the page is ours, and its policy lets nothing else run.
             *(["--no-sandbox"] if os.geteuid() == 0 else []),
             f"--user-data-dir={folder}/profile", f"--virtual-time-budget={_DRAWING}", "--no-pdf-header-footer",
             f"--print-to-pdf={made}", page.absolute().as_uri()],
            timeout=TIMEOUT, env={**os.environ, "HOME": folder}, mend="print the HTML page from a browser",
        )  # fmt: skip
        if not made.is_file():
            raise HarnessError(f"{Path(program).name} printed nothing", mend="print the HTML page from a browser")
        shutil.copyfile(made, out)
    return out
