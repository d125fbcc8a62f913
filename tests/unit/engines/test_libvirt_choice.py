"""Which libvirt runs the VMs: isobench's own unless the host's is chosen, and nothing else without a word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from isobench.engines import libvirt, libvirt_choice, libvirt_files
from isobench.errors import HarnessError, UsageError


def test_without_a_choice_it_is_the_embedded_one_even_where_the_host_has_a_libvirtd(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(libvirt_choice.VARIABLE, raising=False)
    monkeypatch.setattr(libvirt_choice, "DAEMON", tmp_path)
    assert libvirt_choice.chosen() is None
    assert "LIBVIRT_DEFAULT_URI=qemu:///system chooses it" in str(libvirt_choice.advice())


def test_the_hosts_is_chosen_by_its_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    for uri in ("qemu:///system", "qemu:///system?socket=/run/other/libvirt-sock"):
        monkeypatch.setenv(libvirt_choice.VARIABLE, uri)
        assert libvirt_choice.chosen() == uri
        assert libvirt_choice.advice() is None


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("qemu:///embed?root=/tmp/x", "isobench embeds a libvirt of its own"),
        ("qemu:///session", "not a libvirt that can be chosen"),
        ("test:///default", "not a libvirt that can be chosen"),
        ("lxc:///system", "not a libvirt that can be chosen"),
        ("nonsense", "not a libvirt that can be chosen"),
        ("qemu+ssh://root@host/system", "remote"),
        ("qemu+tls://host/system", "remote"),
        ("qemu://host/system", "remote"),
    ],
)
def test_any_other_is_refused_in_one_line(uri: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(libvirt_choice.VARIABLE, uri)
    with pytest.raises(UsageError, match=words) as caught:
        libvirt_choice.chosen()
    assert "\n" not in caught.value.line()
    assert "qemu:///system" in caught.value.line()


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="QEMU is not installed")
def test_a_chosen_libvirt_that_does_not_answer_is_told_before_a_session(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(libvirt_choice.VARIABLE, f"qemu:///system?socket={tmp_path}/none")
    reason = libvirt.unavailable()
    assert reason is not None
    assert "does not answer" in reason
    assert "\n" not in reason


def test_a_run_folder_that_qemus_user_may_not_enter_is_named(tmp_path: Path) -> None:
    run = tmp_path / "closed/run"
    run.mkdir(parents=True)
    for folder in run.parents:
        if folder.is_relative_to(tmp_path):
            folder.chmod(0o711)
    (tmp_path / "closed").chmod(0o700)
    with pytest.raises(HarnessError, match="may not enter") as caught:
        libvirt_files.refuse_closed(run)
    assert str(tmp_path / "closed") in caught.value.line()


def test_files_for_the_hosts_qemu_are_copies_that_go_with_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libvirt_files, "_IMAGES", tmp_path / "images")
    (tmp_path / "base.raw").write_bytes(b"disk")
    (tmp_path / "base.raw").chmod(0o600)
    with libvirt_files.shared_files(tmp_path / "run") as shared:
        copy = shared.copy(tmp_path / "base.raw")
        assert copy.read_bytes() == b"disk"
        assert copy.stat().st_mode & 0o777 == 0o644
        assert shared.folder.stat().st_mode & 0o777 == 0o711
        assert shared.copy(tmp_path / "base.raw") == copy
        (tmp_path / "base.raw").write_bytes(b"another disk")
        assert shared.copy(tmp_path / "base.raw") != copy
    assert not shared.folder.exists()
    assert libvirt_files.clean(tmp_path / "run") == []
