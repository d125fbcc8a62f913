"""The public figures, and the notebook of the documentation executed as it stands. All sessions are test data."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest
from nbclient import NotebookClient
from tests import synthetic

import isobench
from isobench import figures
from isobench.metrics import METRICS
from isobench.stats import median

_NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "made-up", synthetic.session_meta(), synthetic.samples())


@pytest.fixture
def frame(folder: Path) -> pd.DataFrame:
    return isobench.load(folder)


def values(frame: pd.DataFrame, workload: str, target: str, metric: str) -> list[float]:
    kept = frame[(frame["workload"] == workload) & (frame["target"] == target) & (frame["metric"] == metric)]
    return [float(value) for value in kept["value"]]


def test_startup_stacks_the_medians_of_the_phases(frame: pd.DataFrame) -> None:
    figure = figures.startup(frame)
    bars = {trace.name: trace for trace in figure.data if isinstance(trace, go.Bar)}
    assert list(bars) == ["engine", "firmware and kernel", "initramfs", "user space"]
    kernel = bars["firmware and kernel"]
    places = list(zip(*kernel.y, strict=True))
    assert ("redis", "vm-q35 (emulated)") in places
    assert not any(target.startswith(("native", "docker")) for _, target in places)
    expected = median(values(frame, "redis", "vm-q35", "phase_kernel")).value
    assert kernel.x[places.index(("redis", "vm-q35 (emulated)"))] == pytest.approx(expected)
    assert set(kernel.marker.pattern.shape) == {"/"}
    assert figure.layout.barmode == "stack"
    assert figure.layout.xaxis.title.text == "s, less is better"


def test_the_whole_has_its_interval_from_six_samples_on(frame: pd.DataFrame) -> None:
    ends = {tuple(level[0] for level in trace.y): trace for trace in figures.startup(frame).data
            if isinstance(trace, go.Scatter)}  # fmt: skip
    found = median(values(frame, "redis", "docker", "time_to_ready"))
    assert found.high is not None
    assert ends["redis", "docker"].error_x.array[0] == pytest.approx(found.high - found.value)
    assert ends["cpu", "docker"].error_x.array is None


@pytest.mark.parametrize("family", ["memory", "disk", "throughput"])
def test_every_sample_that_counts_is_a_dot(frame: pd.DataFrame, family: str) -> None:
    figure = getattr(figures, family)(frame)
    dots = [trace for trace in figure.data if trace.marker.symbol in ("circle", "diamond-open")]
    assert sum(len(trace.x) for trace in dots) == int((frame["family"] == family).sum())
    for trace in dots:
        emulated = trace.y[1][0].endswith("(emulated)")
        assert (trace.marker.symbol == "diamond-open") == emulated
    titles = [note.text.partition(" ")[0] for note in figure.layout.annotations]
    assert titles == [name for name in METRICS if name in set(frame[frame["family"] == family]["metric"])]


def test_what_does_not_count_is_not_drawn(frame: pd.DataFrame) -> None:
    left_out = frame.assign(left_out=frame["left_out"].mask(frame["target"] == "docker", "noisy"))
    rows = {trace.y[1][0] for trace in figures.memory(left_out).data}
    assert rows == {"native", "vm-micro (emulated)", "vm-q35 (emulated)"}
    studied = frame.assign(params=frame["params"] + ",study=life")
    assert "Nothing was measured." in figures.memory(studied).to_json()


def test_two_sessions_in_a_frame_have_rows_of_their_own(frame: pd.DataFrame) -> None:
    both = pd.concat([frame, frame.assign(session="another")])
    rows = {trace.y[1][0] for trace in figures.memory(both).data}
    assert {"native, another", "native, synthetic-test-data"} <= rows


def test_an_empty_frame_says_so_and_a_strange_one_is_refused(frame: pd.DataFrame) -> None:
    for draw in (figures.startup, figures.memory, figures.disk, figures.throughput):
        assert draw(frame.iloc[:0]).layout.annotations[0].text == "Nothing was measured."
        with pytest.raises(ValueError, match=r"no frame of isobench\.load\(\): it lacks session, workload"):
            draw(pd.DataFrame({"value": [1.0]}))


def test_names_are_not_mark_up(frame: pd.DataFrame) -> None:
    hostile = frame.assign(workload="<b>bold</b>", target="<a href='x'>go</a>")
    trace = figures.memory(hostile).data[0]
    assert trace.y[0][0] == "&lt;b&gt;bold&lt;/b&gt;"
    assert trace.y[1][0].startswith("&lt;a href")


def test_the_notebook_runs(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = nbformat.read(_NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code), "it is kept without outputs"
    [parameters] = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    parameters.source = f"SESSION = {str(folder)!r}"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in code for output in cell.outputs]
    assert sum("application/vnd.plotly.v1+json" in output.get("data", {}) for output in shown) == 4
    tables = [output["data"]["text/plain"] for output in shown if "text/html" in output.get("data", {})]
    assert len(tables) >= 3
    assert "native" in tables[-1]
    assert "vm-" not in tables[-1]
