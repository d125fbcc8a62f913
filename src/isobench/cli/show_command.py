"""``isobench show``: a session in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from isobench.host.paths import Paths


@click.command("show")
@click.argument("session", required=False)
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(session: str | None, results: Path | None) -> int:
    """Show SESSION (its name or folder; by default the latest): where it ran, its medians, what was left out."""
    from isobench.cli.summary import print_summary
    from isobench.plain import plain
    from isobench.report.meta import stopped
    from isobench.store.reader import find_session, read_session

    paths = Paths.default(results.absolute() if results else None)
    record = read_session(find_session(session, paths.results))
    meta = record.meta
    where, plan = meta.get("environment", {}), meta.get("plan", {})
    click.echo(f"session {record.id}, {meta.get('state', 'unknown')}, isobench {meta.get('isobench', 'unknown')}")
    host = [where.get("cpu_model"), f"{where.get('cores', '?')} cores", where.get("kernel"), where.get("distribution")]
    click.echo(f"on {', '.join(str(part) for part in host if part)}")
    click.echo(f"plan: {plan.get('rule', 'unknown')}")
    for stop in stopped(meta):
        click.echo(plain(f"  {stop.workload}@{stop.target} stopped on {stop.reason}: {stop.words}"))
    print_summary(record.folder)
    for sample in record.samples:
        if sample.outcome != "ok":
            click.echo(plain(f"sample {sample.number} ({sample.cell}): {sample.outcome}: {sample.error}"))
        elif sample.left_out == "noisy":
            click.echo(plain(f"sample {sample.number} ({sample.cell}): noisy: {sample.facts.get('noisy')}"))
    return 0
