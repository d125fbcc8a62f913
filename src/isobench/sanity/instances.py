"""Rules on single instances: kernels, phases and clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from isobench.metrics import METRICS
from isobench.model import Cell, Sample
from isobench.runner.figures import CLOCK_BOUND, clock_off
from isobench.sanity.finding import Finding
from isobench.sanity.guests import is_guest
from isobench.store.reader import SessionRecord

Look = Callable[[Sample], str | None]
"""What a rule sees in a sample, in words; None where all is well."""


def kernel_of_the_host(session: SessionRecord) -> Iterator[Finding]:
    """Yield virtual machines that saw the host's kernel inside, where theirs was to be another."""
    environment = session.meta.get("environment")
    host = environment.get("kernel") if isinstance(environment, dict) else None
    words = f"it saw the host's own kernel {host} inside: it ran in no virtual machine"
    yield from _by_cell(session, "kernel of the host", lambda sample: words if _saw(sample, host) else None)


def negative_times(session: SessionRecord) -> Iterator[Finding]:
    """Yield phases and other spans of a life that ended before they began."""
    yield from _by_cell(session, "negative time", _negative)


def clocks_apart(session: SessionRecord) -> Iterator[Finding]:
    """Yield jobs during which the guest's clock and the host's ran apart by more than their bound."""
    yield from _by_cell(session, "clocks apart", _clock)


def _saw(sample: Sample, host: object) -> bool:
    # A guest that was given the very release that the host runs cannot be told from it this way.
    seen, declared = sample.facts.get("kernel_seen_inside"), sample.facts.get("guest_kernel")
    return is_guest(sample.facts) and host is not None and seen == host != declared


def _negative(sample: Sample) -> str | None:
    below = [n for n, v in sample.metrics.items() if n in METRICS and METRICS[n].family == "startup" and v < 0]
    return f"{', '.join(below)} below zero: events were stamped in the wrong order" if below else None


def _clock(sample: Sample) -> str | None:
    names = [job.name for job in sample.jobs if clock_off(job) is not None]
    if not names:
        return None
    return f"the guest's clock ran more than {CLOCK_BOUND:.0%} off the host's during {', '.join(names)}"


def _by_cell(session: SessionRecord, rule: str, look: Look) -> Iterator[Finding]:
    """Yield one finding for each cell and thing seen in it, with the numbers of all samples that showed it."""
    found: dict[tuple[Cell, str], list[int]] = defaultdict(list)
    for sample in session.samples:
        if words := look(sample):
            found[sample.cell, words].append(sample.number)
    for (cell, words), numbers in found.items():
        yield Finding(rule, cell.workload, cell.target, words, tuple(numbers))
