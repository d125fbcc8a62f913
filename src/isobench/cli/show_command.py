"""``isobench show``: a session in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from isobench.host.paths import Paths


@click.command("show")
@click.argument("session", required=False)
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(session: str | None, results: Path | None) -> int:
    """Show SESSION (its name or folder; by default the latest): where it ran, its medians, what failed."""
    from isobench.cli.summary import print_summary
    from isobench.store.reader import find_session, read_session

    paths = Paths.default(results.absolute() if results else None)
    record = read_session(find_session(session, paths.results))
    where, plan = record.meta["environment"], record.meta["plan"]
    click.echo(f"session {record.meta['id']}, {record.meta['state']}, isobench {record.meta['isobench']}")
    click.echo(f"on {where['cpu_model']}, {where['cores']} cores, kernel {where['kernel']}, {where['distribution']}")
    click.echo(f"plan: {plan['rule']}")
    print_summary(record.folder)
    for sample in record.samples:
        if sample.outcome != "ok":
            click.echo(f"sample {sample.number} ({sample.cell}): {sample.outcome}: {sample.error}")
    return 0
