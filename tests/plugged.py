"""What another package adds to isobench, as its installation leaves it on disk."""

from __future__ import annotations

from pathlib import Path

_MODULE = """
from isobench.model import Metric

PAGES = Metric(
    name="{name}", unit="1/s", direction="higher", family="throughput", scope="guest", instant="job",
    definition="Pages that the tool says it made.", source="the tool", relevant_effect=0.05, floor=1.0,
)
"""


def metric_package(folder: Path, name: str = "pages_per_second") -> None:
    """Write a package ``pages`` that registers a metric; with the folder on Python's path it is installed."""
    about = folder / "pages-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "pages.py").write_text(_MODULE.format(name=name))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pages\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[isobench.metrics]\n{name} = pages:PAGES\n")
