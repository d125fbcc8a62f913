"""``isobench report``: the HTML page of a session."""

from __future__ import annotations

from pathlib import Path

import click

from isobench.host.paths import Paths, give_to_caller


@click.command("report")
@click.argument("session", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(session: str | None, output: Path | None, results: Path | None) -> int:
    """Write one self-contained HTML file of SESSION (its name or folder; by default the latest)."""
    from isobench.report.page import write
    from isobench.store.reader import find_session, read_session

    paths = Paths.default(results.absolute() if results else None)
    record = read_session(find_session(session, paths.results))
    target = output or paths.reports / f"{record.folder.name}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    click.echo(write(record, target, paths))
    give_to_caller(target)
    return 0
