"""Attempts from inside an instance: isobench's init carries them out, so they need nothing of the image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import ClassVar

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.channel import Channel
from isobench.guest.frames import Exit, Running

_PATIENCE = 60.0
_FIRST_RUN = 2_000_000
"""Beyond the numbers of any workload's runs, and of commands run on request."""

Lines = list[tuple[str, str]]


class Attempts:
    """Attempts in one instance, as its first process's own user: whatever a root inside can do.

    One for each instance: it numbers their runs.
    """

    program: ClassVar = "/dev/isobench/init"
    """Where init is in every instance."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._runs = count(_FIRST_RUN)

    def make(self, *words: str | float | Path) -> Lines:
        """Make an attempt; return names and values of what it found. Raises SampleError where it cannot be made."""
        run = self.begin(*words)
        self.await_end(run)
        return self.said(run)

    def begin(self, *words: str | float | Path) -> int:
        """Begin an attempt that goes on; return the number of its run."""
        run = next(self._runs)
        self._channel.send(commands.run(run, [self.program, "--attempt", *(str(word) for word in words)]))
        self._channel.wait(Running, _PATIENCE, run_id=run)
        return run

    def await_word(self, run: int, name: str) -> None:
        """Return once an attempt has said a line of that name."""
        self._channel.wait_output(run, re.compile(rb"(?m)^%b .*\n" % re.escape(name.encode())), _PATIENCE)

    def await_end(self, run: int) -> Exit:
        """Return how an attempt ended."""
        return self._channel.wait(Exit, _PATIENCE, run_id=run)[1]

    def said(self, run: int) -> Lines:
        """Return what an attempt has found so far."""
        # Only whole lines: the last one may be on its way.
        lines = [line.partition(" ") for line in self.raw(run).split("\n")[:-1]]
        return [(name, value) for name, _, value in lines]

    def raw(self, run: int) -> str:
        """Return all that an attempt has printed, also of what went wrong."""
        return self._channel.output(run).data().decode("utf-8", "replace")

    def end(self, run: int, number: int) -> Exit:
        """Send a signal to an attempt; return how it ended, which may have been by itself before."""
        self._channel.send(commands.signal(run, number))
        return self.await_end(run)


def value(lines: Lines, name: str) -> str:
    """Return the first value of that name; raises SampleError ``rubbish`` where none was found."""
    for found, text in lines:
        if found == name:
            return text
    raise SampleError("rubbish", f"the attempt did not say {name}")


def largest(lines: Lines, name: str) -> int:
    """Return the largest value of that name, 0 where there is none."""
    return max((int(text) for text in values(lines, name)), default=0)


def values(lines: Lines, name: str) -> Sequence[str]:
    """Return all values of that name."""
    return [text for found, text in lines if found == name]
