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
        """Return a new slot, its folder made; that of an application has one for each member, on the same cores."""
        number = next(self._numbers)
        folder = self._run / f"{number:x}-{secrets.token_hex(3)}"
        folder.mkdir(mode=0o711)
        placement = cpus.place(workload.resources.vcpus, workload.service is not None, cpus.usable())
        peers = tuple((member.name, next(self._numbers)) for member in workload.members)
        parts = tuple(
            Slot(f"{folder.name}-{place}", folder / str(place), placement, address, within=folder.name, peers=peers)
            for place, (_, address) in enumerate(peers)
        )
        return Slot(id=folder.name, folder=folder, placement=placement, number=number, parts=parts)
