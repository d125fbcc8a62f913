"""From recorded A/A sessions to a profile: nothing here measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from isobench import __version__
from isobench.calibrate.gate import ALARMS, CompareGate, Gate, false_alarms
from isobench.calibrate.latency import Latency
from isobench.calibrate.overhead import overhead
from isobench.calibrate.power import powers
from isobench.calibrate.profile import HostClass, Profile, SeriesProfile, Trials
from isobench.calibrate.spread import spreads
from isobench.calibrate.values import SeriesKey, values_of
from isobench.errors import UsageError
from isobench.metrics import METRICS
from isobench.stats.values import Values
from isobench.store.frame import acceleration
from isobench.store.reader import SessionRecord
from isobench.verdict import Verdict


def compute(
    sessions: Sequence[SessionRecord],
    latency: Mapping[str, Latency] | None = None,
    *,
    gate: Gate | None = None,
) -> Profile:
    """Return the profile that at least two A/A sessions of one host give.

    ``gate`` is ``CompareGate`` unless given. Raises UsageError on fewer sessions, or ones of other hosts.
    """
    host, judge = _host(sessions), gate or CompareGate()
    values = [values_of(session) for session in sessions]
    found = false_alarms(judge, values)

    def profiled(key: SeriesKey, own: list[Values]) -> SeriesProfile:
        spread, verdicts = spreads(own), found.verdicts.get(key, Counter[Verdict]())
        return SeriesProfile(
            workload=key.workload,
            target=key.target,
            metric=key.metric,
            emulated=any(acceleration(session, key.target) == "tcg" for session in sessions),
            sessions=len(own),
            samples=float(np.median([one.size for one in own])),
            within=spread.within,
            between=spread.between,
            judged=sum(verdicts.values()),
            alarms=sum(verdicts[word] for word in ALARMS),
            inconclusive=verdicts["inconclusive"],
            powers=powers(judge, key, own),
        )

    return Profile(
        host=host,
        made_at=str(sessions[-1].meta.get("ended_at", "")),
        isobench=__version__,
        gate=judge.name,
        folder=sessions[0].folder.resolve().parent.name,
        sessions=len(sessions),
        trials=Trials(found.trials, found.any_headline, found.any_metric),
        series=tuple(profiled(key, own) for key, own in _by_series(values)),
        latency=dict(latency or {}),
        overhead=overhead(sessions),
    )


def _host(sessions: Sequence[SessionRecord]) -> HostClass:
    if len(sessions) < 2:
        raise UsageError("a calibration needs two finished A/A sessions at least", mend="run `isobench calibrate`")
    first, *others = (HostClass.of(session.meta.get("environment", {})) for session in sessions)
    if first is None or not all(other and other.same(first) for other in others):
        raise UsageError("these sessions are not of one host", where=str(sessions[0].folder.parent))
    return first


def _by_series(sessions: Sequence[Mapping[SeriesKey, Values]]) -> Iterator[tuple[SeriesKey, list[Values]]]:
    """Yield each series with its values by session: by workload, target, then as registered."""
    cells = sorted({(key.workload, key.target) for session in sessions for key in session})
    for workload, target in cells:
        for metric in METRICS:
            key = SeriesKey(workload, target, metric)
            if own := [session[key] for session in sessions if key in session]:
                yield key, own
