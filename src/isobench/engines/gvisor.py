"""Choosing gVisor's platform and network by trying them: what starts is not what runsc's flags promise."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isobench.engines.runtimes import Trial, runsc_modes
from isobench.host.facts import cpu_model
from isobench.host.process import run


@dataclass(frozen=True, slots=True)
class Gvisor:
    """The runtime and the Docker network that work here, both "" where none does; ``reason`` says what was tried."""

    runtime: str
    network: str
    reason: str


def version() -> str | None:
    """Return runsc's version, None where it is not installed."""
    if (found := shutil.which("runsc")) is None:
        return None
    said = run([found, "--version"], check=False).stdout.decode("utf-8", "replace")
    return said.partition("\n")[0].removeprefix("runsc version ").strip() or "unknown"


def key(known: Mapping[str, Any], engine: str) -> dict[str, str]:
    """Return what a kept choice rests on: runsc, kernel, CPU, this boot, the engine and the runtimes it knows."""
    modes = [runtime for modes in runsc_modes(known).values() for runtime, _ in modes]
    return {**_host(), "docker": engine, "runtimes": " ".join(modes)}


def known_fault(cache: Path) -> str | None:
    """Return why no mode worked when they were last tried on this very boot, kernel and runsc, or None."""
    try:
        read = json.loads((cache / "gvisor.json").read_text())
        same = all(read["key"][name] == now for name, now in _host().items())
        return str(read["choice"]["reason"]) if same and not read["choice"]["runtime"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _host() -> dict[str, str]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {"runsc": version() or "none", "kernel": platform.release(), "cpu": cpu_model(), "boot": boot}


def choose(known: Mapping[str, Any], attempt: Callable[[str, str], Trial]) -> Gvisor:
    """Return the first runtime and network in which ``attempt`` finds no fault.

    A platform on which nothing came in time is not tried again: KVM hangs where it is unusable.
    """
    faults: list[str] = []
    for modes in runsc_modes(known).values():
        for runtime, network in modes:
            trial = attempt(runtime, network)
            if trial.reason is None:
                return Gvisor(runtime, network, "; ".join(faults))
            faults.append(f"{runtime}: {trial.reason}")
            if trial.late:
                break
    return Gvisor("", "", "; ".join(faults) or "Docker knows no runtime runsc")


def probe(known: Mapping[str, Any], engine: str, cache: Path, attempt: Callable[[str, str], Trial]) -> Gvisor:
    """Return the choice; it is kept in the cache for as long as what it rests on stays the same."""
    kept, rests_on = cache / "gvisor.json", key(known, engine)
    try:
        read = json.loads(kept.read_text())
        if read["key"] == rests_on:
            return Gvisor(**read["choice"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    choice = choose(known, attempt)
    kept.write_text(json.dumps({"key": rests_on, "choice": asdict(choice)}))
    return choice
