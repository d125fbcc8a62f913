"""Waiting until the host is quiet enough to measure on, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from isobench.host.noise import Bounds, NoiseReading, exceeded

CALM = 3
"""Quiet windows in a row that are quiet."""

_WINDOW = 1.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """How long was waited (seconds), whether quiet came, and if not, what was too loud last."""

    waited: float
    came: bool
    reasons: tuple[str, ...] = ()


def wait(bounds: Bounds, bound_seconds: float, say: Callable[[str], None]) -> Quiet:
    """Wait for quiet for at most ``bound_seconds`` while no instance runs; ``say`` hears what is waited for.

    Quiet is three windows in a row (of a second, less where the bound is short) with no figure over its bound.
    """
    began = time.monotonic()
    window = min(_WINDOW, bound_seconds / CALM)
    calm, said = 0, False
    reasons: tuple[str, ...] = ()
    while calm < CALM:
        waited = time.monotonic() - began
        # Too late for enough quiet windows: waiting on would break the bound.
        if waited + (CALM - calm) * window > bound_seconds + window / 2:
            return Quiet(waited, False, reasons)
        before = NoiseReading.now()
        time.sleep(window)
        now = exceeded(before.until(NoiseReading.now(), instance_cpu=0.0), bounds)
        calm = 0 if now else calm + 1
        reasons = now or reasons
        if now and not said:
            say(f"waiting up to {bound_seconds:g} s for quiet: {'; '.join(now)}")
            said = True
    return Quiet(time.monotonic() - began, True)
