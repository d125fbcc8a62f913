"""What every page is wrapped in: the policy, the packed figures' library, the templates. Nothing is fetched by any."""

from __future__ import annotations

import base64
import gzip
import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.report.format import percent, short

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def policy(*scripts: str) -> str:
    """Return the page's Content-Security-Policy: nothing but these scripts runs, nothing is loaded or sent."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=1)
def plotly() -> str:
    """Return plotly's script."""
    # The file itself: importing plotly for it would take longer than making the page.
    text = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    # HTML turns CR LF into LF before the browser hashes a script.
    return text.replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=1)
def packed(script: str) -> str:
    """Return a script as the page carries it: compressed, in base64."""
    # A third of its size; the browser unpacks it, and its policy takes the hash of what comes out.
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()


def read(name: str) -> str:
    """Return the text of a template, style or script."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def environment() -> Environment:
    """Return Jinja's environment for the pages: everything is escaped that is not ours."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"short": short, "percent": percent, "own": Markup, "figure_json": figure_json}
    return made


def figure_json(text: str) -> Any:
    """Return JSON as it may stand in a script element."""
    from markupsafe import Markup

    # Inside a script element nothing but a tag's "<" can end it; as an escape it stays the same JSON.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
