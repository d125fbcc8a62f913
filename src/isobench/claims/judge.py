"""All claims, in the order of claims.toml, each with its rule."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from isobench.claims import bits, costs, walls
from isobench.claims.claim import Claim, Judged, Verdict
from isobench.claims.evidence import Evidence
from isobench.store.reader import SessionRecord

RULES: Mapping[str, Callable[[Evidence], Verdict]] = {
    "many-servers": costs.many_servers,
    "quick-recovery": costs.quick_recovery,
    "storage": costs.storage,
    "memory": costs.memory,
    "lighter": costs.lighter,
    "shared-kernel": walls.shared_kernel,
    "out-of-reach": walls.out_of_reach,
    "managed-one-by-one": walls.managed_one_by_one,
    "state-moves": bits.state_moves,
    "runs-anywhere": bits.runs_anywhere,
    "more-secure": walls.more_secure,
    "digest-and-tags": bits.digest_and_tags,
    "volume-outlives": bits.volume_outlives,
    "compose": bits.compose,
    "untroubled": walls.untroubled,
}


@cache
def claims() -> tuple[Claim, ...]:
    """Return every claim."""
    table = tomllib.loads((files("isobench.claims") / "claims.toml").read_text("utf-8"))
    return tuple(Claim(name, entry["said"], entry["by"], tuple(entry["decided_by"])) for name, entry in table.items())


def judged(session: SessionRecord) -> tuple[Judged, ...]:
    """Return what a session answers to every claim."""
    evidence = Evidence.of(session)
    found = []
    for claim in claims():
        verdict = RULES[claim.id](evidence)
        found.append(Judged(claim, verdict.answer, verdict.evidence))
    return tuple(found)
