"""Which studies a run carries out, and on what."""

from __future__ import annotations

from collections.abc import Iterable

from isobench.errors import UsageError
from isobench.model import Settings
from isobench.model.workload import Length

MOST = 50
"""Instances that --density goes up to unless told otherwise."""


def asked_studies(names: Iterable[str], length: Length) -> dict[str, int]:
    """Return the studies asked for, and with ``--full`` those that belong to it, with how many samples each takes.

    Raises UsageError on an unknown name.
    """
    from isobench.studies import find, studies

    full = [name for name, study in studies().items() if study.in_full] if length == "full" else []
    return {name: find(name).samples for name in dict.fromkeys([*names, *full])}


def told(density: bool, max_instances: int | None, floor: str | None) -> Settings:
    """Return what --max-instances and --floor tell the study density, which --density asks for.

    Raises UsageError where they stand without it, or the floor is no size.
    """
    from isobench.workloads.sizes import parse_size

    if not density:
        for option, given in (("--max-instances", max_instances), ("--floor", floor)):
            if given is not None:
                raise UsageError(f"{option} says how far --density goes", mend="add --density")
        return ()
    most = MOST if max_instances is None else max_instances
    try:
        return (("max_instances", most), *((("floor", parse_size(floor)),) if floor else ()))
    except ValueError as error:
        raise UsageError(str(error), where="--floor") from None


def study_workloads(names: Iterable[str]) -> tuple[str, ...]:
    """Return the workloads that studies are carried out with where no others are asked for."""
    from isobench.studies import find

    return tuple(dict.fromkeys(workload for name in names for workload in find(name).workloads))
