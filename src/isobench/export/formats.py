"""The formats by the names that ``isobench export --format`` takes."""

from __future__ import annotations

from isobench.errors import UsageError
from isobench.export import bencher, csv_file, github_action, openmetrics, parquet, pytest_benchmark
from isobench.export.protocol import Exporter
from isobench.names import nearest

FORMATS: dict[str, Exporter] = {
    "csv": csv_file.export,
    "parquet": parquet.export,
    "pytest-benchmark": pytest_benchmark.export,
    "github-action": github_action.export,
    "bencher": bencher.export,
    "openmetrics": openmetrics.export,
}


def exporter(name: str) -> Exporter:
    """Return the format of that name; raises UsageError naming the nearest one."""
    try:
        return FORMATS[name]
    except KeyError:
        raise UsageError(f"no format is called {name!r}", mend=nearest(name, FORMATS)) from None
