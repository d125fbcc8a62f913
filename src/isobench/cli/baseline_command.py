"""``isobench baseline``: sessions kept for a class of host, and known changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from isobench.host.paths import Paths

_folder = click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("baseline"),
                       show_default=True, help="The baseline's folder.")  # fmt: skip


@click.group("baseline")
def command() -> None:
    """Keep sessions and known changes as a baseline: plain files that can be published."""


@command.command("add")
@click.argument("session", required=False)
@_folder
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def add_command(session: str | None, folder: Path, results: Path | None) -> None:
    """Keep a session (its name or folder; by default the latest)."""
    from isobench.baseline.store import add
    from isobench.history.index import record_of
    from isobench.store.reader import find_own_session

    paths = Paths.default(results.absolute() if results else None)
    found, passed = find_own_session(session, paths.results)
    if passed:
        click.echo(f"· taken: {found.name}, the latest session of its own; {'; '.join(passed)}", err=True)
    click.echo(add(folder, record_of(found)))


@command.command("accept")
@click.argument("metric")
@click.option("--reason", required=True, help="Why it is worse on purpose.")
@click.option("--until", required=True, metavar="DATE", help="The last day on which that is accepted.")
@click.option("--cell", default="*", show_default=True, metavar="PATTERN", help="Only in these: workload@target.")
@_folder
def accept_command(metric: str, reason: str, until: str, cell: str, folder: Path) -> None:
    """Record a known change: until that day it is told, and fails no check."""
    from isobench.baseline.accept import accept

    known = accept(folder, metric, reason=reason, until=until, cell=cell)
    click.echo(f"accepted until {known.until}: {known.cell} {known.metric} ({known.reason})")


@command.command("show")
@_folder
def show_command(folder: Path) -> None:
    """Print what counts as baseline."""
    from isobench.baseline.accept import read_accepted
    from isobench.baseline.store import kept
    from isobench.plain import plain

    sessions, today = kept(folder), date.today()
    for host in dict.fromkeys(one.host for one in sessions):
        own = [one.record for one in sessions if one.host == host]
        click.echo(f"{host}: {len(own)} sessions")
        for record in own:
            cells = sum(bool(one.series) for one in record.cells)
            click.echo(plain(f"  {record.session}  {record.started_at}  {record.state}  {cells} cells"))
    for known in read_accepted(folder):
        until = "over since" if known.over(today) else "until"
        click.echo(plain(f"accepted {until} {known.until}: {known.cell} {known.metric} ({known.reason})"))
    if not sessions:
        click.echo(f"{folder} holds no session; add one with `isobench baseline add`")


@command.command("prune")
@click.option("--keep", type=click.IntRange(min=1), default=30, show_default=True, help="Sessions of each host class.")
@_folder
def prune_command(keep: int, folder: Path) -> None:
    """Remove the oldest sessions, and known changes that are over."""
    from isobench.baseline.store import prune

    removed = prune(folder, keep, date.today())
    for line in removed:
        click.echo(f"removed {line}")
    if not removed:
        click.echo("nothing to remove")
