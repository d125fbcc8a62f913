"""``isobench run``: a session with live progress, a summary table and the path of the report."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isobench.errors import UsageError
from isobench.host.paths import Paths, give_to_caller
from isobench.model import Parameters, Sample, Workload

if TYPE_CHECKING:
    from isobench.plan.forecast import Forecast
    from isobench.runner.session import Finished, Request

_PLANNED = {
    "workloads": "--workload", "targets": "--target", "samples": "--samples", "seed": "--seed", "studies": "--study",
    "density": "--density",
}  # fmt: skip
"""What a session's plan holds, and the option that would say it anew."""

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
@click.option(
    "--budget", metavar="DURATION",
    help="Start no new sample after this long (10m, 1h). --full: 1h, but every cell is measured once.",
)  # fmt: skip
@click.option(
    "--study", "studies", multiple=True, metavar="NAME", help="Carry out this study (docs/studies.md; repeatable)."
)
@click.option("--density", is_flag=True, help="Fill the host with idle instances: the study density.")
@click.option("--max-instances", type=click.IntRange(min=2), help="With --density: go up to so many (50).")
@click.option("--floor", metavar="SIZE", help="With --density: leave so much memory to the host (2 GiB).")
@click.option("--image", metavar="REF|DOCKERFILE|TAR", help="Measure this image (docs/bring-your-own.md).")
@click.option(
    "--disk", type=click.Path(path_type=Path), metavar="QCOW2",
    help="Boot this disk as a VM: startup and memory, with --ready or --port (docs/targets.md).",
)  # fmt: skip
@click.option("--ready", metavar="REGEX", help="With --image or --disk: it is ready when its output matches.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="With --image, --disk: it serves when this port lets one in."
)
@click.option("--command", "program", metavar="WORDS", help="With --image: run this, not the image's own command.")
@click.option("--timeout", metavar="DURATION", help="With --image or --disk: it must be ready within this (1m, 2m).")
@click.option("--cache", type=click.Choice(["warm", "cold"]), default="warm", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the order of cells; random by default.")
@click.option("--resume", metavar="SESSION", help="Go on with a session that was interrupted, killed or cut short.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
@click.option("--wait", is_flag=True, help="Wait while another run is measuring.")
@click.option("--wait-quiet", metavar="DURATION", help="Wait for a quiet host, for at most this long.")
@click.option("--trust-native", is_flag=True, help="Let native run workloads that are not isobench's own.")
@click.option("--no-report", is_flag=True, help="Write no report.")
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object a line (docs/live.md).")
def command(
    workloads: tuple[str, ...], targets: tuple[str, ...], length: str, samples: int | None, budget: str | None,
    studies: tuple[str, ...], density: bool, max_instances: int | None, floor: str | None, image: str | None,
    disk: Path | None, ready: str | None, port: int | None, program: str | None, timeout: str | None, cache: str,
    seed: int | None, resume: str | None, results: Path | None, wait: bool, wait_quiet: str | None,
    trust_native: bool, no_report: bool, as_json: bool,
) -> int:  # fmt: skip
    """Run a session: every workload on every target, interleaved; then write its report."""
    from isobench.cli.live import face_for
    from isobench.cli.own_disk import TARGET, from_disk, require_disk
    from isobench.cli.studies import asked_studies, told
    from isobench.runner.session import run_session
    from isobench.targets.trust import require_trust

    paths = Paths.default(results.absolute() if results else None)
    seconds = parse_duration(budget) if budget else None
    brought: tuple[Workload, ...]
    if disk is not None:
        beside = {"--image": image, "--command": program, "-w": workloads, "--study": studies, "--density": density}
        brought = (from_disk(disk, ready, port, parse_duration(timeout) if timeout else None, beside),)
    else:
        brought = _brought(image, ready, port, program, timeout)
    if resume is not None:
        _refuse_beside_resume(locals())
        request = _resumed(resume, paths, seconds, wait, brought)
    else:
        parameters = Parameters("cold" if cache == "cold" else "warm", "full" if length == "full" else "quick")
        seed = secrets.randbelow(1 << 31) if seed is None else seed
        settings = told(density, max_instances, floor)
        named = (*studies, *(["density"] if density else []))
        asked = {} if disk is not None else asked_studies(named, parameters.length)
        targets = (TARGET,) if disk is not None and not targets else targets
        request = _new(workloads, targets, parameters, samples, seconds, seed, wait, paths, brought, asked)
        request = replace(request, settings=settings)
    require_disk(request)
    require_trust(request.workloads, request.targets, paths.workloads[0], trust_native=trust_native)
    if wait_quiet:
        request = replace(request, wait_quiet=parse_duration(wait_quiet))
    forecast = _forecast(request, paths) if request.rule.fill and resume is None else None
    with face_for(as_json=as_json) as face:
        finished = run_session(request, paths, face.say, face.progress, face.begun)
    if not as_json:
        _tell(finished, forecast)
    page: Path | None = None
    if finished.samples and not no_report:
        from isobench.report.page import write
        from isobench.store.reader import read_session

        paths.reports.mkdir(parents=True, exist_ok=True)
        page = write(read_session(finished.folder), paths.reports / f"{finished.folder.name}.html", paths)
        give_to_caller(paths.reports)
        if not as_json:
            click.echo(f"report:  {page}")
    failed = [sample for sample in finished.samples if sample.outcome != "ok"]
    code = 130 if finished.interrupted else 4 if failed or finished.unavailable else 0
    face.ended(finished, page, code)
    if finished.interrupted:
        click.echo("interrupted: every finished sample is kept", err=True)
        return code
    for line in failures(failed):
        click.echo(line, err=True)
    return code


def _new(
    workloads: tuple[str, ...], targets: tuple[str, ...], parameters: Parameters, samples: int | None,
    budget: float | None, seed: int, wait: bool, paths: Paths, brought: tuple[Workload, ...],
    studies: Mapping[str, int],
) -> Request:  # fmt: skip
    from isobench.cli.studies import study_workloads
    from isobench.plan.stopping import Rule
    from isobench.runner.session import Request
    from isobench.targets import catalog
    from isobench.workloads.loader import find

    full = parameters.length == "full"
    jobs = full or not studies
    workloads = workloads or (() if jobs else study_workloads(studies))
    named = () if brought and not workloads else tuple(find(workloads, paths.workloads, every=full))
    for workload in brought:
        if workload.name in {other.name for other in named}:
            raise UsageError(f"would be called {workload.name}, as a workload of this session is", where="--image",
                             mend="run them one after the other")  # fmt: skip
    # A budget that nobody asked for is no reason to leave a cell without a sample.
    rule = Rule(fill=full, once=full and budget is None) if samples is None else Rule(least=samples, cheap=samples)
    return Request(
        workloads=(*named, *brought),
        targets=tuple(catalog.find(targets, paths.targets)),
        parameters=parameters,
        seed=seed,
        rule=replace(rule, studies=tuple((name, samples or count) for name, count in studies.items())),
        budget=FULL_BUDGET if budget is None and full else budget,
        wait=wait,
        studies=tuple(studies),
        jobs=jobs,
    )


def _brought(
    image: str | None, ready: str | None, port: int | None, program: str | None, timeout: str | None
) -> tuple[Workload, ...]:
    """Return the workload that --image brings, if any; raises UsageError."""
    if image is not None:
        from isobench.workloads.bring import TIMEOUT, bring

        within = parse_duration(timeout) if timeout else TIMEOUT
        return (bring(image, ready=ready, port=port, command=program, timeout=within),)
    for option, given in (("--ready", ready), ("--port", port), ("--command", program), ("--timeout", timeout)):
        if given is not None:
            raise UsageError(f"{option} says how to run an image that is brought", mend="add --image")
    return ()


def _refuse_beside_resume(given: dict[str, Any]) -> None:
    for name, option in _PLANNED.items():
        if given[name]:
            raise UsageError(f"--resume goes on with the session's own plan: leave out {option}")


def _resumed(name: str, paths: Paths, budget: float | None, wait: bool, brought: tuple[Workload, ...]) -> Request:
    """Return the request that goes on with a session; raises UsageError where nothing is left of its plan.

    A session with an image that was brought needs it brought again.
    """
    from isobench.model import JOB
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
    own = {workload.name: workload for workload in brought}
    names = dict.fromkeys(cell.workload for cell in plan.cells)
    if left := [name for name in own if name not in names]:
        raise UsageError(f"{left[0]} is no workload of this session", where=session.id, mend="leave out --image")
    return Request(
        workloads=tuple(own.get(name) or find([name], paths.workloads)[0] for name in names),
        targets=tuple(catalog.find(list(dict.fromkeys(cell.target for cell in plan.cells)), paths.targets)),
        parameters=replace(plan.cells[0].parameters, study=JOB, settings=()),
        seed=plan.seed,
        rule=plan.rule,
        budget=budget,
        wait=wait,
        resume=session,
        studies=tuple(dict.fromkeys(cell.parameters.study for cell in plan.cells if cell.parameters.study != JOB)),
        jobs=any(cell.parameters.study == JOB for cell in plan.cells),
    )


def _forecast(request: Request, paths: Paths) -> Forecast:
    from isobench.cli.forecast import forecast_of

    found = forecast_of(request, paths)
    _say(found.words())
    return found


def _tell(finished: Finished, forecast: Forecast | None) -> None:
    """Print what could not run, the session's medians, where it is kept, and whether the estimate held."""
    from isobench.cli.summary import print_summary

    for name, reason in finished.unavailable.items():
        click.echo(f"{name} could not run: {reason}", err=True)
    print_summary(finished.folder)
    click.echo(f"session: {finished.folder}")
    if forecast is not None:
        from isobench.plan.forecast import span
        from isobench.store.reader import read_session

        took = float(read_session(finished.folder).meta.get("wall_seconds", 0.0))
        click.echo(f"took:    {span(took)}; the estimate before it was {span(forecast.seconds)}")


def failures(failed: Sequence[Sample]) -> list[str]:
    """Return a line for each way in which a cell failed, with the numbers of all samples that did."""
    alike: dict[tuple[object, ...], list[Sample]] = {}
    for sample in failed:
        alike.setdefault((sample.cell, sample.outcome, sample.error), []).append(sample)
    lines = []
    for (cell, outcome, error), some in alike.items():
        more = f" (and {len(some) - 1} more: sample {', '.join(str(s.number) for s in some[1:])})" if some[1:] else ""
        lines.append(f"sample {some[0].number} ({cell}): {outcome}: {error}{more}")
    return lines


def _say(words: str) -> None:
    # Nobody may be listening any more; that is no reason to end a measurement.
    with suppress(OSError):
        click.echo(f"· {words}", err=True)
