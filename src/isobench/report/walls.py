"""What instances see and reach of their host, as a table: a fact a row, a target a column."""

from __future__ import annotations

from collections.abc import Sequence

from isobench.model.sample import Fact
from isobench.report.series import Data

FACTS = {
    "same_kernel": "runs on the host's kernel",
    "own_pid_namespace": "has processes of its own",
    "host_processes_visible": "processes of the host that it sees",
    "host_can_list_processes": "the host finds its processes",
    "neighbour_memory_readable": "reads a neighbour's memory",
    "limits_hold": "its limits held",
    "limits_tried": "limits that were tried",
    "capabilities": "capabilities held",
    "devices_visible": "device nodes seen",
    "syscalls_allowed": "of the calls by which one gets out, answered",
    "syscalls_tried": "such calls tried",
}
"""The facts of the study isolation, in words (docs/studies.md)."""


def walls(data: Data) -> tuple[Sequence[str], list[tuple[str, list[str]]]]:
    """Return the targets that tell such facts, and rows of their words; no target where the study was not taken."""
    told = _told(data)
    rows = [(words, [_said(facts.get(name)) for facts in told.values()]) for name, words in FACTS.items()]
    return list(told), rows


def kernels(data: Data) -> dict[str, bool]:
    """Return, by target that tells, whether its instances run on the host's kernel."""
    return {target: facts["same_kernel"] is True for target, facts in _told(data).items()}


def _told(data: Data) -> dict[str, dict[str, Fact]]:
    # A fact is one also where its sample is noisy.
    good = (sample for sample in data.studies if sample.outcome == "ok" and "same_kernel" in sample.facts)
    told = {sample.cell.target: sample.facts for sample in good}
    order = [target.partition(" [")[0] for target in data.targets]
    return {target: told[target] for target in sorted(told, key=order.index)}


def _said(fact: Fact) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return "–" if fact is None else str(fact)
