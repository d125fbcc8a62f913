"""Measuring suspected cells once more: on this host, in the same way as the judged session, as a session of its own."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from isobench import __version__
from isobench.errors import IsobenchError, UsageError
from isobench.gate.check import Confirm
from isobench.history.record import Record, condense
from isobench.host.facts import environment
from isobench.host.paths import Paths
from isobench.model import Cell, TargetSpec, Workload
from isobench.parity import compare, of_session
from isobench.parity.fields import ParityRecord
from isobench.parity.record import from_tables, table
from isobench.plan import Plan
from isobench.runner.premises import Say
from isobench.runner.record import confirming, plan_of
from isobench.runner.request import Request
from isobench.runner.session import Progress, run_session
from isobench.store.reader import META, SessionRecord, read_session
from isobench.store.writer import SessionWriter, refuse_unwritable
from isobench.targets import catalog
from isobench.targets.trust import require_trust
from isobench.verdict.text import difference
from isobench.workloads import loader


class OtherFootingError(IsobenchError):
    """What the session measured is not here any longer: nothing measured now confirms it. Exit code 4."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Means:
    """What it takes to measure a session once more: its plan, and its workloads and targets as they are here."""

    plan: Plan
    workloads: Mapping[str, Workload]
    targets: Mapping[str, TargetSpec]

    def request(self, cells: Sequence[Cell], *, wait: bool = False) -> Request:
        """Return the session that measures the cells' workloads on the cells' targets, by the plan's own rule."""
        return Request(
            workloads=tuple(self.workloads[name] for name in dict.fromkeys(cell.workload for cell in cells)),
            targets=tuple(self.targets[name] for name in dict.fromkeys(cell.target for cell in cells)),
            parameters=cells[0].parameters,
            seed=secrets.randbelow(1 << 31),
            rule=self.plan.rule,
            budget=self.plan.budget,
            wait=wait,
        )


def confirmation(
    session: SessionRecord, paths: Paths, say: Say, progress: Progress, *, wait: bool = False,
    trust_native: bool = False,
) -> Confirm:  # fmt: skip
    """Return what measures cells of the session once more; it opens nothing before it is called.

    Its session is kept in the results folder and marked as one that confirms. Raises as ``means``, and UsageError
    where native would run what nobody vouches for.
    """
    found = means(session, paths)
    require_trust(found.workloads.values(), found.targets.values(), paths.workloads[0], trust_native=trust_native)

    def measure(cells: tuple[Cell, ...]) -> Record:
        say(f"measuring {', '.join(map(str, cells))} once more")
        with _apart(paths, session.id) as apart:
            finished = run_session(found.request(cells, wait=wait), apart, say, progress)
        for name, reason in finished.unavailable.items():
            say(f"{name} could not run: {reason}")
        if finished.interrupted:
            raise KeyboardInterrupt
        return condense(read_session(paths.results / finished.folder.name))

    return measure


def means(session: SessionRecord, paths: Paths) -> Means:
    """Return what measures the session once more; raises where this host or its files are not the session's.

    UsageError: a session of ``isobench ab``, one that confirms another, one without a plan, a workload or target that
    there is not. OtherFootingError: another class or state of host, another definition, other options.
    """
    if session.aside:
        raise UsageError(f"cannot be confirmed: it is {session.aside}", where=session.id,
                         mend="name a session of `isobench run`")  # fmt: skip
    plan = plan_of(session.meta, str(session.folder))
    if not plan.cells:
        raise UsageError("cannot be confirmed: no target of it could run", where=session.id)
    try:
        workloads = loader.find([cell.workload for cell in plan.cells], paths.workloads)
        targets = catalog.find([cell.target for cell in plan.cells], paths.targets)
    except UsageError as error:
        error.where = error.where or f"{session.id} cannot be confirmed here"
        raise
    found = Means(plan, {one.name: one for one in workloads}, {one.name: one for one in targets})
    _refuse_other_footing(session, found, paths)
    return found


def _refuse_other_footing(session: SessionRecord, found: Means, paths: Paths) -> None:
    facts = environment(paths.cache)
    versions = {**table(session.meta, "versions"), "isobench": __version__}
    for cell, then in of_session(session).items():
        if cell not in found.plan.cells:
            continue
        spec = found.targets[cell.target]
        # Image, kernel and configuration are known only once they are built: `again.settled` compares those.
        now: ParityRecord = from_tables(
            cell, workload=asdict(found.workloads[cell.workload]), image={},
            target={"kind": spec.kind, "options": spec.options, "acceleration": then.acceleration},
            environment=facts, versions=versions, describe=None,
        )  # fmt: skip
        parity = compare(then, now)
        if lines := (*parity.incomparable, *parity.subject):
            said = "; ".join(difference(line) for line in lines[:3])
            raise OtherFootingError(
                f"cannot be confirmed here: {said}", where=f"{session.id} {cell}",
                mend="check it where it was measured, with the files that it was measured with",
            )  # fmt: skip


@contextmanager
def _apart(paths: Paths, confirmed: str) -> Iterator[Paths]:
    """Give a results folder whose sessions come among the others marked, however they end.

    So no reader ever takes one for a whole session, not even one whose run was killed.
    """
    refuse_unwritable(paths.results)
    paths.results.mkdir(parents=True, exist_ok=True)
    apart = Path(tempfile.mkdtemp(prefix=".confirming-", dir=paths.results))
    try:
        yield replace(paths, results=apart)
    finally:
        for folder in sorted(apart.iterdir()):
            if (folder / META).is_file():
                SessionWriter(folder).write_meta(confirming(read_session(folder).meta, confirmed))
                folder.rename(paths.results / folder.name)
            else:
                folder.rmdir()  # refused before its first sample
        apart.rmdir()
