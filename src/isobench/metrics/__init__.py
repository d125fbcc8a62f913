"""The registry of metrics: every figure isobench prints is defined here, once."""

from isobench.metrics.registry import METRICS, metric

__all__ = ["METRICS", "metric"]
