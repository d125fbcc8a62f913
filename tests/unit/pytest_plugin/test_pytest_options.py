"""The plugin's command line: what is collected, what is refused in one line, and that it is inert without its tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.pytest_plugin.suite import run

from isobench.pytest_plugin import options

HEAVY = ("click", "docker", "jinja2", "libvirt", "numpy", "pandas", "plotly", "pyarrow", "pydantic", "scipy")


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    words = f"import sys, isobench.pytest_plugin; print(*{{*sys.modules}} & {{*{HEAVY!r}}})"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "\n"


def test_a_run_without_its_fixture_takes_every_option_of_pytest_benchmark(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(benchmark): benchmark(len, ())\n")
    ran = run(tmp_path, "--benchmark-min-rounds=2", "--benchmark-disable-gc", files=(tmp_path / "test_own.py",))
    assert ran.code == 0, ran.said
    assert "isobench session" not in ran.said


def test_two_workloads_on_two_targets_are_measured_unless_others_are_named(tmp_path: Path) -> None:
    usual = run(tmp_path, "--collect-only", "-q")
    assert usual.code == 0, usual.said
    for function in ("startup.py::test_time_to_ready", "memory.py::test_memory_within_lifecycle_time",
                     "disk.py::test_disk_within_lifecycle_time",
                     "throughput.py::test_throughput_within_lifecycle_time"):  # fmt: skip
        for cell in ("idle@native", "idle@docker", "cpu@native", "cpu@docker"):
            assert f"test_{function}[{cell}]" in usual.said
    named = run(tmp_path, "--collect-only", "-q", "--isobench-workload=redis", "--isobench-target=vm-micro",
                "--isobench-target=docker", "-k", "time_to_ready")  # fmt: skip
    assert [line.partition("[")[2] for line in named.said.splitlines() if "::" in line] == [
        "redis@vm-micro]", "redis@docker]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("--isobench-target=dokcer", "no target is called 'dokcer'; did you mean 'docker'?"),
        ("--isobench-workload=idel", "no workload is called 'idel'; did you mean 'idle'?"),
        ("--isobench-rounds=0", "'0' is no number of instances; write 1 or more"),
        ("--isobench-rounds=many", "'many' is no number of instances; write 1 or more"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path: Path, word: str, told: str) -> None:
    ran = run(tmp_path, word)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert told in ran.said
    assert "Traceback" not in ran.said


@pytest.mark.parametrize(
    "word",
    ["--benchmark-min-rounds=5", "--benchmark-max-time=2", "--benchmark-precision=0.1", "--benchmark-timer=time.time",
     "--benchmark-calibration-precision=5", "--benchmark-warmup=on", "--benchmark-disable-gc",
     "--benchmark-cprofile=cumtime", "--benchmark-disable"],
)  # fmt: skip
def test_options_that_cannot_apply_are_refused_in_one_line(tmp_path: Path, word: str) -> None:
    ran = run(tmp_path, word)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert ran.one_error().startswith(f"ERROR: {word.partition('=')[0]} cannot apply to isobench's benchmarks: ")


def test_they_are_found_wherever_they_are_given(tmp_path: Path) -> None:
    assert "--benchmark-disable " in run(tmp_path, PYTEST_ADDOPTS="--benchmark-disable").one_error()
    assert "--benchmark-disable " in run(tmp_path, "-o", "addopts=--benchmark-disable").one_error()


def test_without_pytest_benchmark_it_says_what_is_missing(tmp_path: Path) -> None:
    assert "need pytest-benchmark; install it" in run(tmp_path, "-p", "no:benchmark").one_error()


def test_skipped_benchmarks_measure_nothing(tmp_path: Path) -> None:
    ran = run(tmp_path, "--benchmark-skip", f"--isobench-results={tmp_path / 'results'}")
    assert ran.code == 0, ran.said
    assert "16 skipped" in ran.said
    assert not (tmp_path / "results").exists()


def test_no_engine_starts_in_these_tests(tmp_path: Path) -> None:
    ran = run(tmp_path, f"--isobench-results={tmp_path / 'results'}")
    assert ran.one_error().endswith("is measuring on this host; wait for it, or add --isobench-wait to queue behind it")
    assert not (tmp_path / "results").exists()


def test_under_xdist_every_test_fails_in_one_line(tmp_path: Path) -> None:
    ran = run(tmp_path, "-k", "startup and idle and native", "--tb=short", PYTEST_XDIST_WORKER="gw0")
    assert ran.code == pytest.ExitCode.TESTS_FAILED
    assert f"\n{options.ONE_BY_ONE}\n" in ran.said


def test_mends_name_the_options_as_they_are_called_here() -> None:
    line = "x: mended so; add --trust-native, or name other targets with -t"
    assert (
        str(options.usage(line))
        == "x: mended so; add --isobench-trust-native, or name other targets with --isobench-target"
    )
