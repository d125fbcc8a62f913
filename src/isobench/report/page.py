"""The page: a session's tables and figures in one HTML file that needs nothing else and asks for nothing."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.claims import judged
from isobench.metrics import METRICS
from isobench.report import noise, parity, shell, tables, trust
from isobench.report.best import bests
from isobench.report.figures import order, panels
from isobench.report.format import human
from isobench.report.headline import emulated_note, headline, scope
from isobench.report.heat import heat, references_of
from isobench.report.literature_beside import section
from isobench.report.meta import mapping, plain
from isobench.report.raw import Raw, raw
from isobench.report.series import STUDIED, Data
from isobench.report.walls import walls
from isobench.sanity import check
from isobench.store.reader import SessionRecord

if TYPE_CHECKING:
    from jinja2 import Environment

    from isobench.host.paths import Paths

_SCRIPTS = ("state.js", "packed.js", "heat.js", "figures.js", "report.js", "filters.js")
"""One script on the page: each takes up what those before it declare."""
_ORDER = ("startup", "memory", "density", "disk", "throughput", "life", "isolation")
_LEADS = {
    "startup": "On the host's monotonic clock, from the request to the workload's own sign that it is ready.",
    "memory": "Figures of different scope overlap: they are never added up.",
    "disk": "What is stored, what one more instance adds, and how fast its storage is.",
    "throughput": "The same work everywhere; where the amount is known, timed on the host's clock.",
    "life": "What becomes of an instance after it is ready. What a target cannot do: see Method.",
    "density": "Idle instances on one host: memory of each further one, and how many start at once.",
    "isolation": "Found by attempts from inside each instance; a neighbour's slow-down is alone over beside it.",
}


def write(session: SessionRecord, out: Path, paths: Paths | None = None) -> Path:
    """Write the report of a session to ``out`` and return it; ``paths`` lead to what its host can resolve."""
    out.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate in a name has no UTF-8 form; it is shown as a question mark instead of ending the report.
    html = render(session, _profile(session, paths) if paths else None, raw(session, out))
    out.write_bytes(html.encode("utf-8", "replace"))
    return out


def render(session: SessionRecord, profile: trust.Resolves | None = None, taken_along: Raw | None = None) -> str:
    """Return the report as HTML; ``taken_along`` are the raw samples that it offers."""
    data = Data(session)
    families = _families(data)
    plotly, own = shell.plotly(), "".join(shell.read(name) for name in _SCRIPTS)
    return _environment().get_template("report.html.j2").render(
        session=session,
        meta=session.meta,
        data=data,
        headline=headline(data),
        scope=scope(data),
        emulated_note=emulated_note(data),
        bests=bests(data),
        remarks=trust.remarks(data),
        heat=heat(data),
        overview=tables.overview(data),
        families=families,
        family_names=[family["name"] for family in families],
        references=references_of(data),
        page_json=_page_json(data, families),
        claims=judged(session),
        literature=section(data),
        order=order.panels(data),
        definitions=tables.definitions(data),
        trust=trust,
        noise=noise,
        raw=taken_along,
        calibrated=profile is not None,
        resolved=trust.resolved(data, profile) if profile else [],
        on_width=tables.width_note(data),
        few=tables.few_note(data),
        sanity=check(session),
        command=_joined(session.meta.get("command"), " ") or "–",
        resumed=_joined(session.meta.get("resumed_at"), ", "),
        images=parity.images(data),
        parity=parity.parity(data),
        metrics=METRICS,
        environment=plain(mapping(session.meta, "environment")),
        versions=plain(mapping(session.meta, "versions")),
        plan=mapping(session.meta, "plan"),
        css=shell.read("report.css"),
        plotly=shell.packed(plotly),
        script=own,
        policy=shell.policy(plotly, own),
    )  # fmt: skip


def _families(data: Data) -> list[dict[str, Any]]:
    """Return the sections of figures; one of a study only where it was carried out."""
    figures = panels(data)
    targets, facts = walls(data)
    found = [
        {"name": name, "lead": _LEADS[name], "panels": figures.get(name, []), "rows": tables.family_rows(data, name),
         "targets": targets if name == "isolation" else [], "facts": facts if name == "isolation" else []}
        for name in _ORDER
    ]  # fmt: skip
    return [one for one in found if one["name"] not in STUDIED or one["rows"] or one["targets"]]


def _page_json(data: Data, families: list[dict[str, Any]]) -> str:
    """Return the names that the page's script keeps in the fragment, in the order of their places."""
    names = [family["name"] for family in families]
    told = {"workloads": data.workloads, "targets": data.targets, "families": names, "references": references_of(data)}
    return json.dumps(told, ensure_ascii=False)


def _joined(value: object, by: str) -> str:
    return by.join(map(str, value)) if isinstance(value, list) else ""


def _profile(session: SessionRecord, paths: Paths) -> trust.Resolves | None:
    from isobench.calibrate.profile import load

    return load(paths, mapping(session.meta, "environment"))


def _environment() -> Environment:
    made = shell.environment()
    made.filters |= {"by_workload": _by_workload, "by_workload_and_metric": _by_metric, "human": human}
    return made


def _by_workload(rows: list[tables.Overview]) -> list[list[tables.Overview]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.workload)]


def _by_metric(rows: list[tables.Row]) -> list[list[tables.Row]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: (row.workload, row.metric))]
