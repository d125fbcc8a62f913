"""The errors isobench shows to people: one line saying what is wrong, where, and the mend."""

from __future__ import annotations


class IsobenchError(Exception):
    """An error with a message fit for a person; ``exit_code`` is the process's answer (see the CLI contract)."""

    exit_code = 5

    def __init__(self, message: str, *, where: str | None = None, mend: str | None = None) -> None:
        self.message = message
        self.where = where
        self.mend = mend
        super().__init__(self.line())

    def line(self) -> str:
        """Return the whole error as one line: where, what, and what to do about it."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.mend}" if self.mend else text


class UsageError(IsobenchError):
    """The input is wrong: an unknown name, a bad file, an impossible resource. Exit code 2."""

    exit_code = 2


class HarnessError(IsobenchError):
    """isobench itself, or an engine it relies on, could not do its part. Exit code 5."""


class SampleError(IsobenchError):
    """One sample failed; the session goes on. ``outcome`` is what the sample's record says."""

    exit_code = 4

    def __init__(self, outcome: str, message: str, *, where: str | None = None, mend: str | None = None) -> None:
        super().__init__(message, where=where, mend=mend)
        self.outcome = outcome


_ENGINES = ("docker", "libvirt", "requests", "urllib3")


def engine_words(error: BaseException) -> str | None:
    """Return an engine's own error as one line, or None where the error is not an engine's but a defect of ours."""
    if not type(error).__module__.startswith(_ENGINES):
        return None
    return f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"
