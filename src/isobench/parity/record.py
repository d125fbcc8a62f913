"""Making a parity record: from what the runner has at hand, or from the same tables as session.json keeps them."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from isobench import __version__
from isobench.host.cpus import Placement, cpu_list
from isobench.metrics import METRICS
from isobench.model import Cell, TargetSpec
from isobench.model.sample import Fact
from isobench.parity.fields import ParityRecord, Table
from isobench.targets.kind import Traits, kinds

if TYPE_CHECKING:
    from isobench.images.types import Kernel
    from isobench.targets.base import Prepared

KERNEL, INIT = "kernel+initramfs", "init"
"""The declared system layers: what only a VM ships, and the init injected into every instance."""

_HOST_STATE = (
    "distribution", "cgroup_version", "governor", "smt", "transparent_hugepage", "ksm", "virtualised",
)  # fmt: skip
_STORAGE_KINDS = {"vd": "virtio", "xvd": "Xen", "nvme": "NVMe", "sd": "SCSI", "mmcblk": "MMC", "dm-": "device mapper",
                  "mapper": "device mapper", "md": "md RAID", "loop": "loop"}  # fmt: skip

# What names contents or this boot; the lines of the record that hold those say whether they differ.
_NAMED = re.compile(
    r"sha256:[0-9a-f]{64}|(?<=/rootfs/)[0-9a-f]{16}|(?<=/disks/)[0-9a-f]{16}-\d+M|(?<=/guest/)[0-9a-f]{12}"
    r"|(?<=/kernel/)[^<\s]+|(?<=tsc_early_khz=)\d+"
)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def of_cell(
    cell: Cell,
    prepared: Prepared,
    spec: TargetSpec,
    *,
    environment: Mapping[str, Fact],
    versions: Mapping[str, str],
    acceleration: str,
    describe: str,
    placement: Placement,
    kernel: Kernel | None = None,
) -> ParityRecord:
    """Return the record of a cell about to be measured, for session.json's ``parity``.

    ``environment`` and ``versions`` are the session's, ``describe`` the publishable text of the target's
    ``describe``, ``placement`` the cores that instances get, ``kernel`` the guest kernel where one was opened.
    """
    record = from_tables(
        cell,
        workload=asdict(prepared.workload),
        image={"image": prepared.image.id, "rootfs_digest": prepared.rootfs.digest},
        target={"kind": spec.kind, "options": spec.options, "acceleration": acceleration},
        environment=environment,
        versions={"isobench": __version__, **versions},
        describe=describe,
    )
    own_kernel = {KERNEL: kernel.digest} if kernel and _traits(spec.kind).own_kernel else {}
    return replace(
        record,
        guest_kernel=kernel.release if own_kernel and kernel else record.guest_kernel,
        layers={**(record.layers or {}), **own_kernel},
        cpuset=cpu_list(placement.instance),
        client_cpuset=cpu_list(placement.harness),
        metrics={name: metric.version for name, metric in METRICS.items()},
    )


def from_tables(
    cell: Cell,
    *,
    workload: Mapping[str, Any],
    image: Mapping[str, Any],
    target: Mapping[str, Any],
    environment: Mapping[str, Any],
    versions: Mapping[str, Any],
    describe: str | None,
) -> ParityRecord:
    """Return what the tables of session.json tell; what they lack stays unknown."""
    kind, length = _text(target.get("kind")), cell.parameters.length
    traits, options = _traits(kind), table(target, "options")
    resources = table(workload, "resources")
    # The environment describes the cache's storage; an engine that was there before keeps its data elsewhere.
    elsewhere = traits.store == "$CACHE/docker" and versions.get("docker_engine", "embedded") != "embedded"
    device, filesystem = (_text(environment.get(f"storage_{part}")) for part in ("device", "filesystem"))
    return ParityRecord(
        cell.workload,
        cell.target,
        image=_text(image.get("image")),
        rootfs=_text(image.get("rootfs_digest")),
        layers=_layers(kind, describe),
        host_kernel=_text(environment.get("kernel")),
        guest_kernel=_guest_kernel(traits, versions),
        kind=kind,
        acceleration=_text(target.get("acceleration")),
        options=dict(target["options"]) if isinstance(target.get("options"), dict) else None,
        configuration=_configuration(describe),
        versions=_versions(kind, {"python": environment.get("python"), **versions}),
        command=_words(workload.get("command")),
        ready=_sentence(workload, "ready"),
        service=_sentence(workload, "service"),
        jobs=_jobs(workload, length),
        reads=_reads(workload),
        length=length,
        cache=cell.parameters.cache,
        vcpus=options.get("vcpus") or _vcpus(resources, environment),
        memory=options.get("memory") or resources.get("memory"),
        disk=resources.get("disk"),
        volume=_sentence(workload, "volume"),
        store="the engine's own data root" if elsewhere else traits.store or None,
        device=None if elsewhere else device,
        filesystem=None if elsewhere else filesystem,
        network=_text(options.get("network")) or traits.network or None,
        cpu_model=_text(environment.get("cpu_model")),
        architecture=_text(environment.get("architecture")),
        cores=environment.get("cores"),
        host_memory=environment.get("memory_bytes"),
        last_level_cache=environment.get("last_level_cache_bytes"),
        storage_kind=_storage_kind(device),
        host_state={name: environment[name] for name in _HOST_STATE if name in environment},
    )


def _guest_kernel(traits: Traits, versions: Mapping[str, Any]) -> str | None:
    return _text(versions.get("guest_kernel")) if traits.own_kernel else traits.kernel


def _vcpus(resources: Mapping[str, Any], environment: Mapping[str, Any]) -> Any:
    return resources.get("vcpus") or (environment.get("cores") if "vcpus" in resources else None)


def _traits(kind: str | None) -> Traits:
    """Return a kind's traits; of one that is not installed here nothing is known."""
    found = kinds().get(kind or "")
    return found.traits if found else Traits("", "", kernel=None)


