"""``isobench export``: a session in the format of another tool."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from isobench.host.paths import Paths

FORMATS = "csv|parquet|pytest-benchmark|github-action|bencher|openmetrics"


@click.command("export")
@click.argument("session", required=False)
@click.option("--format", "form", metavar=FORMATS, help="The format.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE|DIR", help="Where to write it.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(session: str | None, form: str | None, output: Path | None, results: Path | None) -> int:
    """Write SESSION (its name or folder; by default the latest) for another tool.

    Without -o it goes to standard output; github-action, which is two files, needs a folder. Medians are of the
    samples that count; csv and parquet hold every value of every sample. See docs/export.md.
    """
    from isobench.errors import UsageError
    from isobench.export import exporter, write
    from isobench.store.reader import find_session, read_session

    if form is None:
        raise UsageError("no format is named", mend=f"add --format {FORMATS}")
    export = exporter(form)
    paths = Paths.default(results.absolute() if results else None)
    document = export(read_session(find_session(session, paths.results)))
    if output:
        for file in write(document, output):
            click.echo(file)
    elif not isinstance(document, bytes):
        raise UsageError(f"{form} is several files", mend="name a folder with -o")
    elif form == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is no text for a terminal", mend="name a file with -o, or pipe it")
    else:
        sys.stdout.buffer.write(document)
    return 0
