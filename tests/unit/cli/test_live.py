"""A run as it is followed: the table in a terminal, lines elsewhere, events for programs. All samples are test data."""

from __future__ import annotations

import io
import json
import os
import pty
import random
import select
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests import synthetic

from isobench.cli.live import face_for
from isobench.cli.live_events import Events
from isobench.cli.live_lines import Lines, sample_line
from isobench.cli.live_table import Table, drawn
from isobench.errors import HarnessError
from isobench.model import Cell, Parameters, Sample
from isobench.plan import Headline, Plan, next_step
from isobench.plan.stopping import Rule
from isobench.report.faces.cells import first_figure, seen, sparkline, standing
from isobench.runner.session import Finished

STUDY = Parameters(study="min-memory")
RULE = Rule(least=7, cheap=7, studies=(("min-memory", 1),))


def plan(workloads: tuple[str, ...] = ("idle", "redis"), **more: Any) -> Plan:
    cells = [Cell(workload, target) for workload in workloads for target in synthetic.TARGETS]
    return Plan((*cells, Cell("idle", "docker", STUDY)), 7, RULE, (Headline("idle", "time_to_ready", 0.05),), **more)


def carried_out(made: Plan, most: int | None = None) -> list[Sample]:
    """Return the samples of a plan in its order, made up."""
    draw = random.Random(3)  # noqa: S311
    taken: list[Sample] = []
    while (step := next_step(made, taken)) and (most is None or len(taken) < most):
        one = synthetic.sample(len(taken), step.cell.workload, step.cell.target, draw)
        one = replace(one, cell=step.cell, block=step.block, role=step.role, events={"request": 0, "removed": 10**9})
        taken.append(replace(one, metrics={"min_memory": 12.0 * 2**20}) if step.cell.parameters == STUDY else one)
    return taken


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "made-up", synthetic.session_meta(), [])


def text(width: int, made: Plan, taken: list[Sample], height: int = 40) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    found = standing(made, taken, 1.2 * len(taken), {"vm-micro", "vm-q35"})
    with console.capture() as said:
        console.print(drawn(found, taken, height))
    return said.get().splitlines()


def test_a_cell_tells_figure_interval_and_what_is_left() -> None:
    made = plan()
    taken = carried_out(made)[:-20]
    lines = {str(line.cell): line for line in standing(made, taken, 100.0).lines}
    idle = lines["idle@native"]
    values = [s.metrics["time_to_ready"] for s in taken if s.cell == idle.cell and s.left_out is None]
    assert list(idle.values) == values
    assert idle.figure.endswith(" ms")
    assert idle.taken + idle.left == 7
    assert idle.seconds == pytest.approx(idle.left * max(100 / len(taken), 1.0))
    assert lines["idle@docker/min-memory"].figure == "12 MiB"
    assert lines["idle@docker/min-memory"].stopped == "count"


def test_what_is_left_of_the_cells_is_what_is_left_of_the_session() -> None:
    made = plan()
    whole = carried_out(made)
    for count in (0, 3, 11, 40, len(whole)):
        found = standing(made, whole[:count], 1.5 * count)
        warm = sum(line.cell.parameters != STUDY and line.cell not in {s.cell for s in whole[:count]}
                   for line in found.lines)  # fmt: skip
        assert sum(line.left for line in found.lines) + warm == found.left.samples
        assert sum(line.seconds for line in found.lines) == pytest.approx(found.left.seconds)
    assert found.following is None
    assert all(line.stopped == "count" for line in found.lines)


def test_below_six_samples_there_is_a_range_and_from_six_on_an_interval() -> None:
    made = plan()
    whole = carried_out(made)
    cell = Cell("idle", "native")
    upto = [i for i, s in enumerate(whole) if s.cell == cell and s.role == "measured"]
    around = [standing(made, whole[: i + 1], 60.0).lines[0].around for i in upto]
    assert around[0] == ""
    assert all(words.startswith("[") for words in around[1:5])
    assert not any(words.startswith("[") for words in around[5:])


def test_a_sample_is_told_by_its_first_figure_in_units_for_people() -> None:
    made = carried_out(plan())
    job, study = made[-1], next(s for s in made if s.cell.parameters == STUDY)
    assert first_figure(job) == "time_to_ready"
    assert seen(study) == "min_memory 12 MiB"
    assert seen(replace(study, metrics={}, not_applicable={"x": "too small a host"})) == "no figure: too small a host"
    assert seen(replace(job, outcome="died", error="it ended")) == "died: it ended"
    assert "None" not in sample_line(plan(), made[:12], 12.0)


@pytest.mark.parametrize(("values", "bars"), [((), ""), ((1.0, 1.0), "▄▄"), ((0.0, 7.0, 3.0), "▁█▄")])
def test_a_sparkline_goes_from_the_lowest_to_the_highest(values: tuple[float, ...], bars: str) -> None:
    assert sparkline(values) == bars


