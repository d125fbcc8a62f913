"""A verdict in the format asked for on standard output, and in others in files beside: judged once, said in all."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobench.errors import HarnessError

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("text", "markdown", "json", "junit")


@dataclass(frozen=True, slots=True)
class Faces:
    """How one verdict is said: ``text`` prints it on a console, ``junit`` and ``markdown`` return it, ``document`` as
    JSON can hold it."""

    text: Callable[[Console], None]
    markdown: Callable[[], str]
    junit: Callable[[], str]
    document: Callable[[], dict[str, Any]]

    def said(self, form: str) -> str:
        """Return it in one of ``FORMATS``, ending with a line's end."""
        if form == "json":
            return json.dumps(self.document(), indent=1, allow_nan=False) + "\n"
        if form == "text":
            from rich.console import Console

            paper = io.StringIO()
            self.text(Console(file=paper, highlight=False))
            return paper.getvalue()
        return self.junit() if form == "junit" else self.markdown()


def _files(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    return tuple(_file(words) for words in given)


def _file(words: str) -> tuple[str, Path]:
    form, _, file = words.partition("=")
    if form not in FORMATS or not file:
        raise click.BadParameter(f"{words!r} is not FORMAT=FILE with a format of {', '.join(FORMATS)}")
    return form, Path(file)


format_option = click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
also_option = click.option(
    "--also", multiple=True, metavar="FORMAT=FILE", callback=_files, help="Write it to this file as well (repeatable)."
)


def say(faces: Faces, form: str, also: Iterable[tuple[str, Path]]) -> None:
    """Print a verdict, and write it to the files beside. Raises HarnessError where one cannot be written."""
    if form == "text":
        from rich.console import Console

        faces.text(Console(highlight=False))
    else:
        click.echo(faces.said(form), nl=False)
    for other, file in also:
        try:
            file.write_text(faces.said(other), encoding="utf-8")
        except OSError as error:
            raise HarnessError(f"cannot be written: {error.strerror}", where=str(file),
                               mend="name a file in a folder that is there") from None  # fmt: skip
