"""Guests that go wrong, each once on a real engine: one clear line, the rest goes on, nothing is left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.fault_table import row
from tests.integration.living import MARKS, SPECS, Bench, ask, living, make_workload, opened_bench
from tests.integration.snapshot import leaving_nothing, left, snapshot
from tests.integration.user import ENGINES, User, job, run_words

from isobench.engines import libvirt
from isobench.guest.build import FLAGS, SOURCES, compile_program
from isobench.host.cpus import Placement
from isobench.host.paths import Paths
from isobench.host.process import command_lines, run
from isobench.images.kernel import ensure_kernel
from isobench.images.types import Image
from isobench.model import Cell, Job, Parameters, Sample
from isobench.plan import Step
from isobench.runner.measure import measure
from isobench.targets.base import Prepared, Slot, Target
from isobench.targets.docker import DockerTarget
from isobench.targets.native import NativeTarget
from isobench.targets.vm import VmTarget

pytestmark = ENGINES

ALL = ("native", "docker", "vm")
BOUND = 192 << 20
"""What the harness may have in memory whatever a guest sends: it has 100 MB without any guest."""
SLEEP = "sleep 86377"
"""What no other process on the host is called."""
GRACE = 8.0


@dataclass(frozen=True)
class Fault:
    """A workload that goes wrong, where that can be tried, and what its sample must say."""

    name: str
    table: str
    outcome: str
    words: str = ""
    """In its error line; for one that is to end well, in the output of its job."""
    kinds: tuple[str, ...] = ALL
    command: str = "echo main is here; sleep 600"
    kept: str = "main is here"
    """In the output that the sample keeps."""


def in_vm(script: str) -> str:
    """Return the script made harmless anywhere but in a VM of isobench's own."""
    return f"busybox grep -q isobench.root=/dev/vda /proc/cmdline || exit 77; {script}"


VOLUME = '[volume]\npath = "/data"\nsize = "8 MiB"\n'
SHORT = "timeout = 2\n"
AWAY = f"""trap "" TERM; (busybox setsid sh -c "trap '' TERM; {SLEEP}" &); {SLEEP}"""
LINE = "printf 'rate '; head -c 100000000 /dev/zero | busybox tr '\\0' 9; echo"

FAULTS = (
    Fault("good", job("echo rate 12.5"), "ok", "rate"),
    Fault("panic", job(in_vm("echo c > /proc/sysrq-trigger; sleep 9")), "died", "Kernel panic", ("vm",)),
    Fault("out-of-memory", job("echo filling; tail /dev/zero"), "failed", "memory runs out", kept="filling"),
    Fault("endless-job", job("yes", more=SHORT), "timeout", "work: did not end within 2 s", kept="y\ny\n"),
    Fault("endless-main", job("echo rate 12.5"), "ok", "rate", command="yes"),
    Fault("rubbish", job("head -c 300000 /dev/urandom"), "rubbish", "did not match"),
    Fault("terminal", job(r"printf '\033[2Jgone\n'; exit 3"), "failed", r"\x1b[2Jgone", kept="\x1b[2Jgone"),
    Fault("long-line", job(LINE, more="timeout = 60\n"), "rubbish", "did not match", kept="9" * 4000),
    Fault("channel", job("thief"), "rubbish", "the guest sent b'\\xff stolen'", ("vm",)),
    Fault("clock-set", job(in_vm("date -s 200102030405; sleep 1; date; echo rate 1")), "ok", "2001", ("vm",)),
    Fault("clock-fast", job(in_vm("busybox adjtimex -t 10900; sleep 2; echo rate 1")), "clock", "ran at 1.0", ("vm",)),
    Fault("disk-full", job(in_vm("for disk in /. /data; do dd if=/dev/zero of=$disk/fill bs=64k; done")) + VOLUME,
          "failed", "No space left on device", ("vm",)),
    Fault("away", job("echo rate 12.5"), "ok", "rate", command=AWAY),
)  # fmt: skip