@pytest.mark.parametrize("width", [20, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    made = plan(("idle", "redis", "postgres-with-a-long-name" * 3))
    for count in (0, 1, 30):
        assert all(cell_len(line) <= width for line in text(width, made, carried_out(made, count)))


def test_at_80_columns_nothing_of_a_usual_cell_is_cut() -> None:
    made = plan()
    said = text(80, made, carried_out(made))
    assert not any("…" in line for line in said[:-1])
    assert sum("redis@" in line for line in said) == 4
    assert any("emulated (TCG)" in line for line in said)


def test_a_low_terminal_shows_the_cells_that_move() -> None:
    made = plan(synthetic.WORKLOADS)
    taken = carried_out(made, 50)
    said = text(80, made, taken, height=10)
    assert len(said) <= 10
    assert any(str(taken[-1].cell) in line for line in said)
    assert any("more cells" in line for line in said)


@pytest.fixture
def terminal() -> Iterator[tuple[int, Console]]:
    """Give the end of a terminal that is read from, and a console that writes to it."""
    reader, writer = pty.openpty()
    out = os.fdopen(writer, "w")
    yield reader, Console(file=out, force_terminal=True, width=80, height=24, color_system=None)
    # One of the tests has closed the terminal.
    with suppress(OSError):
        out.close()
    with suppress(OSError):
        os.close(reader)


def said_by(reader: int) -> str:
    """Return what a terminal has been told: the kernel hands it on piece by piece."""
    told = b""
    while select.select([reader], [], [], 0.3)[0]:
        told += os.read(reader, 1 << 16)
    return told.decode()


def test_the_table_has_no_thread_and_takes_no_time_between_its_drawings(
    folder: Path, terminal: tuple[int, Console]
) -> None:
    made = plan()
    reader, console = terminal
    before = set(threading.enumerate())
    with Table(console) as face:
        face.begun(folder, made, [])
        face.progress(made, carried_out(made, 5), 5.0)
        assert set(threading.enumerate()) == before
        assert said_by(reader)
        used = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - used < 0.01
        assert said_by(reader) == ""


@pytest.mark.parametrize("ending", [None, KeyboardInterrupt])
def test_the_terminal_is_left_as_it_was_found(
    folder: Path, terminal: tuple[int, Console], ending: type[BaseException] | None
) -> None:
    made = plan()
    reader, console = terminal
    try:
        with Table(console) as face:
            face.say("making images")
            face.begun(folder, made, [])
            face.progress(made, carried_out(made, 5), 5.0)
            if ending:
                raise ending
    except KeyboardInterrupt:
        assert ending is not None
    said = said_by(reader)
    assert "· making images" in said
    assert said.rindex("\x1b[?25h") > said.rindex("\x1b[?25l")


def test_a_terminal_that_was_closed_ends_no_measurement(folder: Path, terminal: tuple[int, Console]) -> None:
    made = plan()
    reader, console = terminal
    with Table(console) as face:
        face.begun(folder, made, [])
        os.close(reader)
        face.say("still here")
        face.progress(made, carried_out(made, 5), 5.0)


def test_a_large_session_is_drawn_in_a_moment() -> None:
    made = replace(plan(tuple(f"w{i}" for i in range(20))), rule=replace(RULE, fill=True, least=3, cheap=10))
    taken = carried_out(replace(made, headlines=()), 800)
    began = time.process_time()
    text(80, made, taken)
    assert time.process_time() - began < 2.0


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_tell_a_session_from_its_beginning_to_its_end(folder: Path) -> None:
    made, stream = plan(), io.StringIO()
    taken = carried_out(made, 60)
    with Events(stream) as face:
        face.begun(folder, made, [])
        for count in range(1, len(taken) + 1):
            face.progress(made, taken[:count], float(count))
    early = {(e["workload"], e["target"], e["study"]) for e in told(stream) if e["event"] == "stop"}
    stopped = [{**cell.table(), "reason": "interrupted", "words": "TEST DATA", "samples": 1} for cell in made.cells]
    synthetic.write(folder, synthetic.session_meta(state="interrupted", stopped=stopped), [])
    face.ended(Finished(folder, tuple(taken), {}, True), folder / "page.html", 130)
    events = told(stream)
    assert events[0]["event"] == "session"
    assert events[0]["summary"] == str(folder / "session.json")
    assert events[0]["acceleration"]["vm-q35"] == "tcg"
    assert len(events[0]["cells"]) == 9
    samples = [event for event in events if event["event"] == "sample"]
    assert [event["number"] for event in samples] == list(range(60))
    assert samples[-1]["metrics"] == taken[-1].metrics
    assert samples[0]["left"]["samples"] > samples[-1]["left"]["samples"]
    stops = [(e["workload"], e["target"], e["study"]) for e in events if e["event"] == "stop"]
    assert 0 < len(early) < 9
    assert len(stops) == len(set(stops)) == 9
    assert (events[-1]["event"], events[-1]["state"], events[-1]["exit_code"]) == ("ended", "interrupted", 130)
    assert events[-1]["report"] == str(folder / "page.html")


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [(HarnessError("no room", where="here"), "error", 5), (KeyboardInterrupt(), "interrupted", 130),
     (ValueError("a defect"), "error", 5)],
)  # fmt: skip
def test_events_end_with_ended_however_a_run_ends(error: BaseException, state: str, code: int) -> None:
    stream = io.StringIO()
    with pytest.raises(type(error)):
        with Events(stream):
            raise error
    (last,) = told(stream)
    assert (last["event"], last["state"], last["exit_code"]) == ("ended", state, code)


def test_a_reader_of_events_that_has_gone_ends_no_measurement(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    made = plan()
    with os.fdopen(writer, "w") as out, Events(out) as face:
        face.begun(folder, made, [])
        face.progress(made, carried_out(made, 1), 1.0)


def test_without_a_terminal_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    made = plan()
    face = face_for()
    assert isinstance(face, Lines)
    with face:
        face.progress(made, carried_out(made, 12), 12.0)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("[ 12/")
    assert line.endswith(" left")
