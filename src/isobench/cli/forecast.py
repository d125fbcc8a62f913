"""The estimate before a session starts: from what the results folder holds of this host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isobench.errors import UsageError

if TYPE_CHECKING:
    from isobench.host.paths import Paths
    from isobench.plan.forecast import Forecast
    from isobench.runner.request import Request
    from isobench.store.reader import SessionRecord

_MOST = 30
"""Sessions that are read, the newest first."""


def forecast_of(request: Request, paths: Paths) -> Forecast:
    """Return how long a new session will take, over the targets that this host has. Opens and changes nothing."""
    from isobench.host.facts import environment
    from isobench.plan import Plan
    from isobench.plan.earlier import earlier
    from isobench.plan.forecast import forecast
    from isobench.runner.request import planned
    from isobench.runner.session import headlines
    from isobench.studies import find
    from isobench.targets.kind import kinds

    here = [spec for spec in request.targets if kinds()[spec.kind].unavailable(spec, paths) is None]
    cells = planned(request, here)
    plan = Plan(cells, request.seed, request.rule, headlines(request.workloads), request.budget)
    known = earlier(_newest(paths), cells, environment(paths.cache))
    # A device is no proof, but until a guest has been booted it is all there is.
    guests = "kvm" if Path("/dev/kvm").exists() else "tcg"
    assumed = {spec.name: guests for spec in here if "vm" in spec.kind or spec.kind == "nested"}
    known = replace(known, acceleration={**assumed, **known.acceleration})
    lives = {name: find(name).lives for name in request.studies}
    return forecast(plan, {w.name: w for w in request.workloads}, {spec.name: spec.kind for spec in here}, known, lives)


def _newest(paths: Paths) -> Iterator[SessionRecord]:
    from isobench.store.reader import read_session, session_names

    for name in session_names(paths.results)[: -_MOST - 1 : -1]:
        try:
            yield read_session(paths.results / name)
        except UsageError:
            continue  # a damaged session tells nothing; `show` says what is wrong with it
