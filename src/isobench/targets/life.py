"""What the instances of every kind have in common: folder, control group, channel, and a sure end."""

from __future__ import annotations

import select
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from isobench.errors import SampleError
from isobench.guest.channel import Channel
from isobench.host import memory
from isobench.host.cgroup import Cgroup
from isobench.host.cpus import cpu_list
from isobench.targets.base import Prepared, Slot

_LOOK = 0.25


class Life:
    """An instance's surroundings, made on entry, before the clock starts.

    Leaving the context calls ``discard`` and takes all away, whatever happened; each step is tried even where an
    earlier one failed. A SampleError ``died`` leaves it with the instance's last words added.
    """

    channel: Channel
    cgroup: Cgroup

    def __init__(self, prepared: Prepared, slot: Slot, address: str) -> None:
        self.prepared = prepared
        self.slot = slot
        self.address = address
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.slot.folder.mkdir(parents=True, exist_ok=True)
            stack.callback(shutil.rmtree, self.slot.folder, ignore_errors=True)
            if reason := memory.short(self.prepared.workload.resources.memory):
                raise SampleError("error", reason)
            self.cgroup = self.group()
            # Before it is made: a signal may be raised in between, and to remove what is not there is no error.
            stack.callback(self.cgroup.remove)
            self.cgroup.make()
            self.channel = stack.enter_context(Channel(self.slot.folder / "channel"))
            self.surround(stack)
            stack.callback(self.discard)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        died = error if isinstance(error, SampleError) and error.outcome == "died" else None
        words = self.last_words() if died else ""
        self._stack.close()
        if died and words:
            raise SampleError("died", f"{died.message}; {words}", where=died.where) from died

    @property
    def cores(self) -> str:
        """The instance's cpuset in the kernel's list format."""
        return cpu_list(self.slot.placement.instance)

    def group(self) -> Cgroup:
        """Return the instance's control group, which is not made yet."""
        return Cgroup(self.slot.group, cores=self.cores)

    def surround(self, stack: ExitStack) -> None:
        """Add to the surroundings what one kind needs besides."""

    def listen_again(self, line: Callable[[Path], Channel] = Channel) -> None:
        """Have a new ``channel`` at the same path, for the guest's next life; the first stays until the end."""
        self.channel = self._stack.enter_context(line(self.channel.path))

    def discard(self) -> None:
        """Kill and remove whatever there is; must be right at any point of the life, also after ``remove``."""
        raise NotImplementedError

    def last_words(self) -> str:
        """Return what is known of the end of an instance that died by itself, or nothing."""
        return "its memory ran out, and the kernel killed what was in it" if self.cgroup.oom_kills() else ""

    def refuse_dead(self) -> None:
        """Raise SampleError("died") when the instance has ended although nobody told it to."""

    def setup(self) -> bytes:
        """Return no commands: only a VM has anything to set up from inside."""
        return b""

    def client_prefix(self) -> tuple[str, ...]:
        """Return no words: the host reaches the instance over the bridge."""
        return ()

    def connected(self, timeout: float) -> int:
        """Return when init called; an instance that dies first is told at once, not after ``timeout``."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            try:
                return self.channel.wait_connected(max(0.0, min(_LOOK, left)))
            except SampleError as error:
                if error.outcome != "timeout":
                    raise
                self.refuse_dead()
                if left <= _LOOK:
                    raise SampleError("timeout", f"init did not call within {timeout:g} s") from None


def wait_ended(pidfds: Iterable[int], timeout: float) -> int:
    """Return when the last of the processes had ended; raises SampleError("timeout").

    Waiting on descriptors wakes at once, where ``Popen.wait`` with a time-out looks every 50 ms.
    """
    deadline = time.monotonic() + timeout
    for pidfd in pidfds:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise SampleError("timeout", f"the instance did not end within {timeout:g} s")
    return time.monotonic_ns()
