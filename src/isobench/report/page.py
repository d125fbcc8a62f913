"""The page: a session's tables and figures in one HTML file that needs nothing else and asks for nothing."""

from __future__ import annotations

import base64
import gzip
import hashlib
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isobench.claims import judged
from isobench.metrics import METRICS
from isobench.report import noise, parity, tables, trust
from isobench.report.figures import order, panels
from isobench.report.format import percent, short
from isobench.report.headline import headline, scope
from isobench.report.meta import mapping, plain
from isobench.report.series import STUDIED, Data
from isobench.report.walls import walls
from isobench.sanity import check
from isobench.store.reader import SessionRecord

if TYPE_CHECKING:
    from jinja2 import Environment

    from isobench.host.paths import Paths

_TEMPLATES = Path(__file__).parent / "templates"
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
    out.write_bytes(render(session, _profile(session, paths) if paths else None).encode("utf-8", "replace"))
    return out


def render(session: SessionRecord, profile: trust.Resolves | None = None) -> str:
    """Return the report as HTML."""
    data = Data(session)
    plotly, own = _plotly(), _read("report.js")
    return _environment().get_template("report.html.j2").render(
        session=session,
        meta=session.meta,
        data=data,
        headline=headline(data),
        scope=scope(data),
        overview=tables.overview(data),
        families=_families(data),
        claims=judged(session),
        order=order.panels(data),
        definitions=tables.definitions(data),
        trust=trust,
        noise=noise,
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
        unavailable=mapping(session.meta, "unavailable"),
        plan=mapping(session.meta, "plan"),
        css=_read("report.css"),
        plotly=_packed(plotly),
        script=own,
        policy=_policy(plotly, own),
    )  # fmt: skip


def _families(data: Data) -> list[dict[str, Any]]:
    """Return the sections of figures; one of a study only where it was carried out."""
    figures = panels(data)
    targets, facts = walls(data)
    found = [
        {"name": name, "lead": _LEADS[name], "panels": figures.get(name, []), "rows": tables.family_rows(data, name),
         "targets": targets if name == "isolation" else [], "facts": facts if name == "isolation" else []}
        for name in (*tables.FAMILIES, *STUDIED)
    ]  # fmt: skip
    return [one for one in found if one["name"] not in STUDIED or one["rows"] or one["targets"]]


def _joined(value: object, by: str) -> str:
    return by.join(map(str, value)) if isinstance(value, list) else ""


def _profile(session: SessionRecord, paths: Paths) -> trust.Resolves | None:
    from isobench.calibrate.profile import load

    return load(paths, mapping(session.meta, "environment"))


def _policy(*scripts: str) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=1)
def _plotly() -> str:
    # The file itself: importing plotly for it would take longer than making the page.
    text = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    # HTML turns CR LF into LF before the browser hashes a script.
    return text.replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=1)
def _packed(script: str) -> str:
    # A third of its size; the browser unpacks it, and its policy takes the hash of what comes out.
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "short": short,
        "percent": percent,
        "by_workload": _by_workload,
        "by_workload_and_metric": _by_metric,
        "own": Markup,
        "figure_json": _figure_json,
    }
    return made


def _by_workload(rows: list[tables.Overview]) -> list[list[tables.Overview]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.workload)]


def _by_metric(rows: list[tables.Row]) -> list[list[tables.Row]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: (row.workload, row.metric))]


def _figure_json(text: str) -> Any:
    from markupsafe import Markup

    # Inside a script element nothing but a tag's "<" can end it; as an escape it stays the same JSON.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
