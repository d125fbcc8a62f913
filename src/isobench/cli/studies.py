"""Which studies a run carries out, and on what."""

from __future__ import annotations

from collections.abc import Iterable

from isobench.model.workload import Length


def asked_studies(names: Iterable[str], length: Length) -> dict[str, int]:
    """Return the studies asked for, and with ``--full`` those that belong to it, with how many samples each takes.

    Raises UsageError on an unknown name.
    """
    from isobench.studies import find, studies

    full = [name for name, study in studies().items() if study.in_full] if length == "full" else []
    return {name: find(name).samples for name in dict.fromkeys([*names, *full])}


def study_workloads(names: Iterable[str]) -> tuple[str, ...]:
    """Return the workloads that studies are carried out with where no others are asked for."""
    from isobench.studies import find

    return tuple(dict.fromkeys(workload for name in names for workload in find(name).workloads))
