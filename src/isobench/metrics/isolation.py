"""Isolation in figures: how much a neighbour slows a workload down."""

from __future__ import annotations

from isobench.model.metric import Metric

ISOLATION: tuple[Metric, ...] = ()
