"""The answer of KVM's proof as it is kept: a time-out for ten minutes only, and then it is tried with more patience."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from isobench.engines import kvm
from isobench.images.types import Kernel

SILENT = "exec sleep 60"
REFUSES = "echo 'Could not access KVM kernel module' >&2; exit 1"


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., kvm.KvmState]:
    """Give what proves KVM with a QEMU that does as a shell line says, within tenths of a second."""
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(kvm, "_DEVICE", device)
    monkeypatch.setattr(kvm, "_TIMEOUT", 0.2)
    monkeypatch.setattr(kvm, "_LONGEST", 0.5)
    monkeypatch.setattr(kvm, "_LOOK", 0.05)
    (tmp_path / "k").touch()
    kernel = Kernel("6.1", "linux", tmp_path / "k", {"pci": tmp_path / "k", "mmio": tmp_path / "k"}, "sha256:0")

    def run(line: str, *, anew: bool = False) -> kvm.KvmState:
        qemu = tmp_path / "qemu"
        calls = tmp_path / "calls"
        qemu.write_text(f'#!/bin/sh\n[ "$1" != --version ] || exit 0\necho >>{calls}\n{line}\n')
        qemu.chmod(0o755)
        run_folder = Path(os.environ.get("TMPDIR", "/tmp"))
        return kvm.probe(kernel, tmp_path, run_folder, str(qemu), anew=anew)

    return run


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines())


def kept(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "kvm.json").read_text())
    return found


def age(folder: Path, seconds: float) -> None:
    """Let the kept answer be so much older."""
    told = kept(folder)
    told["uptime"] = time.clock_gettime(time.CLOCK_BOOTTIME) - seconds
    (folder / "kvm.json").write_text(json.dumps(told))


def test_a_time_out_is_believed_for_ten_minutes_and_says_when_it_was(
    probe: Callable[..., kvm.KvmState], tmp_path: Path
) -> None:
    for _ in range(2):
        state = probe(SILENT)
        assert not state.available
        assert "stayed silent for 0.2 s" in state.reason
        assert "tried 20" in state.reason
        assert "doctor --probe" in state.reason
    assert calls(tmp_path) == 1
    age(tmp_path, 599)
    probe(SILENT)
    assert calls(tmp_path) == 1


def test_after_ten_minutes_it_is_tried_with_twice_the_patience_up_to_a_bound(
    probe: Callable[..., kvm.KvmState], tmp_path: Path
) -> None:
    for patience in (0.2, 0.4, 0.5, 0.5):
        assert f"silent for {patience:g} s" in probe(SILENT).reason
        assert kept(tmp_path)["patience"] == patience
        age(tmp_path, 601)
    assert calls(tmp_path) == 4


def test_a_refusal_is_believed_until_the_host_is_booted_again(
    probe: Callable[..., kvm.KvmState], tmp_path: Path
) -> None:
    for _ in range(2):
        state = probe(REFUSES)
        assert "Could not access KVM kernel module" in state.reason
        assert "tried 20" not in state.reason
        age(tmp_path, 1e6)
    assert calls(tmp_path) == 1
    (tmp_path / "kvm.json").write_text(json.dumps(kept(tmp_path) | {"key": {"boot": "another"}}))
    probe(REFUSES)
    assert calls(tmp_path) == 2


@pytest.mark.parametrize("line", [SILENT, REFUSES])
def test_asked_anew_it_is_tried_now_with_all_patience(
    probe: Callable[..., kvm.KvmState], tmp_path: Path, line: str
) -> None:
    probe(line)
    probe(line, anew=True)
    assert calls(tmp_path) == 2
    assert kept(tmp_path)["patience"] == 0.5


def test_what_an_older_isobench_kept_is_not_believed(probe: Callable[..., kvm.KvmState], tmp_path: Path) -> None:
    probe(REFUSES)
    told = kept(tmp_path)
    (tmp_path / "kvm.json").write_text(json.dumps({name: told[name] for name in ("key", "available", "reason")}))
    probe(REFUSES)
    assert calls(tmp_path) == 2


def test_without_a_device_nothing_is_tried(
    probe: Callable[..., kvm.KvmState], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kvm, "_DEVICE", tmp_path / "none")
    state = probe(SILENT)
    assert not state.device
    assert "there is no /dev/kvm" in state.reason
    assert not (tmp_path / "calls").exists()
