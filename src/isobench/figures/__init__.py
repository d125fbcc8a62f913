"""Figures for notebooks: each takes the frame of ``isobench.load()`` and returns a plotly figure.

Only samples that count are drawn (an empty ``left_out``), and of the workloads' jobs, not of studies. What was emulated
is hatched or hollow and said to be so. More than one session may be in the frame; rows then name theirs. All raise
ValueError where the frame lacks a column that they need (docs/results-format.md lists them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isobench.figures.strips import strips
from isobench.figures.tidy import series_of
from isobench.figures.waterfall import waterfall

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

__all__ = ["disk", "memory", "startup", "throughput"]


def startup(frame: pd.DataFrame) -> go.Figure:
    """Return the phases of every target's way from request to ready, as medians one after the other.

    A line around the end is the 95 % interval of the whole, from 6 samples on. Without phases the whole is one bar.
    """
    return waterfall(series_of(frame, "startup"))


def memory(frame: pd.DataFrame) -> go.Figure:
    """Return every sample's memory, a plot a metric: scopes overlap, so none are added up."""
    return strips(series_of(frame, "memory"))


def disk(frame: pd.DataFrame) -> go.Figure:
    """Return sizes on disk and the speed of its storage, a plot a metric."""
    return strips(series_of(frame, "disk"))


def throughput(frame: pd.DataFrame) -> go.Figure:
    """Return rates and latencies of the workloads, a plot a metric; whether more or less is better stands beside."""
    return strips(series_of(frame, "throughput"))
