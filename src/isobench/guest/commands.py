"""The host's commands to the guest's init, as bytes for the channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from isobench.errors import UsageError

MAX_PAYLOAD = 1024 * 1024
MAX_TOKENS = 4096
MAIN_RUN = 1
"""The run of a workload's own command; jobs, checks and requests inside have higher numbers."""
_MAX_ID = 999_999_999
_WORD = re.compile(r"[!-~]{1,1000}")


def run(
    run_id: int,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str = "/",
    uid: int | None = None,
    gid: int | None = None,
) -> bytes:
    """Start a program under ``run_id`` (1 or more), with exactly the environment ``env``.

    It is looked for along the PATH of ``env``, or along the usual one. Without ``uid`` it runs as init's own
    user. Raises UsageError on an empty command, a NUL in a word, or more than 1 MiB of words.
    """
    if not argv or not argv[0]:
        raise UsageError("the command is empty", mend="name a program to run")
    tokens = [f"C{cwd}"]
    tokens += [] if uid is None else [f"U{uid}"]
    tokens += [] if gid is None else [f"G{gid}"]
    tokens += [f"E{name}={value}" for name, value in (env or {}).items()]
    tokens += [f"A{word}" for word in argv]
    return _with_payload(run_id, tokens)


def _with_payload(run_id: int, tokens: Sequence[str]) -> bytes:
    for token in tokens:
        if "\0" in token:
            raise UsageError(f"NUL in {token[1:40]!r}", mend="commands and environments cannot hold it")
    payload = b"".join(token.encode("utf-8", "surrogateescape") + b"\0" for token in tokens)
    if len(payload) > MAX_PAYLOAD or len(tokens) > MAX_TOKENS:
        raise UsageError(f"the command is too long: {len(payload)} bytes in {len(tokens)} words")
    return _line("run", _checked_id(run_id), len(payload)) + payload


def signal(run_id: int, number: int) -> bytes:
    """Send a signal to the process group of a run."""
    return _line("signal", _checked_id(run_id), number)


def memory() -> bytes:
    """Ask for total and available memory; the answer is a Memory frame."""
    return _line("mem")


def ping(token: str) -> bytes:
    """Ask for a Pong frame with this token."""
    return _line("ping", token)


def net(interface: str, address: str, prefix: int, gateway: str | None = None) -> bytes:
    """Give an interface an IPv4 address and bring it up; the answer is Done("net") or a Fail of run 0."""
    return _line("net", interface, address, prefix, gateway or "-")


def mount(device: str, path: str, fstype: str) -> bytes:
    """Mount a device, making the folder first; the answer is Done("mount") or a Fail of run 0."""
    return _line("mount", device, path, fstype)


def hostname(name: str) -> bytes:
    """Set the host name; the answer is Done("hostname") or a Fail of run 0."""
    return _line("hostname", name)


def host(address: str, name: str, file: str = "/etc/hosts") -> bytes:
    """Add a name to a hosts file; the answer is Done("host") or a Fail of run 0."""
    return _line("host", file, address, name)


def stop(grace_s: float) -> bytes:
    """End every run: SIGTERM, SIGKILL after ``grace_s`` seconds; then Bye, and init exits or powers off."""
    return _line("stop", max(0, round(grace_s * 1000)))


def _checked_id(run_id: int) -> int:
    if not 1 <= run_id <= _MAX_ID:
        raise UsageError(f"run number {run_id} is out of range", mend=f"use 1 to {_MAX_ID}")
    return run_id


def _line(*words: str | int) -> bytes:
    for word in words:
        if not _WORD.fullmatch(str(word)):
            raise UsageError(f"{str(word)[:40]!r} cannot be sent to the guest", mend="use printable words, no blanks")
    return (" ".join(str(word) for word in words) + "\n").encode("ascii")
