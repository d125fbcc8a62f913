"""Workloads as files: the schema of workload.toml, finding them, and reading metrics from what tools print."""

from isobench.workloads.loader import load_all, load_one

__all__ = ["load_all", "load_one"]
