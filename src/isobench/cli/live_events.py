"""A run followed by a program: ``run --json``, one JSON object a line on standard output (docs/live.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

import click

from isobench.errors import IsobenchError
from isobench.model import Cell, Sample
from isobench.plan import Plan, remaining
from isobench.plan.stopping import Stop, stop_of
from isobench.store.reader import META

if TYPE_CHECKING:
    from isobench.runner.session import Finished

FORMAT = 1
"""The version of the events; a change that a reader could stumble over counts it up."""


class Events:
    """The stream: ``session``, then ``sample`` and ``stop`` as they come, and ``ended`` in any case."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._stopped: set[Cell] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._ended("interrupted", exit_code=130)
        elif error is not None:
            line, code = f"{type(error).__name__}: {error}", 5
            if isinstance(error, IsobenchError):
                line, code = error.line(), error.exit_code
            self._ended("error", exit_code=code, error=line)

    def say(self, words: str) -> None:
        """Print a line for people on standard error."""
        with suppress(OSError):
            click.echo(f"· {words}", err=True)

    def begun(self, folder: Path, plan: Plan, samples: Sequence[Sample]) -> None:
        """Tell of the session and its plan."""
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        self._tell(
            "session", format=FORMAT, session=folder.name, summary=str(folder / META), seed=plan.seed,
            budget=plan.budget, samples_before=len(samples), cells=[_cell(cell) for cell in plan.cells],
            acceleration={name: told.get("acceleration") for name, told in meta.get("targets", {}).items()},
            unavailable=meta.get("unavailable", {}),
        )  # fmt: skip
        for cell in plan.cells:
            self._stop(plan, samples, cell)

    def progress(self, plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
        """Tell of the last sample, and of its cell where that has stopped with it."""
        last, left = samples[-1], remaining(plan, samples, elapsed)
        self._tell(
            "sample", **_cell(last.cell), number=last.number, block=last.block, role=last.role, outcome=last.outcome,
            left_out=last.left_out, error=last.error, seconds=last.duration, metrics=last.metrics, elapsed=elapsed,
            left={"samples": left.samples, "seconds": left.seconds},
        )  # fmt: skip
        self._stop(plan, samples, last.cell)

    def ended(self, finished: Finished, page: Path | None, code: int) -> None:
        """Tell why the cells that had not stopped did, and where all is kept."""
        meta = json.loads((finished.folder / META).read_text(encoding="utf-8"))
        told = {(cell.workload, cell.target, cell.parameters.study) for cell in self._stopped}
        for stop in meta.get("stopped", []):
            if (stop["workload"], stop["target"], stop.get("study", "job")) not in told:
                self._tell("stop", **{"study": "job"} | {k: v for k, v in stop.items() if k != "settings"})
        self._ended(
            str(meta["state"]), exit_code=code, session=finished.folder.name, summary=str(finished.folder / META),
            report=str(page) if page else None, samples=len(finished.samples),
            failed=sum(sample.outcome != "ok" for sample in finished.samples), seconds=meta.get("wall_seconds"),
        )  # fmt: skip

    def _stop(self, plan: Plan, samples: Sequence[Sample], cell: Cell) -> None:
        found: Stop | None = stop_of(plan.rule, plan.headlines_of(cell), cell, samples)
        if found is None or cell in self._stopped:
            return
        self._stopped.add(cell)
        self._tell("stop", **_cell(cell), reason=found.reason, words=found.words, samples=found.samples)

    def _ended(self, state: str, **more: Any) -> None:
        self._tell("ended", state=state, **more)

    def _tell(self, event: str, **more: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            self._out.write(json.dumps({"event": event, "at": at, **more}, allow_nan=False) + "\n")
            self._out.flush()
        except OSError:
            # The reader has gone. What it did not take must not come up again at the end of the process.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())


def _cell(cell: Cell) -> dict[str, Any]:
    return {"workload": cell.workload, "target": cell.target, "study": cell.parameters.study}
