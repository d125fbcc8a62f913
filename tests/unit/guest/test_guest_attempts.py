"""What isobench's init tries from inside, tried here by an init that is an ordinary process of the host."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from isobench.errors import SampleError
from isobench.guest.build import GuestBinaries
from isobench.guest.channel import Channel
from isobench.host.process import command_lines
from isobench.studies.attempts import Attempts, largest, value, values


@pytest.fixture
def attempts(binaries: GuestBinaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attempts]:
    monkeypatch.setattr(Attempts, "program", str(binaries.init))
    with Channel(tmp_path / "channel") as channel:
        process = subprocess.Popen([binaries.init, channel.path])
        try:
            channel.wait_connected(5)
            yield Attempts(channel)
        finally:
            channel.close()
            process.wait(10)


def test_it_sees_the_host_that_it_is_on(attempts: Attempts) -> None:
    marker = secrets.token_hex(8)
    with subprocess.Popen([marker, "600"], executable="/bin/sleep") as process:
        seen = attempts.make("look", marker)
        process.kill()
    assert value(seen, "release") == os.uname().release
    assert value(seen, "boot_id") == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert int(value(seen, "processes")) > 2
    assert value(seen, "marker") == "1"
    assert int(value(seen, "devices")) > 0
    assert value(attempts.make("look", secrets.token_hex(8)), "marker") == "0"


def test_each_system_call_is_tried_once_and_has_no_effect(attempts: Attempts) -> None:
    before = (os.uname(), Path("/proc/mounts").read_text())
    calls = [call.split() for call in values(attempts.make("syscalls"), "syscall")]
    names = [name for name, _ in calls]
    assert len(set(names)) == len(names) > 45
    assert names == sorted(names)
    # All but one fail: personality only asks.
    assert [name for name, number in calls if number == "0"] == ["personality"]
    assert (os.uname(), Path("/proc/mounts").read_text()) == before


def test_the_documentation_lists_the_calls_that_are_tried(attempts: Attempts) -> None:
    text = (Path(__file__).parents[3] / "docs/studies.md").read_text()
    listed = text.partition("\nThe calls:\n")[2].partition(". Only")[0]
    tried = [call.split()[0] for call in values(attempts.make("syscalls"), "syscall")]
    assert re.findall(r"`(\w+)`", listed) == tried


def test_a_secret_is_read_from_a_process_that_is_seen_and_may_be(attempts: Attempts) -> None:
    secret, marker = secrets.token_hex(16), secrets.token_hex(8)
    run = attempts.begin("hold", secret, marker)
    attempts.await_word(run, "address")
    address = value(attempts.said(run), "address")
    found = dict(attempts.make("steal", marker, address, 0))
    assert found.keys() == {"seen", "dev_mem", "process_vm_readv", "proc_mem", "ptrace"}
    assert found["seen"] == "1"
    assert found["dev_mem"].startswith("-")
    if os.geteuid() == 0:
        assert {found["process_vm_readv"], found["proc_mem"], found["ptrace"]} == {secret}
    # Whoever traced it has let it go: it waits as before.
    assert attempts.make("steal", secrets.token_hex(8), address, 0)[0] == ("seen", "0")
    assert attempts.end(run, signal.SIGKILL).signaled


def test_the_machines_memory_is_asked_for_only_at_a_place_that_is_known(attempts: Attempts) -> None:
    assert value(attempts.make("steal", secrets.token_hex(8), "0x1000", 0), "dev_mem").endswith("no such place")
    assert not Path("/dev/isobench-mem").exists()


def test_an_attempt_on_the_cores_asks_for_all_of_them(attempts: Attempts) -> None:
    def ours() -> list[int]:
        return [pid for pid, words in command_lines() if words[0] == Attempts.program]

    core = min(os.sched_getaffinity(0))
    for init in ours():
        os.sched_setaffinity(init, {core})
    run = attempts.begin("spin", 0.5, 2)
    attempts.await_word(run, "spinning")
    allowed = [os.sched_getaffinity(pid) for pid in ours()]
    attempts.await_end(run)
    assert {core} in allowed
    assert max(allowed, key=len) >= os.sched_getaffinity(0)


def test_hogs_end_by_themselves_and_leave_nothing(attempts: Attempts, tmp_path: Path) -> None:
    began = time.monotonic()
    assert value(attempts.make("spin", 0.2, 2), "spinning") == "2"
    assert largest(attempts.make("memory", 0.2, 5 << 20), "taken") == 5 << 20
    assert value(attempts.make("disk", 0.2, tmp_path / "hog", 4 << 20), "writing") == str(4 << 20)
    assert largest(attempts.make("fork", 0.2, 30), "most") == 30
    assert 0.8 <= time.monotonic() - began < 10
    assert not (tmp_path / "hog").exists()


def test_a_disk_that_cannot_be_written_to_is_told(attempts: Attempts, tmp_path: Path) -> None:
    run = attempts.begin("disk", 5, tmp_path / "none" / "hog", 1 << 20)
    with pytest.raises(SampleError, match="status 1"):
        attempts.await_word(run, "writing")
    assert "No such file or directory" in attempts.raw(run)


def test_an_unknown_attempt_and_a_missing_word_are_told(attempts: Attempts) -> None:
    run = attempts.begin("dance")
    assert attempts.await_end(run).code == 2
    assert "no such attempt: dance" in attempts.raw(run)
    with pytest.raises(SampleError, match="did not say seen"):
        value(attempts.said(run), "seen")