def table(value: Any, key: str) -> dict[str, Any]:
    """Return ``value[key]`` where it is a table, else an empty one: older and thinner sessions are read as well."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _words(value: object) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    # A placeholder that is still there is no reason to quote a word.
    return " ".join(word if _PLACEHOLDER.search(word) else shlex.quote(word) for word in map(str, value))


def _sentence(workload: Mapping[str, Any], key: str) -> str | None:
    """Return a small table as ``key value`` pairs; ``none`` where the workload is known to have none."""
    if key not in workload:
        return None
    told = {name: value for name, value in table(workload, key).items() if value is not None}
    shown = {name: v.decode("utf-8", "replace") if isinstance(v, bytes) else v for name, v in told.items()}
    return ", ".join(f"{name} {value!r}" for name, value in shown.items()) or "none"


def _all_jobs(workload: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    jobs = workload.get("jobs")
    if not isinstance(jobs, list | tuple):
        return None
    return [job for job in jobs if isinstance(job, dict)]


def _jobs(workload: Mapping[str, Any], length: str) -> Table | None:
    """Return each job's command as this length runs it; what the host gives at run time stays a placeholder."""
    jobs = _all_jobs(workload)
    if jobs is None:
        return None
    found: Table = {}
    for job in jobs:
        values = table(table(job, "lengths"), length)
        found[str(job["name"])] = f"on {job.get('on')}: {_words(_filled(job['command'], values))}"
    return found


def _filled(command: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    return [_PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), word) for word in command]


def _reads(workload: Mapping[str, Any]) -> Table | None:
    jobs = _all_jobs(workload)
    if jobs is None:
        return None
    return {
        str(job["name"]): "; ".join(
            f"{m['name']} {m['kind']} {m.get('expression', '')} × {m.get('scale', 1.0):g}"
            for m in job.get("metrics", ())
        ) + f"; work {job.get('work')}"
        for job in jobs
    }  # fmt: skip


def _versions(kind: str | None, versions: Mapping[str, Any]) -> Table:
    """Return the versions of the tools that this kind of target uses."""
    own = _traits(kind).tools
    others = {tool for one in kinds().values() for tool in one.traits.tools if tool not in own}
    foreign = tuple(others) if kind in kinds() else ()
    return {
        name: value
        for name, value in versions.items()
        if value is not None and name != "guest_kernel" and not (foreign and name.startswith(foreign))
    }


def _layers(kind: str | None, describe: str | None) -> Table | None:
    """Return the declared layers by the names in the description; it does not tell the kernel's digest."""
    if describe is None:
        return None
    found = re.search(r"/guest/([0-9a-f]{12})/", describe)
    return {INIT: found[1] if found else None} | ({KERNEL: None} if _traits(kind).own_kernel else {})


def _configuration(describe: str | None) -> str | None:
    if describe is None:
        return None
    return f"sha256:{hashlib.sha256(_NAMED.sub('…', describe).encode()).hexdigest()}"


def _storage_kind(device: str | None) -> str | None:
    """Return the kind of a block device by the kernel's naming: host classes tell disks, not their numbers."""
    if device is None:
        return None
    name = device.removeprefix("/dev/")
    return next((kind for prefix, kind in _STORAGE_KINDS.items() if name.startswith(prefix)), name)
