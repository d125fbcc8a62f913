"""Isolation in figures: how much a neighbour slows a workload down."""

from __future__ import annotations

from isobench.model.metric import Metric

HOGS = {
    "cpu": "computes on all the cores that it may use",
    "memory": "writes half of its memory limit through, again and again",
    "disk": "writes a file through to the device of its volume, again and again",
    "fork": "has as many processes as its limit lets it, again and again; only where that limit has been proven first",
}
"""What a neighbour does, by the word in the figure's name."""


def _slowdown(hog: str, does: str) -> Metric:
    return Metric(
        name=f"neighbour_slowdown_{hog}",
        unit="1",
        direction="lower",
        family="isolation",
        scope="host",
        instant="job",
        definition=f"The workload's first figure alone over the same beside a neighbour on the target that {does}. "
        "2 means that it gets half as much done. Both are taken one after the other in one instance.",
        source="Xavier et al. (PDP 2013); Sharma et al. (Middleware 2016)",
        relevant_effect=0.1,
        floor=0.05,
    )


ISOLATION: tuple[Metric, ...] = tuple(_slowdown(hog, does) for hog, does in HOGS.items())
