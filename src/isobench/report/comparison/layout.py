"""The frame that both pages share: one self-contained file under the report's policy, in the report's look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from isobench.model import JOB, Cell
from isobench.report import shell

_SCRIPTS = ("state.js", "packed.js", "figures.js", "report.js")
"""Those of the report that draw and save figures; nothing is there to be filtered."""


def named(cell: Cell) -> str:
    """Return the cell's target, with the study where it is one."""
    return cell.target if cell.parameters.study == JOB else f"{cell.target}/{cell.parameters.study}"


def write_page(template: str, out: Path, **told: Any) -> Path:
    """Fill a template of the report's folder, write it to ``out`` and return that."""
    script = "".join(map(shell.read, _SCRIPTS))
    library = shell.plotly()
    text = (
        shell.environment()
        .get_template(template)
        .render(
            css=shell.read("report.css"),
            plotly=shell.packed(library),
            script=script,
            page_json=json.dumps(dict.fromkeys(("workloads", "targets", "families", "references"), ())),
            policy=shell.policy(library, script),
            **told,
        )
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate in a name has no UTF-8 form; it is shown as a question mark instead of ending the page.
    out.write_bytes(text.encode("utf-8", "replace"))
    return out
