"""What an instance may be able to do besides living: each an ability of its own, which its engine gives or does not.

A study asks for the ability (``isinstance(instance, Pausable)``), never for the kind of target. One that an engine
knows but refuses here raises UnableError with its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from isobench.errors import IsobenchError

if TYPE_CHECKING:
    from isobench.targets.base import Prepared, Slot


class UnableError(IsobenchError):
    """It cannot be done here: the figure is *not applicable*, and this says why."""


class GoneError(UnableError):
    """It cannot be done here, and the instance is gone with the attempt."""


@runtime_checkable
class Executes(Protocol):
    """Runs a command inside on request."""

    @property
    def executor(self) -> str:
        """Who carries the request in, in words."""

    def execute(self, argv: Sequence[str]) -> int:
        """Run a command that prints something; return when its first byte arrived. Raises UnableError."""


@runtime_checkable
class Pausable(Protocol):
    """Can be held still and let go on."""

    def pause(self) -> int | None:
        """Hold all of it; return when the engine's own event said so, None where it tells of none.

        Raises UnableError.
        """

    def resume(self) -> None:
        """Let it go on."""


@runtime_checkable
class Savable(Protocol):
    """Its state can be written to the host's disk, and goes on from there."""

    def save(self) -> int:
        """Save its state, which ends it; return when the engine's own event said so. Raises UnableError.

        ``channel`` is another line from then on: what is sent on it waits for the restore.
        """

    def saved_bytes(self) -> int:
        """Return the bytes that the saved state takes."""

    def restore(self) -> None:
        """Let it go on where it was saved. Raises GoneError."""


@runtime_checkable
class Restartable(Protocol):
    """Comes back by itself when its process on the host dies."""

    def supervise(self) -> str:
        """Have it restarted whenever it dies; called before ``create``. Return by whom and after which back-off."""

    def listen_again(self) -> None:
        """Have a new ``channel``, the line of its next life: what is sent on it waits for that."""

    def crash(self) -> int:
        """SIGKILL its process on the host; return when. ``running_at`` then tells of its next life."""


@runtime_checkable
class Stores(Protocol):
    """A target that has volumes which are there before an instance and after it."""

    def volume(self, prepared: Prepared, slot: Slot) -> AbstractContextManager[str]:
        """Make an empty one, named as ``Slot.volume`` takes it; it is gone on exit.

        Empty is the name where the target's options put the workload's data on what goes with its instance.
        """
