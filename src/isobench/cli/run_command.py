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

if TYPE_CHECKING:
    from isobench.plan.forecast import Forecast
    from isobench.runner.request import Request
    from isobench.runner.session import Finished

_PLANNED = {
    "workloads": "--workload", "targets": "--target", "samples": "--samples", "seed": "--seed", "studies": "--study",
    "density": "--density",
}  # fmt: skip
"""What a session's plan holds, and the option that would say it anew."""


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
@click.option(
    "--compose", type=click.Path(path_type=Path), metavar="FILE",
    help="Measure this Compose file's application (docs/compose.md).",
)  # fmt: skip
@click.option("--front", metavar="SERVICE", help="With --compose: the service that its client speaks to.")
@click.option("--ready", metavar="REGEX", help="With one of these: it is ready when its output matches.")
@click.option("--port", type=click.IntRange(1, 65535), help="With one of these: it serves when this port lets one in.")
@click.option("--command", "program", metavar="WORDS", help="With --image: run this, not the image's own command.")
@click.option("--timeout", metavar="DURATION", help="With one of these: it must be ready within this (1m; --disk: 2m).")
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
    disk: Path | None, compose: Path | None, front: str | None, ready: str | None, port: int | None,
    program: str | None, timeout: str | None, cache: str, seed: int | None, resume: str | None,
    results: Path | None, wait: bool, wait_quiet: str | None, trust_native: bool, no_report: bool, as_json: bool,
) -> int:  # fmt: skip
    """Run a session: every workload on every target, interleaved; then write its report."""
    from isobench.cli.brought import BroughtOptions
    from isobench.cli.live import face_for
    from isobench.cli.own_disk import TARGET, require_disk
    from isobench.cli.requests import new_request, resumed_request
    from isobench.cli.studies import asked_studies, told
    from isobench.runner.session import run_session
    from isobench.targets.trust import require_trust

    paths = Paths.default(results.absolute() if results else None)
    seconds = parse_duration(budget) if budget else None
    within = parse_duration(timeout) if timeout else None
    asked_for = BroughtOptions(image, compose, disk, ready, port, program, front, within)
    brought = asked_for.workloads({"-w": workloads, "--study": studies, "--density": density})
    if resume is not None:
        _refuse_beside_resume(locals())
        request = resumed_request(resume, paths, seconds, wait, brought)
    else:
        parameters = Parameters("cold" if cache == "cold" else "warm", "full" if length == "full" else "quick")
        seed = secrets.randbelow(1 << 31) if seed is None else seed
        settings = told(density, max_instances, floor)
        named = (*studies, *(["density"] if density else []))
        asked = {} if disk is not None else asked_studies(named, parameters.length)
        targets = (TARGET,) if disk is not None and not targets else targets
        request = new_request(workloads, targets, parameters, samples, seconds, seed, wait, paths, brought, asked)
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


def _refuse_beside_resume(given: dict[str, Any]) -> None:
    for name, option in _PLANNED.items():
        if given[name]:
            raise UsageError(f"--resume goes on with the session's own plan: leave out {option}")


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
    for cell, reason in finished.unsuitable.items():
        click.echo(f"{cell} is no cell: {reason}", err=True)
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
