"""Life and state: what becomes of an instance after it is ready."""

from __future__ import annotations

from isobench.model.metric import Metric

LIFE: tuple[Metric, ...] = ()
