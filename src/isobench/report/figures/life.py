"""What becomes of an instance after it is ready: commands inside, pause, saved state, restart."""

from __future__ import annotations

from isobench.report.figures.dots import dots
from isobench.report.figures.look import Panel
from isobench.report.series import Data

_SHOWN = (
    ("exec_latency", "A command inside", "From the host's request to its first byte."),
    ("restart_time", "Killed and ready again", "From SIGKILL; the engine's own back-off included."),
    ("pause_time", "Pausing", "Until the engine's own event."),
    ("resume_time", "Resuming", "Until the reply to a byte that was waiting."),
    ("save_time", "Saving the state", "Until the engine's own event."),
    ("restore_time", "Restoring it", "Until the reply to a byte that was waiting."),
    ("saved_bytes", "What a saved state takes", "Bytes on the host's disk."),
)


def panels(data: Data) -> list[Panel]:
    """Return the panels of the study life."""
    return [found for entry in _SHOWN if (found := dots(data, *entry)) is not None]
