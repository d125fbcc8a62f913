"""A session: a plan carried out on one host, every sample written as it ends."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from isobench import __version__
from isobench.host import cpus, lock
from isobench.host.facts import environment
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.model import Cell, Parameters, Sample, TargetSpec, Workload
from isobench.plan import Plan, Step, next_step
from isobench.runner.measure import SETTLE, measure
from isobench.store.writer import SessionWriter
from isobench.targets.base import Prepared, Slot

Progress = Callable[[Plan, Sequence[Sample]], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for."""

    workloads: tuple[Workload, ...]
    targets: tuple[TargetSpec, ...]
    parameters: Parameters
    seed: int
    samples: int | None = None
    budget: float | None = None
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of it."""

    folder: Path
    samples: tuple[Sample, ...]
    unavailable: dict[str, str]
    interrupted: bool


def run_session(request: Request, paths: Paths, say: Say, progress: Progress) -> Finished:
    """Carry out a session; Ctrl-C ends it with every finished sample kept."""
    for workload in request.workloads:
        cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable())
    with lock.measuring(paths.run, wait=request.wait, waiting=lambda holder: say(f"waiting for {holder}")):
        with house(paths, request.targets, say) as opened:
            prepared = {workload.name: opened.prepare(workload, say) for workload in request.workloads}
            return _Session(request, paths, opened, prepared).carry_out(progress)


class _Session:
    def __init__(self, request: Request, paths: Paths, opened: House, prepared: dict[str, Prepared]) -> None:
        self._request, self._paths, self._house, self._prepared = request, paths, opened, prepared
        cells = tuple(Cell(w, t, request.parameters) for w in prepared for t in opened.targets)
        fixed = {} if request.samples is None else {"least": request.samples, "cheap": request.samples}
        self._plan = Plan(cells=cells, seed=request.seed, budget=request.budget, **fixed)
        self._writer = SessionWriter(paths.results, request.seed)
        self._samples: list[Sample] = []
        self._began = time.monotonic()
        self._inside = self._settling = 0.0

    def carry_out(self, progress: Progress) -> Finished:
        """Take sample after sample until the plan has none, or the user interrupts."""
        meta = self._meta()
        self._writer.write_meta(meta)
        interrupted = False
        try:
            while step := next_step(self._plan, self._samples, time.monotonic() - self._began):
                if step.cell.parameters.cache == "cold":
                    _drop_caches()
                began = time.monotonic()
                sample = self._take(step)
                self._inside += time.monotonic() - began
                self._settling += SETTLE if "done" in sample.events else 0.0
                self._writer.append(sample)
                self._samples.append(sample)
                progress(self._plan, self._samples)
        except KeyboardInterrupt:
            interrupted = True
        self._writer.write_meta(self._close(meta, interrupted))
        return Finished(self._writer.folder, tuple(self._samples), self._house.unavailable, interrupted)

    def _take(self, step: Step) -> Sample:
        workload = self._prepared[step.cell.workload].workload
        number = len(self._samples)
        folder = self._paths.run / f"{number:x}-{secrets.token_hex(3)}"
        folder.mkdir(mode=0o711)
        slot = Slot(
            id=folder.name,
            folder=folder,
            placement=cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable()),
            number=number,
        )
        target, prepared = self._house.targets[step.cell.target], self._prepared[workload.name]
        return measure(self._writer.id, number, step, target, prepared, slot)

    def _meta(self) -> dict[str, Any]:
        opened, request = self._house, self._request
        return {
            "format": 1,
            "id": self._writer.id,
            "state": "running",
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "isobench": __version__,
            "command": ["isobench", *sys.argv[1:]],
            "seed": request.seed,
            "plan": {
                "length": request.parameters.length,
                "cache": request.parameters.cache,
                "rule": self._plan.rule(),
                "cells": [{"workload": c.workload, "target": c.target} for c in self._plan.cells],
            },
            "environment": environment(self._paths.cache),
            "versions": opened.versions,
            "workloads": {name: _workload(p.workload) for name, p in self._prepared.items()},
            "images": {name: _image(p) for name, p in self._prepared.items()},
            "targets": {
                name: {
                    **{k: v for k, v in asdict(target.spec).items() if k != "name"},
                    "acceleration": opened.acceleration[name],
                    "describe": {w: self._publishable(target.describe(p)) for w, p in self._prepared.items()},
                }
                for name, target in opened.targets.items()
            },
            "unavailable": opened.unavailable,
        }

    def _publishable(self, words: dict[str, str]) -> str:
        """Return a command line or domain XML with the cache's and run folder's paths made relative."""
        text = "\n".join(f"{key}: {value}" if len(words) > 1 else value for key, value in words.items())
        return text.replace(str(self._paths.cache), "$CACHE").replace(str(self._paths.run), "$RUN")

    def _close(self, meta: dict[str, Any], interrupted: bool) -> dict[str, Any]:
        wall = time.monotonic() - self._began
        lives = sum(sample.duration for sample in self._samples)
        return meta | {
            "state": "interrupted" if interrupted else "complete",
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_seconds": wall,
            "shares": {
                "samples": lives / wall,
                "settling": self._settling / wall,
                "around_samples": (self._inside - lives) / wall,
                "between_samples": (wall - self._inside) / wall,
            },
        }


def _workload(workload: Workload) -> dict[str, Any]:
    table = asdict(workload)
    del table["folder"]
    if workload.service:
        table["service"]["request"] = workload.service.request.decode("utf-8", "replace")
    return table


def _image(prepared: Prepared) -> dict[str, Any]:
    return {
        "image": prepared.image.id,
        "rootfs_digest": prepared.rootfs.digest,
        "file_bytes": prepared.rootfs.file_bytes,
    }


def _drop_caches() -> None:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
