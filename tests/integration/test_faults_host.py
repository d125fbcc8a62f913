"""A host that gives out while a session measures: memory, the KVM device, the results folder, the cache's files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.fault_table import row
from tests.integration.snapshot import leaving_nothing
from tests.integration.test_bad_luck import one_line, small_disk
from tests.integration.user import ENGINES, User, job, run_words

from isobench.engines import libvirt
from isobench.host import memory

pytestmark = ENGINES
MIB = 1 << 20
# A /dev of its own with every device but one, for the command that follows.
WITHOUT_KVM = """
mount -t tmpfs -o mode=755 isobench-test "$1"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$1"; done
ln -s /proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 "$1"
mkdir "$1/net" "$1/pts" "$1/shm"
cp -a /dev/net/tun "$1/net"
mount --rbind /dev/pts "$1/pts"
mount -t tmpfs isobench-test "$1/shm"
mount --move "$1" /dev
shift
exec "$@"
"""
NO_KVM = 'mount --bind /dev/null /dev/kvm; shift; exec "$@"'


def ask_for(user: User, name: str, mebibytes: int) -> None:
    """Let a workload ask for so much memory."""
    file = user.home / "workloads" / name / "workload.toml"
    text = file.read_text()
    assert 'memory = "96 MiB"' in text
    file.write_text(text.replace('memory = "96 MiB"', f'memory = "{mebibytes} MiB"'))


def test_memory_that_is_short_is_told_before_anything_is_started(user: User) -> None:
    user.workload("good", job("echo rate 12.5"))
    wanted = (memory.available() + memory.total()) // 2 // MIB
    ask_for(user, "good", wanted)
    with leaving_nothing(user.paths):
        code, said = user.isobench(*run_words(user, "-w", "good", "-t", "native", "--samples", "1"))
    assert code == 2, said
    line = one_line(said)
    assert f"asks for {wanted} MiB" in line
    assert "are free" in line
    assert not user.results.exists()
    row("memory short at the start", "any", f"`{line}`, exit 2", "nothing was begun")


def test_memory_that_becomes_short_fails_the_samples_that_it_would_not_hold(user: User) -> None:
    user.workload("good", job("sleep 0.2; echo rate 12.5"))
    user.workload("large", job("sleep 0.2; echo rate 12.5"))
    ask_for(user, "large", memory.available() // MIB - 768)
    hog = Path("/dev/shm", f"hog-{os.getpid()}")
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, "-w", "good", "-w", "large", "-t", "native", "--samples", "4"))
        user.wait_for(process, "[  2/")
        try:
            with hog.open("wb") as file:
                for _ in range(1536):
                    file.write(bytes(MIB))
            assert process.wait(60) == 4, user.said()
        finally:
            hog.unlink()
    meta, samples = user.session()
    assert meta["state"] == "complete"
    found = {name: [s["outcome"] for s in samples if s["cell"]["workload"] == name] for name in ("good", "large")}
    assert found["good"] == ["ok"] * 5
    assert (found["large"][0], found["large"][-1]) == ("ok", "error")
    errors = [sample["error"] for sample in samples if sample["outcome"] == "error"]
    assert all("MiB are free" in words for words in errors)
    row("memory short in the middle", "any", f"`error: {errors[0]}`, exit 4", "all samples; others go on")


def without_kvm(user: User, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run isobench in a mount namespace of its own, which the script has changed."""
    place = user.home / "dev"
    place.mkdir(exist_ok=True)
    inside = ["unshare", "--mount", "sh", "-euc", script, "sh", str(place), sys.executable, "-m", "isobench"]
    environment = {**os.environ, **user.environment}
    return subprocess.run(
        [*inside, *words], capture_output=True, text=True, check=False, cwd=user.home, env=environment
    )


@pytest.mark.vm
@pytest.mark.skipif(not Path("/dev/kvm").exists(), reason="there is no device that could go")
@pytest.mark.parametrize(("script", "why"), [(WITHOUT_KVM, "there is no /dev/kvm"), (NO_KVM, "did not reach its init")])
def test_the_doctor_says_why_there_is_no_kvm(user: User, script: str, why: str) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    found = without_kvm(user, script, "doctor")
    assert found.returncode == 0, found.stderr
    (line,) = (line for line in found.stdout.splitlines() if line.split()[1] == "kvm")
    assert line.startswith("no ")
    assert why in line
    assert "emulated" in line


@pytest.mark.vm
def test_without_the_kvm_device_vms_are_emulated_and_marked_so(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    user.workload("good", job("echo rate 12.5"))
    with leaving_nothing(user.paths):
        done = without_kvm(user, WITHOUT_KVM, *run_words(user, "-w", "good", "-t", "vm-micro", "--samples", "1"))
    assert done.returncode == 0, done.stderr
    _, samples = user.session()
    assert [sample["outcome"] for sample in samples] == ["ok", "ok"]
    assert samples[1]["facts"]["acceleration"] == "tcg"
    row("the KVM device gone", "vm-micro", "`doctor` says why, and that VMs run emulated; exit 0",
        "all samples, marked as emulated")  # fmt: skip


def test_results_that_become_read_only_keep_what_was_written(user: User) -> None:
    user.workload("good", job("sleep 0.5; echo rate 12.5"))
    with leaving_nothing(user.paths), small_disk(user.home / "results", "1m") as disk:
        process = user.start(*run_words(user, "-w", "good", "-t", "native", "--samples", "30"))
        user.wait_for(process, "[  2/")
        # Refused while a file is open for writing, which is the case for some milliseconds a sample.
        for _ in range(50):
            if not subprocess.run(["mount", "-o", "remount,ro", disk], check=False, capture_output=True).returncode:
                break
            time.sleep(0.02)
        assert process.wait(60) == 5, user.said()
        assert "Read-only file system" in one_line(user.said())
        meta, samples = user.session()
        assert len(samples) >= 2
        assert meta["state"] == "running"
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        words = run_words(user, "--resume", meta["id"], "--budget", "1s")
        words = [word for word in words if word not in ("--seed", "1")]
        assert user.isobench(*words)[0] == 0
        assert user.session()[1][: len(samples)] == samples
    row("results read-only in the middle", "any", "`… cannot be written: Read-only file system; …`, exit 5",
        "every finished sample; `--resume` goes on")  # fmt: skip
