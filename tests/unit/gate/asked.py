"""The command line asked in this process."""

from __future__ import annotations

from pathlib import Path

import click
from click.testing import CliRunner

from isobench.cli import group
from isobench.errors import IsobenchError


def asked(*words: str | Path) -> tuple[int, str]:
    """Return the exit code of ``isobench WORDS`` and what it said: an error's one line, else all."""
    done = CliRunner().invoke(group, [str(word) for word in words], standalone_mode=False)
    if isinstance(done.exception, IsobenchError):
        assert "\n" not in done.exception.line()
        return done.exception.exit_code, done.exception.line()
    if isinstance(done.exception, click.ClickException):
        return 2, done.exception.format_message()
    if done.exception is not None:
        raise done.exception
    return done.return_value if isinstance(done.return_value, int) else 0, done.output
