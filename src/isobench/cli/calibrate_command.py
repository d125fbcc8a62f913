"""``isobench calibrate``: A/A sessions, and what they say of this host and of the gate."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from isobench.cli.run_command import parse_duration
from isobench.host.paths import Paths, give_to_caller


@click.command("calibrate")
@click.option("-w", "--workload", "workloads", multiple=True, metavar="NAME", help="Only this workload (repeatable).")
@click.option("-t", "--target", "targets", multiple=True, metavar="NAME",
              help="Only this target (repeatable); without it, none that would be emulated.")  # fmt: skip
@click.option("--sessions", type=click.IntRange(min=2), default=10, show_default=True, help="A/A sessions.")
@click.option("--samples", type=click.IntRange(min=1), default=6, show_default=True,
              help="Samples of each cell in a session; below 6 the gate is always inconclusive.")  # fmt: skip
@click.option("--budget", metavar="DURATION", default="30m", show_default=True, help="Begin no session after this.")
@click.option("--wait", is_flag=True, help="Wait while another run is measuring.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
@click.option("--trust-native", is_flag=True, help="Let native run workloads that are not isobench's own.")
@click.option("--all", "every", is_flag=True, help="Print every series, not the headline figures only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    workloads: tuple[str, ...], targets: tuple[str, ...], sessions: int, samples: int, budget: str, wait: bool,
    results: Path | None, trust_native: bool, every: bool, as_json: bool,
) -> int:  # fmt: skip
    """Measure what this host and gate can resolve.

    It takes separate sessions of the same thing, engines restarted and overlays made anew for each, and computes the
    spread within and between them, the gate's false alarms and the smallest effects that it finds. The result is kept
    as the host's profile. Ctrl-C computes from the sessions that are finished.
    """
    from isobench.calibrate.campaign import Campaign, prepare, take
    from isobench.targets import catalog
    from isobench.targets.trust import require_trust
    from isobench.workloads.loader import find

    paths = Paths.default(results.absolute() if results else None)
    campaign = Campaign(
        workloads=tuple(find(workloads, paths.workloads)), targets=tuple(catalog.find(targets, paths.targets)),
        sessions=sessions, samples=samples, budget=parse_duration(budget), seed=secrets.randbelow(1 << 31),
        wait=wait, emulated=bool(targets),
    )  # fmt: skip
    require_trust(campaign.workloads, campaign.targets, paths.workloads[0], trust_native=trust_native)
    ready = prepare(campaign, paths, _say)
    taken = take(campaign, ready.targets, paths, _say)
    if taken.error:
        click.echo(f"isobench: {taken.error.line()}", err=True)
    if len(taken.sessions) < 2:
        return _too_few(len(taken.sessions), taken.folder, _ended(taken.interrupted, taken.error))

    from isobench.calibrate.compute import compute
    from isobench.calibrate.profile import save, write
    from isobench.calibrate.text import show
    from isobench.gate.trial import CheckGate

    _say(f"computing from {len(taken.sessions)} sessions")
    profile = compute(taken.sessions, ready.latency, gate=CheckGate(baseline=len(taken.sessions) - 1))
    write(taken.folder / "profile.json", [profile])
    give_to_caller(taken.folder)
    kept = save(profile, paths)
    if as_json:
        click.echo(json.dumps(asdict(profile), indent=1, allow_nan=False))
    else:
        show(profile, every=every)
        click.echo(f"sessions: {taken.folder}\nprofile:  {kept}")
    failed = sum(sample.left_out == "failed" for session in taken.sessions for sample in session.samples)
    if failed:
        click.echo(f"{failed} samples failed: see `isobench show` of the sessions", err=True)
    return _ended(taken.interrupted, taken.error) or (4 if failed or ready.unavailable else 0)


def _ended(interrupted: bool, error: Exception | None) -> int:
    if interrupted:
        click.echo("interrupted: every finished session is kept", err=True)
        return 130
    return int(getattr(error, "exit_code", 0))


def _too_few(count: int, folder: Path, code: int) -> int:
    said = f"isobench: {count} session{'' if count == 1 else 's'} finished, a calibration needs 2"
    click.echo(f"{said}; raise --budget, or name fewer workloads or --samples (kept: {folder})", err=True)
    return code or 2


def _say(words: str) -> None:
    # Nobody may be listening any more; that is no reason to end a measurement.
    with suppress(OSError):
        click.echo(f"· {words}", err=True)
