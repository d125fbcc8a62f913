"""``isobench report``: sessions as a page, as Markdown or as PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from isobench.host.paths import Paths, give_to_caller

_SUFFIXES = {"html": "html", "markdown": "md", "pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class _Made:
    """A report that can be had: its name without suffix, what writes its page, and what returns its Markdown."""

    name: str
    write: Callable[[Path], object]
    markdown: Callable[[], str]


@click.command("report")
@click.argument("sessions", nargs=-1, metavar="[SESSION [SESSION]]")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--format", "form", type=click.Choice(list(_SUFFIXES)), default="html", show_default=True,
              help="Markdown goes to standard output unless -o names a file; Chromium prints a PDF.")  # fmt: skip
@click.option("--history", is_flag=True, help="A page of all sessions over time, with change points.")
@click.option("--watch", is_flag=True, help="Follow a running session in a page on this host, until it ends.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
def command(
    sessions: tuple[str, ...], output: Path | None, form: str, history: bool, watch: bool, results: Path | None
) -> int:
    """Write one self-contained HTML file of SESSION (its name or folder; by default the latest).

    Of two sessions it says what changed from the first to the second; with --history, what changed over all of the
    results folder. With --watch a page on this host follows a session that runs, and ends with it.

    Exit code 5 where a PDF is asked for and no Chromium prints it, where --watch finds that the run has stopped without
    ending (it was killed), or where --history passed over a session that cannot be read; 4 where that is of another
    format.
    """
    from isobench.errors import UsageError

    paths = Paths.default(results.absolute() if results else None)
    if watch:
        return _watch(sessions, paths, alone=not (history or output or form != "html"))
    if history and sessions:
        raise UsageError("--history is about all sessions of a folder", mend="leave the names out, or name --results")
    if history:
        made, code = _of_folder(paths)
    elif len(sessions) == 2:
        made, code = _of_two(*sessions, paths), 0
    elif len(sessions) < 2:
        made, code = _of_session(next(iter(sessions), None), paths), 0
    else:
        raise UsageError(f"{len(sessions)} sessions are too many for one page", mend="name two, or use --history")
    _write(made, form, output, paths)
    return code


def _watch(sessions: tuple[str, ...], paths: Paths, *, alone: bool) -> int:
    from isobench.errors import UsageError
    from isobench.report.faces.served import watch
    from isobench.store.reader import find_session

    if len(sessions) > 1 or not alone:
        raise UsageError("--watch follows one session in a page of its own", mend="leave the other words out")
    folder = find_session(next(iter(sessions), None), paths.results)
    state = watch(folder, lambda address: click.echo(f"{address} follows {folder.name}; Ctrl-C ends it"))
    click.echo(f"{folder.name} has ended: {state}")
    return 0


def _of_session(session: str | None, paths: Paths) -> _Made:
    from isobench.report import markdown, page
    from isobench.store.reader import find_session, read_session

    record = read_session(find_session(session, paths.results))
    return _Made(record.folder.name, lambda out: page.write(record, out, paths), lambda: markdown.markdown(record))


def _of_two(first: str, second: str, paths: Paths) -> _Made:
    from isobench.errors import UsageError
    from isobench.report import comparison
    from isobench.report.comparison.words import comparison_markdown
    from isobench.store.reader import find_session, read_session

    a, b = find_session(first, paths.results), find_session(second, paths.results)
    if a.resolve() == b.resolve():
        raise UsageError(f"both are {a.name}", mend="name two sessions (`isobench list sessions`)")
    before, after = read_session(a), read_session(b)
    return _Made(
        f"{a.resolve().name}-to-{b.resolve().name}",
        lambda out: comparison.write_comparison(before, after, out),
        lambda: comparison_markdown(before, after),
    )


def _of_folder(paths: Paths) -> tuple[_Made, int]:
    from isobench.errors import UsageError
    from isobench.history import history_of
    from isobench.report import comparison
    from isobench.report.comparison.words import history_markdown

    found = history_of(paths.results, paths.cache)
    if not found.sessions and not found.failed:
        raise UsageError("there is no session yet", where=str(paths.results), mend="make one with `isobench run`")
    made = _Made("history", lambda out: comparison.write_history(found, out), lambda: history_markdown(found))
    return made, found.failed


def _write(made: _Made, form: str, output: Path | None, paths: Paths) -> None:
    """Write what was made in that format and print where it is."""
    if form == "markdown" and output is None:
        click.echo(made.markdown(), nl=False)
        return
    target = output or paths.reports / f"{made.name}.{_SUFFIXES[form]}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if form == "html":
        made.write(target)
    elif form == "markdown":
        target.write_bytes(made.markdown().encode("utf-8", "replace"))
    else:
        _print(made, target)
    click.echo(target)
    give_to_caller(target)


def _print(made: _Made, target: Path) -> None:
    from isobench.report.printed import browser, write_pdf

    # Said before the page is made, which may take longer.
    browser()
    with TemporaryDirectory(prefix="isobench-report-") as folder:
        page = Path(folder) / "report.html"
        made.write(page)
        write_pdf(page, target)