THIEF = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Take every descriptor of init that is a device or a socket, and write to it. */
int main(void)
{
    static const char stolen[] = "\377 stolen\n";
    int init = (int)syscall(434, 1, 0), taken = 0;
    struct stat found;

    for (int number = 0; number < 64; number++) {
        int fd = (int)syscall(438, init, number, 0);

        if (fd >= 0 && fstat(fd, &found) == 0 && (S_ISCHR(found.st_mode) || S_ISSOCK(found.st_mode)))
            taken += write(fd, stolen, sizeof stolen - 1) > 0;
    }
    printf("took %d\n", taken);
    return taken ? 0 : 3;
}
"""


def go_wrong(user: User, faults: Iterable[Fault], targets: Sequence[str]) -> None:
    """Run one session of the workloads, check all of it, and print their rows of the table."""
    chosen = {fault.name: fault for fault in faults}
    assert "ok" in {fault.outcome for fault in chosen.values()}, "nothing would show that the others went on"
    for fault in chosen.values():
        user.workload(fault.name, fault.table, fault.command)
        if "thief" in fault.table:
            compile_c(THIEF, user.home / "workloads" / fault.name / "bin" / "thief")
    words = [word for name in chosen for word in ("-w", name)] + [word for name in targets for word in ("-t", name)]
    with leaving_nothing(user.paths):
        process = user.start(*run_words(user, *words, "--samples", "1"))
        peak = peak_memory(process.pid, lambda: process.poll() is None)
        said = user.said()
        assert process.returncode == 4, said
        assert not [words for _, words in command_lines() if SLEEP.split()[1] in words]
    assert "Traceback" not in said
    assert said.isascii() or all(letter.isprintable() for line in said.splitlines() for letter in line)
    assert "\x1b" not in said
    assert peak < BOUND, peak
    meta, samples = user.session()
    assert meta["state"] == "complete"
    measured = [sample for sample in samples if sample["role"] == "measured"]
    assert len(samples) == 2 * len(measured) == 2 * len(chosen) * len(targets)
    for sample in measured:
        check(chosen[sample["cell"]["workload"]], sample, said)


def check(fault: Fault, sample: dict[str, Any], said: str) -> None:
    """Check that a sample says what it must, and print its row of the table."""
    cell = f"{fault.name}@{sample['cell']['target']}"
    assert sample["outcome"] == fault.outcome, (cell, sample["error"])
    if fault.outcome == "ok":
        assert fault.words in sample["jobs"][0]["output"], cell
        seen = f"nothing: its samples are good; stopped in {sample['metrics']['stop_time']:.1f} s"
    else:
        assert fault.words in sample["error"], cell
        assert f"({cell}): {fault.outcome}: {sample['error']}\n" in said, cell
        assert fault.kept in sample["output"], cell
        assert len(sample["output"]) <= 3 * 4096
        seen = shown(sample["outcome"], sample["error"])
    if fault.name == "away":
        assert GRACE <= sample["metrics"]["stop_time"] < GRACE + 3
    kept = f"the sample, {len(sample['output'])} characters of output" if sample["output"] else "the sample"
    row(fault.name, sample["cell"]["target"], seen, kept)


def shown(outcome: str, error: str | None) -> str:
    """Return an error line with nothing but ASCII in it, for a table."""
    return f"{outcome}: {error}".encode("ascii", "replace").decode()


def peak_memory(pid: int, alive: Any) -> int:
    """Return the most bytes that a process had in memory, watching it to its end."""
    peak, deadline = 0, time.monotonic() + 3600
    while alive():
        assert time.monotonic() < deadline
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            break
        peak = max([peak, *(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))])
        time.sleep(0.05)
    return peak


def compile_c(text: str, output: Path, *more: str | Path) -> None:
    source = output.with_suffix(".c")
    source.write_text(text)
    run(["cc", *FLAGS, f"-I{SOURCES}", "-o", output, source, *more])
    source.unlink()


@pytest.mark.beside
def test_workloads_that_go_wrong_in_containers(user: User) -> None:
    faults = [fault for fault in FAULTS if "docker" in fault.kinds]
    go_wrong(user, faults, ["docker"])


@pytest.mark.vm
def test_workloads_that_go_wrong_in_vms(user: User) -> None:
    if reason := libvirt.unavailable():
        pytest.skip(reason)
    go_wrong(user, [fault for fault in FAULTS if fault.kinds == ("vm",)], ["vm-micro"])


INIT = """
#include "channel.h"
#include <unistd.h>

