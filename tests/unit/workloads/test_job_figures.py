"""From a job's record to its metrics: by the host's clock where the work is known."""

from __future__ import annotations

import pytest

from isobench.errors import SampleError
from isobench.model import Job, JobRecord, MetricSource
from isobench.runner.jobs import figures


def job(*metrics: MetricSource) -> Job:
    return Job("j", "instance", ("x",), metrics, work="n")


def record(elapsed: float, output: str = "") -> JobRecord:
    return JobRecord("j", ("x",), 1.0, 1.0 + elapsed, 0, host_cpu=0.5, work=100.0, output=output)


def test_rate_and_time_are_each_others_inverse_on_the_hosts_clock() -> None:
    found = figures(job(MetricSource("cpu_events", "rate"), MetricSource("fork_exec", "time")), record(2.0))
    assert found == {"cpu_events": 50.0, "fork_exec": 0.02}


def test_scale_turns_units_of_work_into_the_registrys() -> None:
    found = figures(job(MetricSource("compress_rate", "rate", scale=32.0)), record(2.0))
    assert found == {"compress_rate": 1600.0}


def test_host_cpu_is_for_each_unit_of_work() -> None:
    assert figures(job(MetricSource("host_cpu_per_op", "host_cpu", scale=0.5)), record(2.0)) == {
        "host_cpu_per_op": 0.0025
    }


@pytest.mark.parametrize("kind", ["rate", "time"])
def test_marks_that_came_together_give_no_figure(kind: str) -> None:
    with pytest.raises(SampleError, match=f"came together: no {kind}"):
        figures(job(MetricSource("fork_exec", kind)), record(0.0))  # type: ignore[arg-type]
