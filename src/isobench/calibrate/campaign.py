"""Taking A/A sessions: one after another, each with a house of its own, within a budget."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from isobench.calibrate.latency import Latency, measured
from isobench.errors import IsobenchError, UsageError
from isobench.host.paths import Paths, give_to_caller
from isobench.model import Parameters, TargetSpec, Workload
from isobench.plan.stopping import Rule
from isobench.runner.premises import Say, premises
from isobench.runner.request import Request
from isobench.runner.session import run_session
from isobench.runner.slots import Slots
from isobench.store.reader import SessionRecord, read_session
from isobench.store.writer import refuse_unwritable
from isobench.targets.base import Prepared, Target


@dataclass(frozen=True, slots=True)
class Campaign:
    """What to calibrate. ``budget`` is in seconds; ``emulated`` keeps targets that only emulation can run here."""

    workloads: tuple[Workload, ...]
    targets: tuple[TargetSpec, ...]
    sessions: int
    samples: int
    budget: float
    seed: int
    wait: bool = False
    emulated: bool = False


@dataclass(frozen=True, slots=True)
class Preparation:
    """The targets to calibrate, why others cannot run, and each target's channel latency."""

    targets: tuple[TargetSpec, ...]
    unavailable: dict[str, str]
    latency: dict[str, Latency]


@dataclass(frozen=True, slots=True)
class Taken:
    """The finished sessions, all below ``folder``, and what ended them early (``error``, or the user)."""

    folder: Path
    sessions: tuple[SessionRecord, ...]
    interrupted: bool = False
    error: IsobenchError | None = None


def prepare(campaign: Campaign, paths: Paths, say: Say) -> Preparation:
    """Build what the sessions need and ping an idle instance of each target: outside the budget and all samples."""
    refuse_unwritable(paths.results)
    with premises(paths, campaign.targets, campaign.workloads, say, wait=campaign.wait) as opened:
        for name in [n for n, how in opened.acceleration.items() if how == "tcg" and not campaign.emulated]:
            say(f"{name} could only be emulated here: left out; name it with -t to calibrate it all the same")
            del opened.targets[name]
        if not opened.targets:
            raise UsageError("no target can be calibrated here", mend="see `isobench doctor`")
        prepared = [opened.prepare(workload, say) for workload in campaign.workloads]
        say("measuring the latency of the guest channel")
        latency = {name: _latency(target, prepared[0], paths) for name, target in opened.targets.items()}
        latency |= {name: Latency(reason=why) for name, why in opened.unavailable.items()}
        kept = tuple(spec for spec in campaign.targets if spec.name in opened.targets)
        return Preparation(kept, opened.unavailable, latency)


def take(campaign: Campaign, targets: tuple[TargetSpec, ...], paths: Paths, say: Say) -> Taken:
    """Take the sessions; Ctrl-C, the budget or an error ends them, with the finished ones kept."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = paths.results / f"calibration-{stamp}-{campaign.seed & 0xFFFF:04x}"
    taken: list[SessionRecord] = []
    try:
        for session in _sessions(replace(campaign, targets=targets), replace(paths, results=folder), say):
            taken.append(session)
            give_to_caller(folder)
    except KeyboardInterrupt:
        return Taken(folder, tuple(taken), interrupted=True)
    except IsobenchError as error:
        return Taken(folder, tuple(taken), error=error)
    return Taken(folder, tuple(taken))


def _sessions(campaign: Campaign, paths: Paths, say: Say) -> Iterator[SessionRecord]:
    """Yield finished sessions; raises KeyboardInterrupt where the user ended one."""
    began, lasted = time.monotonic(), 0.0
    for number in range(1, campaign.sessions + 1):
        left = campaign.budget - (time.monotonic() - began)
        if left < lasted:
            say(f"the budget has no room for another session of {lasted:.0f} s: {number - 1} were taken")
            return
        started = time.monotonic()
        request = Request(
            campaign.workloads, campaign.targets, Parameters(), campaign.seed + number,
            Rule(least=campaign.samples, cheap=campaign.samples), budget=left,
            wait=True,  # the calibration has begun: it queues behind whoever took the lock in between
        )  # fmt: skip
        finished = run_session(request, paths, say, lambda *_: None)
        if finished.interrupted:
            raise KeyboardInterrupt
        session = read_session(finished.folder)
        if session.meta["state"] != "complete":
            say(f"the budget ended session {number} early: it is kept, and left out of the figures")
            return
        lasted = time.monotonic() - started
        ahead = (campaign.sessions - number) * lasted
        say(
            f"session {number} of {campaign.sessions}: {len(session.samples)} samples in {lasted:.0f} s; "
            f"about {min(ahead, max(left - lasted, 0)) / 60:.1f} min left"
        )
        yield session


def _latency(target: Target, prepared: Prepared, paths: Paths) -> Latency:
    return measured(target, prepared, Slots(paths.run).give(prepared.workload))
