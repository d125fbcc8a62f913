"""``isobench doctor`` as root, as an ordinary user, and watching for noise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import isobench
from isobench.cli import group
from isobench.errors import UsageError
from isobench.host import lock

NOBODY = 65534


def run_as_nobody(*words: str) -> subprocess.CompletedProcess[str]:
    """Run isobench as an ordinary user, with the first Python of this version that such a user may execute."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to stop being it")
    source = Path(isobench.__file__).parents[1]
    libraries = Path(pytest.__file__).parents[1]
    environment = {"PYTHONPATH": f"{source}:{libraries}", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            return subprocess.run(
                [python, "-m", "isobench", *words],
                user=NOBODY, group=NOBODY, extra_groups=[], env=environment, cwd="/",
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
        except PermissionError:
            continue
    pytest.skip("no Python here may be run by an ordinary user")


def test_an_ordinary_user_is_told_for_each_target_why_not_and_what_to_do() -> None:
    done = run_as_nobody("doctor")
    assert (done.returncode, done.stderr) == (3, "")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("note ")]
    assert {line.split()[1] for line in lines} >= {"native", "docker", "vm-micro", "vm-q35", "kvm"}
    for line in lines:
        assert line.startswith("no ")
        assert line.endswith("need root: run it with sudo")


def test_the_findings_can_be_read_by_a_program() -> None:
    done = run_as_nobody("doctor", "--json")
    assert done.returncode == 3
    assert not any(finding["ok"] for finding in json.loads(done.stdout)["findings"])


@pytest.fixture
def own_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of the test's own, so that a measurement on this host neither stops the test nor is stopped by it."""
    monkeypatch.setattr(lock, "host_folder", lambda _: tmp_path)
    return tmp_path


def doctor(*words: str) -> Result:
    return CliRunner().invoke(group, ["doctor", "--noise", "--seconds", "3", *words])


def test_noise_is_said_in_words_with_the_effects_that_can_be_seen(own_lock: Path) -> None:
    done = doctor()
    assert done.exit_code == 0
    assert "· watching this host for 3 s" in done.stderr
    for said in ("steal", "CPU pressure", "run queue", "swap", "frequency", "probe: 20 ×", "of 2 windows"):
        assert said in done.stdout
    for count in (10, 20, 50):
        assert f"  {count} samples each: 95 % interval ± " in done.stdout


def test_noise_as_json_holds_the_figures_the_bounds_and_the_resolutions(own_lock: Path) -> None:
    seen = json.loads(doctor("--json").stdout)
    assert 2.9 < seen["seconds"] < 6
    assert seen["jitter"]["count"] == 20
    assert seen["figures"]["steal"]["worst"] >= seen["figures"]["steal"]["median"] >= 0
    assert seen["bounds"]["steal"] == 0.05
    small, _, large = (resolution["detectable"] for resolution in seen["resolutions"])
    assert small == pytest.approx(large * 5**0.5)


def test_noise_is_never_watched_beside_a_measurement(own_lock: Path) -> None:
    with lock.measuring(own_lock, wait=False):
        refused = doctor().exception
    assert isinstance(refused, UsageError)
    assert f"(process {os.getpid()}, since" in refused.line()
    assert refused.line().endswith("the host is not quiet now: watch it when that has ended")
