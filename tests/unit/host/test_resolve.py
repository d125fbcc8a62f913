"""What n samples can show: checked against a simulation, and the probe on the real host."""

from __future__ import annotations

import os
import statistics

import numpy as np
import pytest

from isobench.host.noise.probe import TARGET, Jitter, Probe, pinned
from isobench.host.noise.resolve import resolution, standard_error

IQR_OF_NORMAL = 1.349


@pytest.mark.parametrize("samples", [10, 20, 50])
def test_the_standard_error_is_that_of_simulated_medians(samples: int) -> None:
    draw = np.random.default_rng(20)
    medians = np.median(draw.normal(size=(40_000, 2, samples)), axis=2)
    found = float(np.std(medians[:, 0] - medians[:, 1]))
    # Asymptotic: at ten samples the real error is a few per cent smaller.
    assert standard_error(IQR_OF_NORMAL, samples) == pytest.approx(found, rel=0.10)


def test_an_effect_of_the_stated_size_is_found_in_four_of_five_simulated_comparisons() -> None:
    stated = resolution(0.01 * IQR_OF_NORMAL, 50)
    draw = np.random.default_rng(21)
    shifted = draw.normal(1 + stated.detectable, 0.01, (20_000, 50))
    differences = np.median(shifted, axis=1) - np.median(draw.normal(1, 0.01, (20_000, 50)), axis=1)
    assert float(np.mean(np.abs(differences) > stated.half_width)) == pytest.approx(0.80, abs=0.03)


def test_jitter_is_the_spread_of_the_times() -> None:
    assert Jitter.of([1.0, 2.0, 3.0, 4.0, 5.0]) == Jitter(count=5, median=3.0, spread=2 / 3, worst=5.0)


def test_the_probe_takes_about_its_target_on_one_core_and_gives_the_cores_back() -> None:
    cores = os.sched_getaffinity(0)
    with pinned(max(cores)):
        assert os.sched_getaffinity(0) == {max(cores)}
        times = Probe().burst(10)
    assert os.sched_getaffinity(0) == cores
    # A shared host may slow it; it cannot make the work smaller.
    assert 0.5 * TARGET < statistics.median(times) < 20 * TARGET
