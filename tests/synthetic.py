"""TEST DATA: sessions made up by a seeded generator, never measured; for tests of readers and of the report only."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from isobench.model import Cell, Outcome, Sample

TARGETS = {"native": 0.02, "docker": 0.3, "vm-micro": 1.4, "vm-q35": 2.9}
WORKLOADS = ("idle", "cpu", "memory", "disk", "redis")
_MANY = ("idle", "redis")
_MIB = 1 << 20


def session_meta(emulated: bool = True, name: str = "synthetic-test-data", **more: Any) -> dict[str, Any]:
    """Return a made-up session.json."""
    acceleration = {t: ("tcg" if emulated else "kvm") if t.startswith("vm") else "none" for t in TARGETS}
    return {
        "format": 1, "id": name, "started_at": "2026-01-01T00:00:00+00:00", "ended_at": "2026-01-01T00:08:00+00:00",
        "state": "complete", "isobench": "0.1.0", "seed": 7, "command": ["isobench", "run"],
        "plan": {"length": "quick", "cells": [], "rule": "TEST DATA, generated, not measured"},
        "environment": {"cpu_model": "Made-up CPU", "cores": 2, "memory_bytes": 8 << 30, "kernel": "6.1.0-test",
                        "distribution": "Test data 12", "cgroup_version": 2, "governor": None},
        "versions": {"docker": "0.0", "libvirt": "0.0", "qemu": "0.0"},
        "images": {w: {"image": "sha256:0", "rootfs_digest": f"sha256:{w:0>64}", "file_bytes": 90 * _MIB}
                   for w in WORKLOADS},
        "workloads": {w: {"resources": {"vcpus": 1, "memory": 256 * _MIB, "disk": 1 << 30}} for w in WORKLOADS},
        "targets": {t: {"title": f"Target {t}", "kind": t, "acceleration": a,
                        "describe": {w: f"<domain type='{a}'><name>{w}</name></domain>" for w in WORKLOADS}}
                    for t, a in acceleration.items()},
        "shares": {"samples": 0.9, "settling": 0.2, "around_samples": 0.06, "between_samples": 0.04},
        "wall_seconds": 480.0,
        "stopped": [{"workload": w, "target": t, "samples": 8 if w in _MANY else 3, "words": "TEST DATA",
                     "reason": "width" if w == "redis" else "count"} for w in WORKLOADS for t in TARGETS],
        **more,
    }  # fmt: skip


def sample(number: int, workload: str, target: str, draw: random.Random, outcome: Outcome = "ok") -> Sample:
    """Return a made-up sample."""
    ready = TARGETS.get(target, 0.5) * draw.lognormvariate(0, 0.05)
    vm = target.startswith("vm")
    parts = (0.25, 0.45, 0.2, 0.1) if vm else (0.7, 0, 0, 0.3)
    names = ("phase_engine", "phase_kernel", "phase_initramfs", "phase_userspace")
    metrics = {"time_to_ready": ready, "remove_time": 0.05 * draw.lognormvariate(0, 0.1),
               "host_pss_ready": (180 if vm else 9) * _MIB * draw.lognormvariate(0, 0.02),
               "vmm_overhead_ready": (40 if vm else 5) * _MIB * draw.lognormvariate(0, 0.02),
               "instance_disk_done": (2 if vm else 0.05) * _MIB, "stored_bytes": 95.0 * _MIB}  # fmt: skip
    metrics |= {n: ready * p for n, p in zip(names, parts, strict=True) if p}
    metrics |= {"stop_time": 0.1} if number % 2 else {"kill_time": 0.02}
    rate = (0.1 if vm else 1) * draw.lognormvariate(0, 0.02)
    metrics |= {
        "cpu": {"cpu_events": 900 * rate, "cpu_events_all": 1700 * rate},
        "memory": {"mem_copy": 9e9 * rate, "mem_triad": 8e9 * rate},
        "disk": {"seq_read": 9e8 * rate, "seq_write": 4e8 * rate, "rand_read_iops": 9e4 * rate},
        "redis": {"requests_per_second": 8e4 * rate, "request_latency_p50": 1e-4 / rate,
                  "time_to_service": ready * 1.1},
    }.get(workload, {})  # fmt: skip
    return Sample(
        session="synthetic-test-data", number=number, cell=Cell(workload, target), block=number,
        role="measured", outcome=outcome, started_at="2026-01-01T00:00:00+00:00", request_ns=number * 10**9,
        ended_by="stop" if number % 2 else "kill", events={"request": 0, "ready": int(ready * 1e9)},
        metrics=metrics if outcome == "ok" else {},
        facts={"kernel_seen_inside": "6.1.0-guest" if vm else "6.1.0-test", "storage": "ext4"},
        noise={"steal": 0.001, "cpu_pressure": 0.02, "harness_cpu": 0.01},
        marks=("shared-core",) if workload == "redis" else (),
        not_applicable={} if vm else {"phase_kernel": "a container has no kernel of its own"},
        error=None if outcome == "ok" else f"made-up failure: {outcome}",
        output="" if outcome == "ok" else "last words of <b>the</b> workload",
    )  # fmt: skip


def samples(per_cell: int = 8, seed: int = 7) -> list[Sample]:
    """Return made-up samples in randomised blocks; heavy workloads have 3 a cell."""
    draw = random.Random(seed)  # noqa: S311
    taken: list[Sample] = []
    for block in range(1, per_cell + 1):
        cells = [(w, t) for w in WORKLOADS for t in TARGETS if w in _MANY or block <= 3]
        draw.shuffle(cells)
        taken += [replace(sample(len(taken) + i, w, t, draw), block=block) for i, (w, t) in enumerate(cells)]
    return taken


def many_targets() -> list[Sample]:
    """Return a made-up session of more targets than workloads, with more rows than a figure shows at once."""
    draw = random.Random(5)  # noqa: S311
    cells = [
        (block, w, t) for block in (1, 2, 3) for w in ("idle", "redis", "cpu") for t in ("podman", "docker-gvisor")
    ]
    more = [replace(sample(1000 + i, w, t, draw), block=block) for i, (block, w, t) in enumerate(cells)]
    return [*samples(), *more]


def write(folder: Path, meta: dict[str, Any], taken: list[Sample]) -> Path:
    """Write a made-up session to a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "session.json").write_text(json.dumps(meta), encoding="utf-8")
    lines = "".join(json.dumps(asdict(one)) + "\n" for one in taken)
    (folder / "samples.jsonl").write_text(lines, encoding="utf-8")
    return folder
