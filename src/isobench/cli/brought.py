"""What a user brings to a session beside isobench's own workloads: an image, a Compose file, or a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isobench.cli.own_disk import from_disk
from isobench.errors import UsageError
from isobench.model import Workload


@dataclass(frozen=True, slots=True)
class BroughtOptions:
    """The options as they were given; ``timeout`` in seconds. At most one of the first three is."""

    image: str | None = None
    compose: Path | None = None
    disk: Path | None = None
    ready: str | None = None
    port: int | None = None
    program: str | None = None
    front: str | None = None
    timeout: float | None = None

    def workloads(self, beside: Mapping[str, object]) -> tuple[Workload, ...]:
        """Return what is brought; ``beside`` are options that a disk cannot have. Raises UsageError, one line."""
        self._refuse()
        if self.disk is not None:
            return (from_disk(self.disk, self.ready, self.port, self.timeout, beside),)
        if self.image is not None:
            from isobench.workloads.bring import TIMEOUT, bring

            within = self.timeout or TIMEOUT
            return (bring(self.image, ready=self.ready, port=self.port, command=self.program, timeout=within),)
        if self.compose is not None:
            from isobench.compose import read_application
            from isobench.workloads.bring import TIMEOUT

            within = self.timeout or TIMEOUT
            file = self.compose / "compose.yaml" if self.compose.is_dir() else self.compose
            return (read_application(file, front=self.front, ready=self.ready, port=self.port, timeout=within),)
        return ()

    def _refuse(self) -> None:
        """Refuse options without what they speak of, and two things at once."""
        given = {"--image": self.image, "--compose": self.compose, "--disk": self.disk}
        there = [option for option, value in given.items() if value is not None]
        if len(there) > 1:
            raise UsageError(f"{there[1]} cannot stand beside {there[0]}", mend="run them one after the other")
        needs = {
            "--ready": (self.ready, given), "--port": (self.port, given), "--timeout": (self.timeout, given),
            "--command": (self.program, {"--image"}), "--front": (self.front, {"--compose"}),
        }  # fmt: skip
        for option, (value, owners) in needs.items():
            if value is None or set(there) & set(owners):
                continue
            if option == "--command" and there == ["--compose"]:
                raise UsageError("--command says what one image runs", mend="say it in the Compose file")
            mend = "add --compose" if option == "--front" else "add --image"
            what = "a Compose file" if option == "--front" else "an image"
            raise UsageError(f"{option} says how to run {what} that is brought", mend=mend)
