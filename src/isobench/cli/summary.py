"""The table at the end of a run: each cell's headline figures."""

from __future__ import annotations

from pathlib import Path

_SHOWN = (
    "time_to_ready",
    "host_pss_ready",
    "instance_disk_done",
    "cpu_events",
    "mem_triad",
    "seq_write",
    "requests_per_second",
)


def print_summary(folder: Path) -> None:
    """Print a session's medians, a row a workload and target."""
    from rich.console import Console
    from rich.table import Table

    from isobench.report.format import human
    from isobench.store.frame import load

    frame = load(folder)
    frame = frame[(frame["role"] == "measured") & (frame["outcome"] == "ok")]
    table = Table(title="medians of measured samples", title_justify="left")
    for heading in ("workload", "target", "n", "ready", "host memory", "disk added", "throughput"):
        table.add_column(heading, justify="left" if heading in ("workload", "target") else "right")
    for (workload, target), cell in frame.groupby(["workload", "target"], sort=True):
        medians = cell.groupby("metric")["value"].median()
        units = dict(zip(cell["metric"], cell["unit"], strict=True))
        emulated = (cell["acceleration"] == "tcg").any()
        first = [human(medians[m], units[m]) if m in medians else "–" for m in _SHOWN[:3]]
        rate = next((f"{m} {human(medians[m], units[m])}" for m in _SHOWN[3:] if m in medians), "–")
        name = f"{target} (emulated)" if emulated else str(target)
        table.add_row(str(workload), name, str(cell["sample"].nunique()), *first, rate)
    Console().print(table)
