"""Density and concurrency: many instances on one host."""

from __future__ import annotations

from isobench.model.metric import Metric

DENSITY: tuple[Metric, ...] = ()
