"""Orphans are reaped as they end; what this process started itself is left to it, and costs nothing to keep."""

from __future__ import annotations

import subprocess
import sys

_LEFT_ALONE = """
import subprocess, time
from isobench.host import reaper
children = [subprocess.Popen(["sh", "-c", "exit 3"], start_new_session=True) for _ in range(200)]
reaper.adopt_orphans("sleep")
time.sleep(1)
before = time.process_time()
time.sleep(2)
print((time.process_time() - before) / 2)
assert [child.wait() for child in children] == [3] * 200
"""

_ORPHAN = """
import os, subprocess, time
from isobench.host import reaper
reaper.adopt_orphans("sleep")
said = subprocess.run(["setsid", "sh", "-c", "setsid sleep 0.3 >&- & echo $!"], capture_output=True, text=True)
pid = int(said.stdout)
deadline = time.monotonic() + 5
while os.path.exists(f"/proc/{pid}"):
    assert time.monotonic() < deadline, "never reaped"
    time.sleep(0.01)
"""


def test_many_ended_children_of_others_cost_little_and_keep_their_exit_status() -> None:
    ran = subprocess.run([sys.executable, "-c", _LEFT_ALONE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    # Looking at each of them again and again took a seventh of a core.
    assert float(ran.stdout) < 0.07


def test_an_orphan_of_that_name_is_reaped() -> None:
    ran = subprocess.run([sys.executable, "-c", _ORPHAN], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
