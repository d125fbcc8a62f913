"""Memory by scope and instant; each figure has a panel of its own, since their sums would count pages twice."""

from __future__ import annotations

from isobench.report.figures.dots import dots
from isobench.report.figures.look import Panel
from isobench.report.series import Data

_SHOWN = (
    ("host_pss_ready", "What an idle instance costs the host", "Pss of all its host processes, at ready + 1 s."),
    ("vmm_overhead_ready", "What isolates, without what is isolated", "VMM without guest RAM; shim and helpers."),
    ("cgroup_anon_ready", "Anonymous memory charged to it", "The control group's account, at ready + 1 s."),
    ("host_pss_done", "The same host memory after the work", "Pss of all its host processes, at done."),
)


def panels(data: Data) -> list[Panel]:
    """Return the panels of the memory family."""
    return [found for entry in _SHOWN if (found := dots(data, *entry)) is not None]
