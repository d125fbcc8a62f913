"""Variants compared on this host: opened, prepared, interleaved, judged, put away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from isobench.ab.comparison import Comparison
from isobench.ab.judge import Rules
from isobench.ab.session import IncomparableError, Progress, Session
from isobench.ab.variant import Variant
from isobench.ab.works import workloads_of
from isobench.errors import UsageError
from isobench.host.paths import Paths
from isobench.house import House
from isobench.model import Workload
from isobench.runner.premises import Say, premises
from isobench.runner.session import headlines, refuse_impossible
from isobench.store.writer import refuse_unwritable
from isobench.targets.application import unsuitable
from isobench.targets.base import Prepared
from isobench.targets.trust import require_trust


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
    with workloads_of(variants, workloads) as works:
        for one in variants:
            require_trust(works[one.label], [one.spec], paths.workloads[0], trust_native=trust_native)
            for workload in works[one.label]:
                if reason := unsuitable(one.spec, workload):
                    raise UsageError(reason, where=f"{workload.name}@{one.label}", mend="compare other variants")
        every = [workload for some in works.values() for workload in some]
        for workload in every:
            refuse_impossible(workload)
        with premises(paths, [one.spec for one in variants], every, say, wait=wait) as opened:
            here = available(variants, opened.targets, opened.unavailable)
            shares = {one.label: _prepared(one, works[one.label], opened, say) for one in here}
            session = Session(here, shares, opened, paths, headlines(workloads), seed=seed, budget=budget,
                              rules=rules or Rules())  # fmt: skip
            return session.carry_out(say, progress)


def available(variants: Sequence[Variant], targets: Collection[str], unavailable: Mapping[str, str]) -> list[Variant]:
    """Return the variants that can run here; raises IncomparableError without the reference, or without another."""
    here = [one for one in variants if one.label in targets]
    if not here or here[0] is not variants[0] or len(here) == 1:
        gone = "; ".join(f"{name} could not run: {reason}" for name, reason in unavailable.items())
        raise IncomparableError(f"missing: {gone}", mend="see `isobench doctor`")
    return here


def _prepared(variant: Variant, workloads: Sequence[Workload], opened: House, say: Say) -> dict[str, Prepared]:
    """Return the variant's images: they are prepared for its own target alone."""
    alone = replace(opened, targets={variant.label: opened.targets[variant.label]})
    return {workload.name: alone.prepare(workload, say) for workload in workloads}
