"""What a docker target's options add to the request that creates its containers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from isobench.errors import UsageError
from isobench.images.types import Image, Rootfs
from isobench.model import Ready, Resources, Volume, Workload
from isobench.targets import base, catalog
from isobench.targets.base import Prepared
from isobench.targets.container import confinement
from isobench.workloads import load_one

SPECS = catalog.load_all([Path(base.__file__).parent / "targets.toml"])
HARDENED = SPECS["docker-hardened"].options
WORKLOAD = Workload("w", "t", "d", Path("/w"), ("true",), Ready("start"), Resources(1, 1 << 27, 1 << 25), ())
PREPARED = Prepared(WORKLOAD, Image("sha256:1", "t", (), "/", "", 1), Rootfs(Path("/r"), "sha256:2", 1, 1, 1))


def test_docker_adds_nothing_to_dockers_defaults() -> None:
    assert (
        confinement(SPECS["docker"].options, replace(PREPARED, workload=replace(WORKLOAD, capabilities=("KILL",))))
        == {}
    )


def test_hardened_takes_all_away() -> None:
    assert confinement(HARDENED, PREPARED) == {
        "cap_drop": ["ALL"], "cap_add": [], "security_opt": ["no-new-privileges:true"], "read_only": True,
        "tmpfs": {"/tmp": "mode=1777", "/run": "mode=755"}, "pids_limit": 512,
    }  # fmt: skip


def test_a_declared_capability_is_given() -> None:
    prepared = replace(PREPARED, workload=replace(WORKLOAD, capabilities=("NET_BIND_SERVICE", "CHOWN")))
    assert confinement(HARDENED, prepared)["cap_add"] == ["CHOWN", "NET_BIND_SERVICE"]


def test_init_can_become_the_images_user_and_end_its_processes() -> None:
    prepared = replace(PREPARED, image=replace(PREPARED.image, user="redis:redis"))
    assert confinement(HARDENED, prepared)["cap_add"] == ["KILL", "SETGID", "SETUID"]
    for root in ("0:0", "root"):
        prepared = replace(PREPARED, image=replace(PREPARED.image, user=root))
        assert confinement(HARDENED, prepared)["cap_add"] == []


def test_a_volume_takes_the_place_of_a_scratch_folder() -> None:
    prepared = replace(PREPARED, workload=replace(WORKLOAD, volume=Volume("/tmp", 1 << 20)))
    assert list(confinement(HARDENED, prepared)["tmpfs"]) == ["/run"]


@pytest.mark.parametrize(("asked", "said"), [("CHOWN", None), ("SYS_ADMIN", r"capabilities\.1: Input should be 'AUD")])
def test_a_workload_declares_what_every_target_can_give(tmp_path: Path, asked: str, said: str | None) -> None:
    text = (Path(__file__).parents[2] / "workloads" / "idle" / "workload.toml").read_text(encoding="utf-8")
    (tmp_path / "workload.toml").write_text(f'capabilities = ["{asked}"]\n{text}', encoding="utf-8")
    if said is None:
        assert load_one(tmp_path).capabilities == (asked,)
    else:
        with pytest.raises(UsageError, match=said):
            load_one(tmp_path)
