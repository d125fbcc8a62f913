"""``isobench claims``: what is commonly claimed, and what a session answers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from isobench.host.paths import Paths


@click.command("claims")
@click.argument("session", required=False)
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(session: str | None, results: Path | None, as_json: bool) -> int:
    """Say what SESSION (its name or folder; by default the latest) answers to what is commonly claimed."""
    from isobench.claims import judged
    from isobench.plain import plain
    from isobench.store.reader import find_session, read_session

    paths = Paths.default(results.absolute() if results else None)
    record = read_session(find_session(session, paths.results))
    found = judged(record)
    if as_json:
        rows = [
            {"claim": one.claim.id, "said": one.claim.said, "by": one.claim.by, "answer": one.answer,
             "evidence": one.evidence, "decided_by": list(one.claim.decided_by)}
            for one in found
        ]  # fmt: skip
        click.echo(json.dumps({"session": record.id, "claims": rows}, indent=1))
        return 0
    click.echo(f"session {record.id}; docs/claims.md explains each rule\n")
    for one in found:
        click.echo(f"{one.answer:<13}  {one.claim.said}")
        click.echo(plain(f"{'':<13}  {one.evidence}"))
    return 0
