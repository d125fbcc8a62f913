"""The fixture's value: the instances of one cell, and how pytest-benchmark is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest

from isobench.errors import SampleError
from isobench.metrics import METRICS

if TYPE_CHECKING:
    from isobench.model import Sample
    from isobench.model.metric import Family


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture; all of it public."""

    name: str
    fullname: str
    group: str | None
    extra_info: dict[str, Any]
    disabled: bool

    def pedantic(self, target: Callable[[], None], *, setup: Callable[[], None] | None = None, rounds: int = 1) -> None:
        """Run ``setup`` and ``target`` for each round; its duration is the timer after less the timer before."""


class Stopwatch:
    """A timer that shows what it was set to, in seconds.

    pytest-benchmark takes a round's duration as the difference of two looks at its timer, and its timer is whatever a
    test's mark names: the one supported way in for durations that were measured elsewhere. Set to zero before each
    round, it gives them to the last bit.
    """

    __name__ = "CLOCK_MONOTONIC"
    """What really timed the round: pytest-benchmark stores its timer's name."""

    def __init__(self) -> None:
        self.reading = 0.0

    def __call__(self) -> float:
        """Return what it shows."""
        return self.reading

    def reset(self) -> None:
        """Show zero."""
        self.reading = 0.0


STOPWATCH = Stopwatch()


@dataclass
class MeasureInstance:
    """One workload on one target: a call returns its next instance, whole, from ``request`` to ``removed``.

    ``samples`` are those that count (``Sample.left_out``), ``told`` is the cell's benchmark as ``isobench export
    --format pytest-benchmark`` has it. ``problem`` says in one line why there is nothing to record.
    """

    benchmark: Benchmark
    samples: tuple[Sample, ...] = ()
    told: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None
    _given: int = 0

    def __call__(self) -> Sample:
        """Return the next instance; fails the test where one failed or all were given."""
        if self.problem:
            self._fail(self.problem)
        if self._given == len(self.samples):
            pytest.fail(f"all {self._given} instances were given; raise --isobench-rounds", pytrace=False)
        self._given += 1
        return self.samples[self._given - 1]

    def record(self, seconds: str, beside: Family) -> None:
        """Store a metric in seconds as this benchmark's rounds, and the other metrics of a family beside it.

        Skips the test where no instance counts (noise), or where the cell has no metric of that family.
        """
        if self.problem:
            self._fail(self.problem)
        durations = [sample.metrics[seconds] for sample in self.samples if seconds in sample.metrics]
        if not durations:
            pytest.skip(f"no instance that counts has {seconds}: see the session's samples")
        self._describe(seconds, beside)
        left = iter(durations)

        def one_round() -> None:
            STOPWATCH.reading = next(left)

        self.benchmark.pedantic(one_round, setup=STOPWATCH.reset, rounds=len(durations))

    def _describe(self, seconds: str, beside: Family) -> None:
        metric, extra = METRICS[seconds], self.told["extra_info"]
        figures = {name: one for name, one in extra["metrics"].items()
                   if METRICS[name].family == beside and name != seconds}  # fmt: skip
        if not figures:
            pytest.skip(f"{self.told['param']} has no {beside} figures")
        about = {key: extra[key] for key in ("session", "parameters", "acceleration", "emulated")}
        headline = extra if seconds == extra["metric"] else extra["metrics"][seconds]
        interval = {key: headline[key] for key in ("low", "high") if key in headline}
        self.benchmark.extra_info.update(
            about, metric=seconds, unit=metric.unit, direction=metric.direction, **interval, metrics=figures
        )
        # A group's members are coloured against each other: one workload, one metric.
        self.benchmark.group = f"{self.told['group']} {seconds}"
        if extra["emulated"]:
            # Tools go by names: what is emulated must never be compared with what is not.
            self.benchmark.name = _emulated(self.benchmark.name)
            self.benchmark.fullname = _emulated(self.benchmark.fullname)

    def _fail(self, line: str) -> NoReturn:
        """Fail the test with one line; pytest-benchmark learns of it as of a round that went wrong."""

        def round_that_failed() -> None:
            raise SampleError("failed", line)

        try:
            self.benchmark.pedantic(round_that_failed)
        except SampleError as error:
            pytest.fail(error.line(), pytrace=False)
        raise AssertionError(line)


def _emulated(name: str) -> str:
    return f"{name.removesuffix(']')} (emulated)]"
