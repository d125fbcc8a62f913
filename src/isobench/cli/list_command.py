"""``isobench list``: what there is."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobench.host.paths import Paths


@click.command("list")
@click.argument("what", type=click.Choice(["workloads", "targets", "metrics", "studies", "sessions"]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(what: str, as_json: bool, results: Path | None) -> int:
    """List workloads, targets, metrics, studies or sessions."""
    paths = Paths.default(results.absolute() if results else None)
    rows = _LISTS[what](paths)
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], indent=1))
        return 0
    if not rows:
        click.echo(f"no {what} yet")
    widths = [
        max((len(str(value)) for value in column), default=0)
        for column in zip(*(r.values() for r in rows), strict=True)
    ]
    for row in rows:
        cells = [str(value).ljust(width) for value, width in zip(row.values(), widths, strict=True)]
        click.echo("  ".join(cells).rstrip())
    return 0


def _workloads(paths: Paths) -> list[dict[str, str]]:
    from isobench.workloads.loader import described

    return [
        {
            "name": w.name,
            "sessions": "quick, full" if w.default else "full",
            "jobs": f"{len(w.jobs)} jobs",
            "description": w.description,
        }
        for w in described(paths.workloads)
    ]


def _targets(paths: Paths) -> list[dict[str, str]]:
    from isobench.targets import catalog

    targets = catalog.load_all(paths.targets).values()
    return [{"name": t.name, "kind": t.kind, "description": t.description} for t in targets]


def _metrics(_: Paths) -> list[dict[str, str]]:
    from isobench.metrics import METRICS

    return [
        {"name": m.name, "unit": m.unit, "better": m.direction, "scope": m.scope, "definition": m.definition}
        for m in METRICS.values()
    ]


def _studies(_: Paths) -> list[dict[str, str]]:
    from isobench.studies import studies

    return [
        {"name": name, "sessions": "full" if study.in_full else "asked", "samples": f"{study.samples} samples",
         "summary": study.summary}
        for name, study in studies().items()
    ]  # fmt: skip


def _sessions(paths: Paths) -> list[dict[str, str]]:
    from isobench.errors import UsageError

    rows = []
    for file in sorted(paths.results.glob("*/session.json")):
        try:
            meta = json.loads(file.read_text(encoding="utf-8"))
            rows.append({"name": file.parent.name, "state": meta["state"], "started": meta["started_at"]})
        except (OSError, ValueError, KeyError) as error:
            raise UsageError("is no session", where=str(file), mend="move it out of the results folder") from error
    return rows


_LISTS = {
    "workloads": _workloads,
    "targets": _targets,
    "metrics": _metrics,
    "studies": _studies,
    "sessions": _sessions,
}
