"""``isobench compare``: two sessions, series by series."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobench.host.paths import Paths


@click.command("compare")
@click.argument("a")
@click.argument("b", required=False)
@click.option("--allow", is_flag=True, help="Compare what is incomparable too, labelled; never TCG with KVM.")
@click.option("--all", "every", is_flag=True, help="Every metric, not the headline ones only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(a: str, b: str | None, allow: bool, every: bool, as_json: bool, results: Path | None) -> int:
    """Compare session B (its name or folder; by default the latest) with session A.

    Each series gets its effect, interval and verdict; what differs between the sessions is listed. Exit code 4 where
    a series is incomparable, missing or failed, else 0: a regression is told, not judged (`isobench check` does that).
    """
    from isobench.errors import UsageError
    from isobench.store.reader import find_session, read_session
    from isobench.verdict.document import document
    from isobench.verdict.sessions import compare_sessions
    from isobench.verdict.text import show

    paths = Paths.default(results.absolute() if results else None)
    first, second = find_session(a, paths.results), find_session(b, paths.results)
    if first.resolve() == second.resolve():
        raise UsageError(f"A and B are both {first.name}", mend="name two sessions (`isobench list sessions`)")
    found = compare_sessions(read_session(first), read_session(second), allow=allow, every=every)
    if as_json:
        click.echo(json.dumps(document(found), indent=1, allow_nan=False))
    else:
        show(found)
    return found.exit_code
