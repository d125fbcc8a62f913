"""Startup: from ``request``, when an engine is asked for one instance, to ``ready``, the workload's own condition.

    request → running → kernel_done → init → ready
      phase_engine  phase_kernel  phase_initramfs  phase_userspace

A round is one instance, begun anew. All events are stamped on the host's monotonic clock by the arrival of bytes or by
the engine's own event, never by polling and never by a guest's clock. What one more instance needs (writable layer,
overlay, tap) is made after ``request``, inside the figure; image and root file system are there before. A container has
no kernel to wait for: it goes from ``running`` to ``init`` at once.
"""

from __future__ import annotations

from isobench.pytest_plugin import MeasureInstance


def test_time_to_ready(measure_instance: MeasureInstance) -> None:
    """Seconds from ``request`` to ``ready``; beside them the phases, and what ending an instance takes."""
    measure_instance.record(seconds="time_to_ready", beside="startup")
