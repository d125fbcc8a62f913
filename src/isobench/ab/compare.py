"""Variants compared on this host: opened, prepared, interleaved, judged, put away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from isobench.ab.checkout import as_of, commit_of
from isobench.ab.comparison import Comparison
from isobench.ab.judge import Rules
from isobench.ab.session import IncomparableError, Progress, Say, Session
from isobench.ab.variant import Variant
from isobench.clean import clean
from isobench.errors import HarnessError, IsobenchError, UsageError, engine_words
from isobench.host import lock, memory
from isobench.host.paths import Paths
from isobench.house import House, house
from isobench.model import Workload
from isobench.runner.session import headlines, refuse_impossible
from isobench.store.writer import refuse_unwritable
from isobench.targets.base import Prepared
from isobench.targets.trust import require_trust

Works = dict[str | None, tuple[Workload, ...]]
"""The workloads as each commit has them; None for the files as they are."""


def compare_variants(
    variants: Sequence[Variant], workloads: Sequence[Workload], paths: Paths, say: Say, progress: Progress,
    *, seed: int, budget: float | None = 600.0, rules: Rules | None = None, trust_native: bool = False,
    wait: bool = False,
) -> Comparison:  # fmt: skip
    """Interleave the variants until every headline series is decided or ``budget`` (seconds) is spent.

    The first variant is the reference. Raises UsageError on what cannot be run, IncomparableError (4) where nothing
    can be compared, HarnessError (5) where an engine does not open; what happens once samples are taken is told by
    the comparison, its session kept.
    """
    refuse_unwritable(paths.results)
    with _as_of_refs(variants, workloads) as works:
        for one in variants:
            require_trust(works[one.ref], [one.spec], paths.workloads[0], trust_native=trust_native)
        every = [workload for some in works.values() for workload in some]
        for workload in every:
            refuse_impossible(workload)
        with lock.measuring(paths.run, wait=wait, waiting=lambda holder: say(f"waiting for {holder}")):
            # The lock is ours, so whoever left these is dead.
            for leftover in clean(paths):
                say(f"a killed run had left {leftover}: removed")
            for workload in every:
                if reason := memory.short(workload.resources.memory):
                    raise UsageError(reason, where=workload.name, mend="end other programs, or lower resources.memory")
            try:
                with house(paths, [one.spec for one in variants], say) as opened:
                    here = _available(variants, opened)
                    shares = {one.label: _prepared(one, works[one.ref], opened, say) for one in here}
                    session = Session(here, shares, opened, paths, headlines(workloads), seed=seed, budget=budget,
                                      rules=rules or Rules())  # fmt: skip
                    return session.carry_out(say, progress)
            except Exception as error:
                if isinstance(error, IsobenchError) or (words := engine_words(error)) is None:
                    raise
                raise HarnessError(words, mend="see `isobench doctor`") from error


@contextmanager
def _as_of_refs(variants: Sequence[Variant], workloads: Sequence[Workload]) -> Iterator[Works]:
    """Give the workloads as each variant's commit has them, for as long as they are measured."""
    with tempfile.TemporaryDirectory(prefix="isobench-") as scratch:
        works: Works = {None: tuple(workloads)}
        for number, ref in enumerate(dict.fromkeys(one.ref for one in variants if one.ref)):
            into = Path(scratch) / str(number)
            into.mkdir()
            works[ref] = tuple(as_of(one, commit_of(ref, one.folder), into) for one in workloads)
        yield works


def _available(variants: Sequence[Variant], opened: House) -> list[Variant]:
    here = [one for one in variants if one.label in opened.targets]
    gone = "; ".join(f"{name} could not run: {reason}" for name, reason in opened.unavailable.items())
    if not here or here[0] is not variants[0] or len(here) == 1:
        raise IncomparableError(f"missing: {gone}", mend="see `isobench doctor`")
    return here


def _prepared(variant: Variant, workloads: Sequence[Workload], opened: House, say: Say) -> dict[str, Prepared]:
    """Return the variant's images: they are prepared for its own target alone."""
    alone = replace(opened, targets={variant.label: opened.targets[variant.label]})
    return {workload.name: alone.prepare(workload, say) for workload in workloads}
