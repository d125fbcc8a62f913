"""What session.json says of a session: plan, environment, versions, definitions; publishable by design."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from isobench import __version__
from isobench.errors import UsageError
from isobench.host import cpus
from isobench.host.facts import environment
from isobench.host.paths import Paths
from isobench.host.process import command_words
from isobench.house import House
from isobench.model import Cell, Parameters, Workload, cell_of
from isobench.model.sample import FORMAT, Fact
from isobench.parity import of_cell
from isobench.plan import Headline, Plan, Stop
from isobench.plan.stopping import Rule
from isobench.store.reader import aside
from isobench.targets.application import describe
from isobench.targets.base import Prepared, Target

_SAME = ("images", "versions", "environment")
"""What must not have changed when a session is resumed: its samples are one experiment."""


def opening(session: str, plan: Plan, paths: Paths, house: House, prepared: dict[str, Prepared]) -> dict[str, Any]:
    """Return session.json as it stands before the first sample."""
    facts = environment(paths.cache)
    return {
        "format": FORMAT,
        "id": session,
        "state": "running",
        "started_at": now(),
        "isobench": __version__,
        "command": command_words(),
        "seed": plan.seed,
        "plan": plan_table(plan),
        "environment": facts,
        "versions": house.versions,
        "workloads": {name: _workload(p.workload) for name, p in prepared.items()},
        "images": {name: _image(p) for name, p in (*prepared.items(), *_members(prepared))},
        "targets": {
            name: {
                **{k: v for k, v in asdict(target.spec).items() if k not in ("name", "default", "full")},
                "acceleration": house.acceleration[name],
                "describe": _descriptions(name, target, paths, prepared, plan),
            }
            for name, target in house.targets.items()
        },
        "unavailable": house.unavailable,
        "parity": {str(cell): _parity(cell, paths, house, prepared[cell.workload], facts) for cell in plan.cells},
    }


def plan_table(plan: Plan) -> dict[str, Any]:
    """Return the plan as session.json keeps it, whole: ``plan_of`` reads it back."""
    parameters = plan.cells[0].parameters if plan.cells else Parameters()
    return {
        "length": parameters.length,
        "cache": parameters.cache,
        "rule": plan.words(),
        "stopping": asdict(plan.rule),
        "headlines": [asdict(headline) for headline in plan.headlines],
        "budget": plan.budget,
        "cells": [cell.table() for cell in plan.cells],
    }


def plan_of(meta: dict[str, Any], where: str) -> Plan:
    """Return the plan of a session from its session.json, to go on with it or to carry it out once more.

    Raises UsageError where it has none, or where a plan alone does not tell what to do (``isobench ab``).
    """
    if what := aside(meta):
        raise UsageError(f"cannot be gone on with: it is {what}", where=where, mend="start that command anew")
    try:
        table = meta["plan"]
        parameters = Parameters(cache=table["cache"], length=table["length"])
        return Plan(
            cells=tuple(cell_of(cell, parameters) for cell in table["cells"]),
            seed=int(meta["seed"]),
            rule=_rule(table["stopping"]),
            headlines=tuple(Headline(**headline) for headline in table["headlines"]),
            budget=table["budget"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"holds no plan to carry out ({error})", where=where, mend="start a new session") from None


def _rule(table: dict[str, Any]) -> Rule:
    return Rule(**table | {"studies": tuple((str(name), int(count)) for name, count in table.get("studies", ()))})


def confirming(meta: dict[str, Any], confirmed: str) -> dict[str, Any]:
    """Return session.json marked as that of a session which measured a part of ``confirmed`` once more."""
    return meta | {"confirms": confirmed}


def refuse_changed(before: dict[str, Any], fresh: dict[str, Any]) -> None:
    """Raise UsageError where a resumed session would mix what must not be mixed, naming the first difference."""
    for part in _SAME:
        for key, was in before.get(part, {}).items():
            now_is = fresh[part].get(key)
            if now_is != was:
                raise UsageError(
                    f"cannot be gone on with: {part}.{key} was {was}, now it is {now_is}", where=str(before.get("id")),
                    mend="start a new session",
                )  # fmt: skip


def stopped_table(found: list[Stop]) -> list[dict[str, Any]]:
    """Return why each cell stopped, as session.json keeps it."""
    return [
        {
            **stop.cell.table(),
            "reason": stop.reason,
            "words": stop.words,
            "samples": stop.samples,
        }
        for stop in found
    ]


def now() -> str:
    """Return the wall clock, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _parity(cell: Cell, paths: Paths, house: House, prepared: Prepared, facts: dict[str, Fact]) -> dict[str, Any]:
    target, workload = house.targets[cell.target], prepared.workload
    found = of_cell(
        cell, prepared, target.spec,
        environment=facts, versions=house.versions, acceleration=house.acceleration[cell.target],
        describe=_publishable(describe(target, prepared), paths),
        placement=cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable()),
        kernel=house.kernels.get(cell.target),
    )  # fmt: skip
    return asdict(found)


def _descriptions(name: str, target: Target, paths: Paths, prepared: dict[str, Prepared], plan: Plan) -> dict[str, str]:
    """Return the target's words for each workload that has a cell on it."""
    there = dict.fromkeys(cell.workload for cell in plan.cells if cell.target == name)
    return {workload: _publishable(describe(target, prepared[workload]), paths) for workload in there}


def _publishable(words: dict[str, str], paths: Paths) -> str:
    """Return a command line or domain XML with the cache's and run folder's paths made relative."""
    text = "\n".join(f"{key}: {value}" if len(words) > 1 else value for key, value in words.items())
    return text.replace(str(paths.cache), "$CACHE").replace(str(paths.run), "$RUN")


def _workload(workload: Workload) -> dict[str, Any]:
    table = asdict(workload)
    for one in (table, *(member["workload"] for member in table["members"])):
        del one["folder"], one["default"]
    if workload.service:
        table["service"]["request"] = workload.service.request.decode("utf-8", "replace")
    return table


def _members(prepared: dict[str, Prepared]) -> Iterator[tuple[str, Prepared]]:
    for name, whole in prepared.items():
        for member, part in zip(whole.workload.members, whole.parts, strict=True):
            yield f"{name}/{member.name}", part


def _image(prepared: Prepared) -> dict[str, Any]:
    return {
        "image": prepared.image.id,
        "rootfs_digest": prepared.rootfs.digest,
        "file_bytes": prepared.rootfs.file_bytes,
    }
