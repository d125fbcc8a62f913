"""The frame that both pages share: one self-contained file under the report's policy, in the report's look."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isobench.model import JOB, Cell
from isobench.report import shell
from isobench.report.comparison.names import Names

_SCRIPTS = ("state.js", "packed.js", "figures.js", "report.js", "filters.js")
"""Those of the report that draw, save and filter figures; there is no heat map."""


def named(cell: Cell) -> str:
    """Return the cell's target, with the study where it is one."""
    return cell.target if cell.parameters.study == JOB else f"{cell.target}/{cell.parameters.study}"


def write_page(template: str, out: Path, names: Names, **told: Any) -> Path:
    """Fill a template of the report's folder, write it to ``out`` and return that; ``names`` can be hidden on it."""
    script = "".join(map(shell.read, _SCRIPTS))
    library = shell.plotly()
    text = (
        shell.environment()
        .get_template(template)
        .render(
            css=shell.read("report.css"),
            plotly=shell.packed(library),
            script=script,
            names=names,
            page_json=json.dumps(asdict(names) | {"references": ()}, ensure_ascii=False),
            policy=shell.policy(library, script),
            **told,
        )
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate in a name has no UTF-8 form; it is shown as a question mark instead of ending the page.
    out.write_bytes(text.encode("utf-8", "replace"))
    return out
