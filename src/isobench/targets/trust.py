"""Trust: which targets run only what is isobench's own, unless the user vouches for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from isobench.errors import UsageError
from isobench.images.types import Brought
from isobench.model import TargetSpec, Workload

_NEEDS_TRUST = "native"


def require_trust(
    workloads: Iterable[Workload], targets: Iterable[TargetSpec], builtin: Path, *, trust_native: bool
) -> None:
    """Raise UsageError where ``native`` would run a workload that is not in isobench's own folder ``builtin``.

    There root is the host's root with fewer capabilities and no seccomp filter, so an image from elsewhere needs the
    user's word. A workload counts by where its folder really lies, not by its name: one of the user's that takes the
    name of a built-in one, or a link among the built-in ones, is not isobench's; nor is one on an image that was
    brought.
    """
    named = next((spec.name for spec in targets if spec.kind == _NEEDS_TRUST), None)
    # An application of several never runs there.
    alone = (workload for workload in workloads if not workload.members)
    foreign = next((workload for workload in alone if not is_own(workload, builtin)), None)
    if named and foreign and not trust_native:
        where = foreign.source.name if isinstance(foreign, Brought) else str(foreign.folder)
        raise UsageError(
            f"{foreign.name} is not one of isobench's own workloads, and {named} would run it as the host's root",
            where=where, mend="add --trust-native, or name other targets with -t",
        )  # fmt: skip


def is_own(workload: Workload, builtin: Path) -> bool:
    """Return whether the workload's image is built from a folder directly in ``builtin``, links resolved."""
    return not isinstance(workload, Brought) and workload.folder.resolve().parent == builtin.resolve()
