"""The command line. Each command is a module of its own, imported only when it is called."""

from __future__ import annotations

import importlib
import signal
import sys
from types import FrameType

import click

from isobench.errors import IsobenchError

COMMANDS = {
    "run": "Run a session and write its report.",
    "report": "Write the HTML report of a session.",
    "show": "Show a session in the terminal.",
    "list": "List workloads, targets, metrics or sessions.",
    "explain": "Say what a metric or a target means.",
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="isobench")
def group() -> None:
    """Containers and virtual machines, one workload, one harness, one clock."""


def main() -> None:
    """Run the command line: one line for every error, exit codes by the contract (docs/architecture.md)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        code = group.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("isobench: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except IsobenchError as error:
        click.echo(f"isobench: {error.line()}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # A second signal must not cut the cleaning short.
    for again in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(again, signal.SIG_IGN)
    raise KeyboardInterrupt
