"""What one instance is given: an id and a folder of its own, cores by its workload's footing, and an address."""

from __future__ import annotations

import secrets
from itertools import count
from pathlib import Path

from isobench.host import cpus
from isobench.model import Workload
from isobench.targets.base import Slot


class Slots:
    """Gives slots below a run folder; no two of a session have the same number."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._numbers = count()

    def give(self, workload: Workload) -> Slot:
        """Return a new slot, its folder made."""
        number = next(self._numbers)
        folder = self._run / f"{number:x}-{secrets.token_hex(3)}"
        folder.mkdir(mode=0o711)
        placement = cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable())
        return Slot(id=folder.name, folder=folder, placement=placement, number=number)
