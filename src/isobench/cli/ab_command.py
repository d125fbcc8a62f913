"""``isobench ab``: variants interleaved on this host, then the verdict."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isobench.cli.run_command import parse_duration
from isobench.cli.verdicts import Faces, also_option, format_option, say
from isobench.errors import UsageError
from isobench.host.paths import Paths

if TYPE_CHECKING:
    from isobench.ab.comparison import Comparison
    from isobench.model import Sample


@click.command("ab")
@click.argument("variants", nargs=-1, required=True, metavar="VARIANT VARIANT …")
@click.option("-w", "--workload", "workloads", multiple=True, metavar="NAME", help="Only this workload (repeatable).")
@click.option("--budget", default="10m", show_default=True, metavar="DURATION", help="Start no new sample after this.")
@click.option("--least", type=click.IntRange(min=4), default=6, show_default=True, help="Blocks before the first look.")
@click.option(
    "--most", type=click.IntRange(min=4), default=40, show_default=True, help="Blocks, if not decided before."
)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the order within blocks; random by default.")
@click.option("--strict", is_flag=True, help="Exit with 3 where a series is inconclusive.")
@format_option
@also_option
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False),
              help="Effects and floors by pattern; ./isobench.toml where there is one.")  # fmt: skip
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
@click.option("--wait", is_flag=True, help="Wait while another run is measuring.")
@click.option("--trust-native", is_flag=True, help="Let native run workloads that are not isobench's own.")
def command(
    variants: tuple[str, ...], workloads: tuple[str, ...], budget: str, least: int, most: int, seed: int | None,
    strict: bool, form: str, also: tuple[tuple[str, Path], ...], config: Path | None, results: Path | None,
    wait: bool, trust_native: bool,
) -> int:  # fmt: skip
    """Compare variants with the first of them: TARGET[,key=value…][@GITREF].

    A key is an option of the target, or image: another image for the workload (a reference, a folder with a
    Dockerfile, a tar). Variants are interleaved in blocks until every headline series is decided; a decided one
    leaves. Exit code 1 on a regression, 4 where a series is missing, incomparable or failed to run, 3 where --strict
    finds one inconclusive, 5 where the harness failed. Of several 5 comes before 1, 4 and 3.
    """
    from isobench.ab.compare import compare_variants
    from isobench.ab.judge import Rules
    from isobench.ab.sequential import Spending
    from isobench.ab.variant import parse
    from isobench.gate.limits import read_overrides
    from isobench.workloads.loader import find

    if most < least:
        raise UsageError(f"--most {most} is below --least {least}", mend="give --most as many blocks or more")
    paths = Paths.default(results.absolute() if results else None)
    found = compare_variants(
        parse(variants, paths.targets), find(workloads, paths.workloads), paths, _say, _progress,
        seed=secrets.randbelow(1 << 31) if seed is None else seed,
        budget=parse_duration(budget),
        rules=Rules(Spending(least, most), read_overrides(config), strict),
        trust_native=trust_native,
        wait=wait,
    )  # fmt: skip
    say(_faces(found), form, also)
    click.echo(f"session: {found.folder}", err=form != "text")
    if found.broken:
        click.echo(f"isobench: {found.broken}", err=True)
    if found.ended == "interrupted":
        click.echo("interrupted: every finished sample is kept", err=True)
    return found.exit_code


def _faces(found: Comparison) -> Faces:
    from isobench.ab.faces import junit, markdown
    from isobench.ab.text import show

    return Faces(
        lambda console: show(found, console), lambda: markdown(found), lambda: junit(found), found.document
    )  # fmt: skip


def _say(words: str) -> None:
    # Nobody may be listening any more; that is no reason to end a measurement.
    with suppress(OSError):
        click.echo(f"· {words}", err=True)


def _progress(last: Sample, elapsed: float) -> None:
    seen = f"ready {last.metrics['time_to_ready']:.3f} s" if "time_to_ready" in last.metrics else str(last.error)
    with suppress(OSError):
        click.echo(f"[block {last.block:>2}, {elapsed:4.0f} s] {last.cell!s:<18} {seen}", err=True)
