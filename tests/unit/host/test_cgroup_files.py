"""Control files of v2 as kernels print them, also those that no documentation describes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isobench.host.cgroup import files, hierarchy, home
from isobench.host.cgroup.group import Cgroup

CORPUS = Path(__file__).parent / "cgroup_files"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n",
         {"8:16": {"rbytes": 1459200, "wbytes": 314773504, "rios": 192, "wios": 353, "dbytes": 0, "dios": 0}}),
        # A host with snaps: the kernel prints a loop device without figures and does not end its line.
        # canonical/lxd issue 10052.
        ("7:7 7:6 7:5 7:4 rbytes=28672 wbytes=0 rios=22 wios=0\n8:0 rbytes=1 wbytes=2 rios=1 wios=1\n",
         {"7:7": {}, "7:6": {}, "7:5": {}, "7:4": {"rbytes": 28672, "wbytes": 0, "rios": 22, "wios": 0},
          "8:0": {"rbytes": 1, "wbytes": 2, "rios": 1, "wios": 1}}),
        # Read while a group is being made: a device without figures, and no end of the line.
        ("252:0 ", {"252:0": {}}),
        # Devices without a number, as with NVMe multipath (canonical/lxd issue 18609), and more than one.
        ("(unknown) rbytes=5 wbytes=1\n(unknown) rbytes=6 wbytes=2\n", {"(unknown)": {"rbytes": 11, "wbytes": 3}}),
        ("7:1 7:0 \n", {"7:1": {}, "7:0": {}}),
        # io.cost and io.latency add words of their own (Documentation/admin-guide/cgroup-v2.rst).
        ("254:0 rbytes=4096 wbytes=0 cost.vrate=100.00 cost.usage=12 use_delay=0 depth=max\n",
         {"254:0": {"rbytes": 4096, "wbytes": 0, "cost.usage": 12, "use_delay": 0}}),
    ],
)  # fmt: skip
def test_nested_keyed_files(text: str, found: dict[str, dict[str, int]]) -> None:
    assert files.nested(text) == found


@pytest.mark.parametrize(("text", "value"), [("max\n", None), ("0\n", 0), ("12345\n", 12345), ("", None)])
def test_files_with_one_value(text: str, value: int | None) -> None:
    assert files.single(text) == value


@given(st.text())
def test_no_text_is_a_traceback(text: str) -> None:
    files.single(text)
    files.flat(text)
    files.nested(text)


@pytest.mark.parametrize("kernel", sorted(path.name for path in CORPUS.iterdir() if path.is_dir()))
def test_the_files_of_a_real_kernel_are_read(kernel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure that a kernel does not keep is None: 5.15 has neither ``memory.peak`` nor ``kernel`` in memory.stat."""
    monkeypatch.setattr(hierarchy, "ROOT", tmp_path)
    monkeypatch.setattr(home, "parent", lambda: "isobench")
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids")
    (tmp_path / "isobench").mkdir()
    (tmp_path / "isobench/a").symlink_to(CORPUS / kernel)
    group = Cgroup("a")
    memory = group.memory()
    assert memory.current > 0
    assert memory.anon > 0
    assert (memory.peak is None) == (kernel == "5.15")
    assert (memory.kernel is None) == (kernel == "5.15")
    assert memory.peak is None or memory.peak >= memory.current
    assert group.cpu_seconds() > 0
    assert group.block_io()[0] > 0
    assert group.oom_kills() == 0
