"""The session behind a pytest run: carried out by ``isobench run``'s own runner, then handed out cell by cell."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest

from isobench.errors import IsobenchError
from isobench.export import pytest_benchmark
from isobench.host.paths import Paths
from isobench.model import Parameters, Sample
from isobench.plan import Plan, remaining
from isobench.plan.stopping import Rule
from isobench.pytest_plugin import options
from isobench.pytest_plugin.instances import Benchmark, MeasureInstance
from isobench.runner.request import Request
from isobench.runner.session import Finished, run_session
from isobench.store.reader import SessionRecord, read_session
from isobench.targets import catalog
from isobench.targets.trust import require_trust
from isobench.workloads.loader import find

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished session; ``unavailable`` says why a target could not run, ``told`` is its export, by cell."""

    session: SessionRecord
    unavailable: dict[str, str]
    told: dict[tuple[str, str], dict[str, Any]]
    interrupted: bool = False

    @classmethod
    def of(cls, session: SessionRecord, unavailable: dict[str, str], interrupted: bool = False) -> Measured:
        """Make it of a session as stored."""
        exported = json.loads(pytest_benchmark.export(session))["benchmarks"]
        told = {(one["params"]["workload"], one["params"]["target"]): one for one in exported}
        return cls(session, unavailable, told, interrupted)

    def instances(self, benchmark: Benchmark, workload: str, target: str) -> MeasureInstance:
        """Return a cell's instances, for one test."""
        samples = [s for s in self.session.samples if (s.cell.workload, s.cell.target) == (workload, target)]
        counted = tuple(sample for sample in samples if sample.left_out is None)
        problem = self._problem(workload, target, samples)
        return MeasureInstance(benchmark, counted, self.told.get((workload, target), {}), problem)

    def _problem(self, workload: str, target: str, samples: Sequence[Sample]) -> str | None:
        if reason := self.session.meta.get("unsuitable", {}).get(f"{workload}@{target}"):
            return f"{workload} does not run on {target}: {reason}"
        if reason := self.unavailable.get(target):
            return f"{target} could not run: {reason}"
        failed = [sample for sample in samples if sample.outcome != "ok"]
        if not failed:
            return None
        return f"{len(failed)} of {len(samples)} instances failed; the first: {failed[0].outcome}: {failed[0].error}"


def measure(wanted: Sequence[Mapping[str, Any]], config: pytest.Config) -> Measured:
    """Measure the workloads and targets of the tests; raises pytest's UsageError with one line where that cannot be.

    Engines are opened once and put away at the end, under the measuring lock, whatever ends it.
    """
    results = config.getoption("isobench_results")
    paths = Paths.default(results.absolute() if results else None)
    rounds = config.getoption("isobench_rounds")
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")

    def say(words: str) -> None:
        # Nobody may be listening any more; that is no reason to end a measurement.
        with suppress(OSError):
            if reporter is not None:
                reporter.ensure_newline()
                reporter.write(f"{words}\n", flush=True)

    def progress(plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
        say(_line(plan, samples, elapsed))

    try:
        request = Request(
            workloads=tuple(find([cell["workload"] for cell in wanted], paths.workloads)),
            targets=tuple(catalog.find([cell["target"] for cell in wanted], paths.targets)),
            parameters=Parameters(),
            seed=secrets.randbelow(1 << 31),
            rule=Rule(least=rounds, cheap=rounds),
            wait=config.getoption("isobench_wait"),
        )
        trusted = config.getoption("isobench_trust_native")
        require_trust(request.workloads, request.targets, paths.workloads[0], trust_native=trusted)
        with _signals_interrupt():
            finished: Finished = run_session(request, paths, lambda words: say(f"· {words}"), progress)
        return Measured.of(read_session(finished.folder), finished.unavailable, finished.interrupted)
    except IsobenchError as error:
        raise options.usage(error.line()) from error


def _line(plan: Plan, samples: Sequence[Sample], elapsed: float) -> str:
    last, left = samples[-1], remaining(plan, samples, elapsed)
    seen = f"ready {last.metrics['time_to_ready']:.3f} s" if "time_to_ready" in last.metrics else str(last.error)
    of = len(samples) + left.samples
    return f"[{len(samples):>3}/{of}] {last.cell!s:<18} {last.role:<8} {seen}  about {left.seconds / 60:.1f} min left"


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let what would end pytest at once end the session first, as Ctrl-C does; pytest's own handling comes back after.

    A second signal does not cut the tidying short.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        for again in _ENDING:
            signal.signal(again, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