int main(int argc, char **argv)
{
    %s
    for (;;)
        pause();
}
"""
HASTY = """
#include <time.h>

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/* A clock that runs a tenth too fast. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = __real_clock_gettime(clock, now);
    long long ns = (now->tv_sec * 1000000000LL + now->tv_nsec) / 10 * 11;

    *now = (struct timespec){ns / 1000000000, ns % 1000000000};
    return result;
}
"""
INITS = {
    "mute-init": ("(void)argc, (void)argv;", "timeout", "within"),
    "dead-init": ("if (argc > 0 && argv) return 7;", "died", ""),
    "mad-init": (
        'if (argc > 1 && channel_open(argv[1]) >= 0) channel_frame("\\377 mad\\n");',
        "rubbish",
        "the guest sent",
    ),
    "greedy-init": (
        "(void)argc, channel_open(argv[1]); for (char *more; (more = sbrk(4096)) != (void *)-1;) *more = 1;",
        "died",
        "memory",
    ),
    "hasty-init": ("", "clock", "the guest's clock ran at 1."),
}


@pytest.fixture(scope="module")
def bench(paths: Paths) -> Iterator[Bench]:
    with opened_bench(paths) as made:
        yield made


def other_init(bench: Bench, name: str, kind: str) -> Target:
    """Return a target whose injected init is another program."""
    target, cache = bench.target(name), bench.paths.cache
    init = cache / kind
    if kind == "hasty-init":
        wrap = cache / "hasty.c"
        wrap.write_text(HASTY)
        compile_program("init", init, ("-Wl,--wrap=clock_gettime", str(wrap)))
    else:
        compile_c(INIT % INITS[kind][0], init, SOURCES / "channel.c")
    guest = replace(bench.guest, init=init, digest=kind)
    if isinstance(target, VmTarget):
        kernel = ensure_kernel(guest, cache)
        return VmTarget(target.spec, target.engine, target.network, kernel, guest, target.acceleration, target.store,
                        cache)  # fmt: skip
    if target.spec.kind == "docker":
        return DockerTarget(target.spec, bench.docker, guest)
    return NativeTarget(target.spec, guest, bench.store)


def sample_of(bench: Bench, kind: str, name: str) -> Sample:
    """Take one sample with another init."""
    target = other_init(bench, name, kind)
    timeout = 6.0 if target.spec.kind == "vm" else 2.0
    work = Job("work", "instance", ("/bin/sleep", "1"), (), {}, timeout=10.0)
    workload = replace(make_workload(bench.store), jobs=(work,), timeout=timeout)
    prepared = Prepared(workload, Image(bench.image, "t", (), "/", "", 1), bench.rootfs)
    target.prepare(prepared)
    cores = tuple(sorted(os.sched_getaffinity(0)))
    slot = Slot(f"f-{kind}", bench.paths.run / f"f-{kind}", Placement(cores[-1:], cores[:1], shared=False), 5)
    step = Step(Cell(kind, name, Parameters("warm", "quick")), 1, "measured", "stop")
    return measure("test", 0, step, target, prepared, slot)


def check_init(bench: Bench, kind: str, name: str) -> None:
    """Check the sample of an instance with another init, and print its row of the table."""
    bench.target(name)
    before, began = snapshot(bench.paths), time.monotonic()
    sample = sample_of(bench, kind, name)
    assert time.monotonic() - began < 25
    found = left(bench.paths, before)
    assert found == {}
    _, outcome, words = INITS[kind]
    assert (sample.outcome, sample.error and words in sample.error) == (outcome, True), sample.error
    assert "\n" not in (sample.error or "\n")
    row(kind, name, shown(sample.outcome, sample.error), "the sample")


@pytest.mark.parametrize("name", [pytest.param(n, marks=MARKS[SPECS[n].kind]) for n in ("native", "docker")])
@pytest.mark.parametrize("kind", INITS)
def test_an_init_that_goes_wrong(bench: Bench, kind: str, name: str) -> None:
    check_init(bench, kind, name)


@pytest.mark.parametrize("name", [pytest.param(n, marks=MARKS[SPECS[n].kind]) for n in ("native", "docker")])
def test_what_the_harness_lent_cannot_be_changed_from_inside(bench: Bench, name: str) -> None:
    bench.target(name)
    lent = {path: path.stat() for path in (bench.guest.init, bench.guest.init.parent)}
    with living(bench, name, "f-vandal") as (instance, _, _):
        for number, script in enumerate((
            "busybox chmod 0 /dev/isobench/init", "echo x > /dev/isobench/init", "busybox rm /dev/isobench/channel",
            "dd if=/dev/zero of=/dev/isobench/fill bs=1024 count=1",
        ), 2):  # fmt: skip
            said = ask(instance, number, f"{script} 2>&1")
            assert "Read-only file system" in said or "Text file busy" in said, (script, said)
    assert lent == {path: path.stat() for path in lent}


@pytest.mark.vm
def test_an_init_that_never_speaks_in_a_vm(bench: Bench) -> None:
    check_init(bench, "mute-init", "vm-micro")
