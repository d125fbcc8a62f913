"""What is gathered about one sample, and the frozen Sample it becomes, whatever went wrong meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from isobench.errors import IsobenchError, SampleError, engine_words
from isobench.host.noise import Bounds, NoiseReading, exceeded
from isobench.model import JobRecord, Sample
from isobench.model.sample import Fact, Outcome
from isobench.plan import Step

Curve = tuple[tuple[float, float], ...]


@dataclass
class Record:
    """What is being gathered; ``cpu`` are the CPU seconds of the instances, None where they are not known.
    ``intended`` are noise figures that the sample's own doing makes: they tell nothing of others, and are not kept.
    """

    request_ns: int = 0
    events: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    jobs: list[JobRecord] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    facts: dict[str, Fact] = field(default_factory=dict)
    resolution: dict[str, float] = field(default_factory=dict)
    noise: dict[str, float] = field(default_factory=dict)
    intended: set[str] = field(default_factory=set)
    curves: dict[str, Curve] = field(default_factory=dict)
    cpu: float | None = None
    outcome: Outcome = "ok"
    error: str | None = None
    output: str = ""

    def request(self) -> None:
        """Stamp ``request``, from which all events count: now."""
        self.request_ns = time.monotonic_ns()
        self.events["request"] = 0

    def at(self, event: str, at_ns: int | None = None) -> None:
        """Stamp an event: now, or when it arrived."""
        self.events[event] = (time.monotonic_ns() if at_ns is None else at_ns) - self.request_ns

    def fail(self, outcome: Outcome, line: str) -> None:
        """Give the sample another outcome than ``ok``, and one line that says why."""
        self.outcome, self.error = outcome, line


def recorded(session: str, number: int, step: Step, take: Callable[[Record], None]) -> Sample:
    """Return the sample that ``take`` fills a record of. What goes wrong with an instance or its engine is its outcome.

    Whatever else is raised is a fault of the harness, and goes on.
    """
    record = Record()
    began, before = datetime.now(UTC), NoiseReading.now()
    try:
        take(record)
    except SampleError as error:
        record.fail(cast(Outcome, error.outcome), error.line())
    except IsobenchError as error:
        record.fail("error", error.line())
    except Exception as error:
        # Engines raise their own errors; the sample keeps their words, the session goes on.
        if (words := engine_words(error)) is None:
            raise
        record.fail("error", words)
    seen = record.noise | before.until(NoiseReading.now(), instance_cpu=record.cpu)
    noise = {name: value for name, value in seen.items() if name not in record.intended}
    if reasons := exceeded(noise, Bounds()):
        record.marks.add("noisy")
        record.facts["noisy"] = "; ".join(reasons)
    return Sample(
        session=session,
        number=number,
        cell=step.cell,
        block=step.block,
        role=step.role,
        outcome=record.outcome,
        started_at=began.isoformat(timespec="milliseconds"),
        request_ns=record.request_ns,
        ended_by=step.ended_by,
        events=record.events,
        metrics=record.metrics,
        not_applicable=record.absent,
        jobs=tuple(record.jobs),
        marks=tuple(sorted(record.marks)),
        facts=record.facts,
        resolution=record.resolution,
        noise=noise,
        curves=record.curves,
        error=record.error,
        output=record.output if record.outcome != "ok" else "",
    )
