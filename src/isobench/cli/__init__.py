"""The command line. Each command is a module of its own, imported only when it is called."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import signal
import sys
from types import FrameType

import click

from isobench.errors import IsobenchError

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_THE_HOSTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE)
"""Errors that are the host's state, not a defect of isobench."""

COMMANDS = {
    "run": "Run a session and write its report.",
    "report": "Write the report of a session, of two compared, or of all.",
    "show": "Show a session in the terminal.",
    "claims": "Say what a session answers to what is commonly claimed.",
    "compare": "Compare two sessions: effect, interval, verdict, what differs.",
    "export": "Write a session for another tool: CSV, Parquet, pytest-benchmark, GitHub, Bencher, OpenMetrics.",
    "ab": "Compare variants interleaved on this host until the difference is decided.",
    "check": "Judge a session by its baseline: the gate for CI.",
    "baseline": "Keep sessions and known changes as a baseline.",
    "history": "Show where each series changed over all sessions.",
    "calibrate": "Measure what this host and gate can resolve, from A/A sessions.",
    "list": "List workloads, targets, metrics or sessions.",
    "explain": "Say what a metric, workload, target or study means.",
    "doctor": "Say what this host can run, and why not.",
    "images": "Build, list or prune what is in the cache.",
    "clean": "Remove whatever a killed run left behind.",
}


class _Lazy(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"isobench.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has gone. click would exit with 1, which means a regression here.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="isobench")
def group() -> None:
    """Containers and virtual machines, one workload, one harness, one clock."""


def main() -> None:
    """Run the command line: one line for every error, exit codes by the contract (docs/architecture.md)."""
    for number in _ENDING:
        signal.signal(number, _interrupt)
    logging.basicConfig(format="· %(message)s", level=logging.WARNING)
    try:
        code = group.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):  # click makes the one of the other
        click.echo("isobench: interrupted", err=True)
        # Interrupted while it made a dataclass, whose code is a string to exec, Python notes that nobody handled the
        # interrupt, and under -m would end by a SIGINT of its own making. The next exec takes the note back.
        exec("")  # noqa: S102
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except IsobenchError as error:
        click.echo(f"isobench: {error.line()}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _THE_HOSTS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"isobench: {where}{error.strerror}; mend that, then run it again", err=True)
        sys.exit(5)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # A second signal must not cut the cleaning short.
    for again in _ENDING:
        signal.signal(again, signal.SIG_IGN)
    if number == signal.SIGHUP:
        # The terminal is gone: what is still said must not fail.
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(silence, stream)
    raise KeyboardInterrupt
