"""``isobench clean``: remove what a killed run left behind."""

from __future__ import annotations

import os

import click

from isobench.errors import UsageError
from isobench.host.paths import Paths


@click.command("clean")
def command() -> int:
    """Remove containers, domains, processes, taps, mounts, overlays and control groups that a killed run left."""
    from isobench.clean import clean
    from isobench.host import lock

    if os.geteuid() != 0:
        raise UsageError("cleaning needs root", mend="run it with sudo")
    paths = Paths.default()
    with lock.measuring(paths.run, wait=False, mend="try again when it has ended"):
        removed = clean(paths)
    for line in removed:
        click.echo(f"removed {line}")
    if not removed:
        click.echo("nothing was left behind")
    return 0
