"""``isobench history``: every series over the sessions of a folder, and where it changed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobench.host.paths import Paths


@click.command("history")
@click.option("--metric", help="Only this metric.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every series, with its medians.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(metric: str | None, as_json: bool, results: Path | None) -> int:
    """Show where each series changed over the sessions of a folder.

    A change point is told with the first session after it, its size and its interval. It lasts five sessions at
    least and is not smaller than the metric's smallest relevant effect. Exit code 5 where a session cannot be read, 4
    where one is of another format, or no session has the metric; all others are shown.
    """
    from isobench.errors import UsageError
    from isobench.history.series import history_of
    from isobench.history.text import document, show
    from isobench.metrics import metric as registered

    paths = Paths.default(results.absolute() if results else None)
    name = registered(metric).name if metric else None
    found = history_of(paths.results, paths.cache, name)
    if not found.sessions and not found.failed:
        kind = "session of its own" if found.aside else "session"
        raise UsageError(f"there is no {kind} yet", where=str(paths.results), mend="make one with `isobench run`")
    if as_json:
        click.echo(json.dumps(document(found), indent=1, allow_nan=False))
    else:
        show(found)
    if name and not found.tracks and not found.failed:
        click.echo(f"isobench: {paths.results}: missing: no session has {name}", err=True)
        return 4
    return found.failed
