"""``isobench doctor``: what this host can run, and with ``--noise`` how quiet it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from isobench.host.paths import Paths

if TYPE_CHECKING:
    from isobench.host.noise.watch import Watch

_FIGURES = {
    "steal": ("steal", "of all cores' time went to others on the hypervisor"),
    "cpu_pressure": ("CPU pressure", "of the time some task waited for a core"),
    "run_queue": ("run queue", "runnable tasks of others a core"),
    "other_cpu": ("others' CPU", "of all cores' time, used by all but this process"),
    "swapped_pages": ("swap", "pages in and out within 1.5 s"),
    "thermal_throttles": ("heat", "times a core was slowed within 1.5 s"),
    "frequency_hz": ("frequency", "of the core that instances get (worst: lowest)"),
}
_SHARES = ("steal", "cpu_pressure", "other_cpu")


@click.command("doctor")
@click.option("--noise", is_flag=True, help="Watch the host for 30 s: how quiet it is, which effects it can show.")
@click.option("--seconds", type=click.FloatRange(min=0.5, max=3600), default=30.0, hidden=True)
@click.option("--probe", is_flag=True, help="Try KVM again now, whatever an earlier try found.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(noise: bool, seconds: float, probe: bool, as_json: bool) -> int:
    """Say which targets this host can run, and why not; exits 3 when none can."""
    return _noise(seconds, as_json) if noise else _targets(probe, as_json)


def _targets(probe: bool, as_json: bool) -> int:
    from isobench import doctor
    from isobench.targets import catalog

    paths = Paths.default()
    specs = list(catalog.load_all(paths.targets).values())
    findings, advice = doctor.examine(paths, specs, anew=probe), doctor.advice()
    if as_json:
        click.echo(json.dumps({"findings": [asdict(f) for f in findings], "advice": advice}, indent=1))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            click.echo(f"{'yes' if finding.ok else 'no ':<4} {finding.name:<{width}}  {finding.words}")
        for words in advice:
            click.echo(f"note {words}")
    return 0 if any(finding.ok for finding in findings if finding.name != "kvm") else 3


def _noise(seconds: float, as_json: bool) -> int:
    from isobench.host import lock
    from isobench.host.noise import Bounds
    from isobench.host.noise.watch import watch

    folder = lock.host_folder(Paths.default().run)
    with lock.measuring(folder, wait=False, mend="the host is not quiet now: watch it when that has ended"):
        click.echo(f"· watching this host for {seconds:g} s", err=True)
        seen = watch(seconds, Bounds(), _countdown if sys.stderr.isatty() else lambda _: None)
    if as_json:
        click.echo(json.dumps(asdict(seen) | {"bounds": asdict(Bounds())}, indent=1))
    else:
        for line in _lines(seen):
            click.echo(line)
    return 0


def _countdown(left: float) -> None:
    click.echo(f"\r  {left:3.0f} s left " if left else "\r\033[K", err=True, nl=False)


def _lines(seen: Watch) -> Iterator[str]:
    yield f"{'over ' + format(seen.seconds, '.0f') + ' s':<14}{'median':>10}{'worst':>10}"
    for name, (title, meaning) in _FIGURES.items():
        if figure := seen.figures.get(name):
            yield f"{title:<14}{_value(name, figure.median):>10}{_value(name, figure.worst):>10}  {meaning}"
        else:
            yield f"{title:<14}{'–':>10}{'–':>10}  not kept by this host"
    jitter = seen.jitter
    yield (
        f"probe: {jitter.count} × {jitter.median * 1e3:.2f} ms of hashing on core {seen.core}; the middle half of them "
        f"spans {jitter.spread:.2%} of the median, the worst took {jitter.worst / jitter.median:.2f} × as long"
    )
    if seen.loud:
        yield f"{seen.loud} of {seen.windows} windows were over a bound of noisy samples; at worst:"
        yield from (f"  {reason}" for reason in seen.reasons)
    else:
        yield f"quiet: none of {seen.windows} windows was over a bound of noisy samples"
    yield "compute figures that spread as the probe does, two medians compared (docs/noise.md):"
    for size in seen.resolutions:
        yield (
            f"  {size.samples} samples each: 95 % interval ± {size.half_width:.2%}; "
            f"a difference of {size.detectable:.2%} is found 8 times in 10"
        )
    yield "instances and sessions add a spread of their own, so take these as the least that can be seen"


def _value(name: str, value: float) -> str:
    if name in _SHARES:
        return f"{value:.1%}"
    return f"{value / 1e9:.2f} GHz" if name == "frequency_hz" else f"{value:.2g}"
