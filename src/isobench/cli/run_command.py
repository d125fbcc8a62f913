"""``isobench run``: a session with live progress, a summary table and the path of the report."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobench.errors import UsageError
from isobench.host.paths import Paths, give_to_caller
from isobench.model import Parameters, Sample
from isobench.plan import Plan, remaining

if TYPE_CHECKING:
    from isobench.runner.session import Request

FULL_BUDGET = 3600.0
"""Seconds that ``--full`` fills unless told otherwise."""


def parse_duration(text: str) -> float:
    """Return seconds from ``90``, ``90s``, ``10m`` or ``1h``."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no duration; write for example 10m") from None
    if seconds <= 0:
        raise click.BadParameter("a duration must be above 0")
    return seconds


@click.command("run")
@click.option("-w", "--workload", "workloads", multiple=True, metavar="NAME", help="Only this workload (repeatable).")
@click.option("-t", "--target", "targets", multiple=True, metavar="NAME", help="Only this target (repeatable).")
@click.option("--quick", "length", flag_value="quick", default="quick", help="Short jobs, few samples (the default).")
@click.option("--full", "length", flag_value="full", help="Long jobs, samples until intervals are narrow.")
@click.option("--samples", type=click.IntRange(min=1), help="Samples of each cell, instead of the plan's rule.")
@click.option("--budget", metavar="DURATION", help="Start no new sample after this long (10m, 1h; --full: 1h).")
@click.option("--cache", type=click.Choice(["warm", "cold"]), default="warm", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the order of cells; random by default.")
@click.option("--resume", metavar="SESSION", help="Go on with a session that was interrupted, killed or cut short.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
@click.option("--wait", is_flag=True, help="Wait while another run is measuring.")
@click.option("--wait-quiet", metavar="DURATION", help="Wait for a quiet host, for at most this long.")
@click.option("--trust-native", is_flag=True, help="Let native run workloads that are not isobench's own.")
@click.option("--no-report", is_flag=True, help="Write no report.")
def command(
    workloads: tuple[str, ...], targets: tuple[str, ...], length: str, samples: int | None, budget: str | None,
    cache: str, seed: int | None, resume: str | None, results: Path | None, wait: bool,
    wait_quiet: str | None, trust_native: bool, no_report: bool,
) -> int:  # fmt: skip
    """Run a session: every workload on every target, interleaved; then write its report."""
    from isobench.plan.stopping import Rule
    from isobench.runner.session import Request, run_session
    from isobench.targets import catalog
    from isobench.targets.trust import require_trust
    from isobench.workloads.loader import find

    paths = Paths.default(results.absolute() if results else None)
    seconds = parse_duration(budget) if budget else None
    if resume is not None:
        _refuse_beside_resume(locals())
        request = _resumed(resume, paths, seconds, wait)
    else:
        full = length == "full"
        request = Request(
            workloads=tuple(find(workloads, paths.workloads)),
            targets=tuple(catalog.find(targets, paths.targets)),
            parameters=Parameters(cache="cold" if cache == "cold" else "warm", length="full" if full else "quick"),
            seed=secrets.randbelow(1 << 31) if seed is None else seed,
            rule=Rule(fill=full) if samples is None else Rule(least=samples, cheap=samples),
            budget=FULL_BUDGET if seconds is None and full else seconds,
            wait=wait,
        )
    require_trust(request.workloads, request.targets, paths.workloads[0], trust_native=trust_native)
    if wait_quiet:
        request = replace(request, wait_quiet=parse_duration(wait_quiet))
    finished = run_session(request, paths, _say, _progress)
    for name, reason in finished.unavailable.items():
        click.echo(f"{name} could not run: {reason}", err=True)
    from isobench.cli.summary import print_summary

    print_summary(finished.folder)
    click.echo(f"session: {finished.folder}")
    if finished.samples and not no_report:
        from isobench.report.page import write
        from isobench.store.reader import read_session

        paths.reports.mkdir(parents=True, exist_ok=True)
        page = write(read_session(finished.folder), paths.reports / f"{finished.folder.name}.html", paths)
        give_to_caller(paths.reports)
        click.echo(f"report:  {page}")
    if finished.interrupted:
        click.echo("interrupted: every finished sample is kept", err=True)
        return 130
    failed = [sample for sample in finished.samples if sample.outcome != "ok"]
    for sample in failed:
        click.echo(f"sample {sample.number} ({sample.cell}): {sample.outcome}: {sample.error}", err=True)
    return 4 if failed or finished.unavailable else 0


def _refuse_beside_resume(given: dict[str, Any]) -> None:
    for name in ("workloads", "targets", "samples", "seed"):
        if given[name]:
            raise UsageError(f"--resume goes on with the session's own plan: leave out --{name.removesuffix('s')}")


def _resumed(name: str, paths: Paths, budget: float | None, wait: bool) -> Request:
    """Return the request that goes on with a session; raises UsageError where nothing is left of its plan."""
    from isobench.plan import next_step
    from isobench.runner.record import plan_of
    from isobench.runner.session import Request
    from isobench.store.reader import find_session, read_session
    from isobench.targets import catalog
    from isobench.workloads.loader import find

    session = read_session(find_session(name, paths.results))
    plan = plan_of(session.meta, str(session.folder))
    if next_step(plan, session.samples) is None:
        raise UsageError("is complete: there is nothing to go on with", where=session.id, mend="start a new session")
    return Request(
        workloads=tuple(find(list(dict.fromkeys(cell.workload for cell in plan.cells)), paths.workloads)),
        targets=tuple(catalog.find(list(dict.fromkeys(cell.target for cell in plan.cells)), paths.targets)),
        parameters=plan.cells[0].parameters,
        seed=plan.seed,
        rule=plan.rule,
        budget=budget,
        wait=wait,
        resume=session,
    )


def _say(words: str) -> None:
    # Nobody may be listening any more; that is no reason to end a measurement.
    with suppress(OSError):
        click.echo(f"· {words}", err=True)


def _progress(plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
    """Print one line a sample: what was seen, and about how long the rest takes."""
    last = samples[-1]
    left = remaining(plan, samples, elapsed)
    seen = f"ready {last.metrics['time_to_ready']:.3f} s" if "time_to_ready" in last.metrics else str(last.error)
    with suppress(OSError):
        click.echo(
            f"[{len(samples):>3}/{len(samples) + left.samples}] {last.cell!s:<18} {last.role:<8} {seen}"
            f"  about {left.seconds / 60:.1f} min left",
            err=True,
        )
