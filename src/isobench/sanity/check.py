"""All rules, in the order in which their findings are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isobench.sanity import instances, medians
from isobench.sanity.finding import Finding
from isobench.store.reader import SessionRecord

RULES: tuple[Callable[[SessionRecord], Iterator[Finding]], ...] = (
    instances.kernel_of_the_host,
    instances.negative_times,
    instances.clocks_apart,
    medians.cpu_beyond_native,
    medians.reads_beyond_device,
    medians.fsync_beyond_device,
)


def check(session: SessionRecord) -> tuple[Finding, ...]:
    """Return all nonsense in a session, none where nothing is implausible."""
    return tuple(finding for rule in RULES for finding in rule(session))
