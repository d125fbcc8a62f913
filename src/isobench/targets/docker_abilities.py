"""What a container can do through its engine's API: run a command, pause, be checkpointed, be restarted."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from isobench.engines.docker_events import ContainerEvents
from isobench.errors import SampleError
from isobench.images.manifest import sizes
from isobench.plain import plain
from isobench.targets.abilities import GoneError, UnableError
from isobench.targets.life import Life

_PATIENCE = 30.0
_CHECKPOINT = "saved"
_LOG = re.compile(r"log file: (\S+\.log)")
_SHOWN = 400
_OWN_NAMES = re.compile(r"isobench-[\w.-]*\w|\b[0-9a-f]{64}\b|\b0x[0-9a-f]+|(?<![^\s\"'=])/(?:[^\s/]+/)+")


class AbleContainer(Life):
    """A container with what its engine can do with it; what the engine refuses is told in its own words."""

    executor = "the engine's exec"
    restarter = "the engine's restart policy always; its back-off, at first 0.1 s, is inside the figure"
    _api: Any
    _name: str
    _pid: int | None
    _restart_policy: Mapping[str, str] | None = None

    def execute(self, argv: Sequence[str]) -> int:
        """``docker exec``: return when the command's first byte arrived, the engine's two calls included."""
        with _own_words():
            made = self._api.exec_create(self._name, list(argv))
            chunks = self._api.exec_start(made["Id"], stream=True)
            # What the library's own close() leaves of the connection is told by the collector.
            with closing(chunks._response):
                first = next(chunks, b"")
                at_ns = time.monotonic_ns()
                said = first + b"".join(chunks)
            if status := self._api.exec_inspect(made["Id"])["ExitCode"]:
                raise UnableError(f"{argv[0]} ended with status {status}: {_plain(said.decode(errors='replace'))}")
        return at_ns

    def pause(self) -> int | None:
        """``docker pause``: the freezer of its control group; return when the engine's event arrived."""
        with _own_words(), ContainerEvents(self._api, self._name) as events:
            self._api.pause(self._name)
            return events.wait("pause", _PATIENCE)

    def resume(self) -> None:
        """``docker unpause``."""
        self._api.unpause(self._name)

    def save(self) -> int:
        """``docker checkpoint create``, which needs CRIU (or a runtime that saves by itself) and says if it fails."""
        with _own_words(), ContainerEvents(self._api, self._name) as events:
            url = self._api._url("/containers/{0}/checkpoints", self._name)
            self._api._raise_for_status(self._api._post_json(url, data={"CheckpointID": _CHECKPOINT, "Exit": True}))
            at_ns = events.wait("checkpoint", _PATIENCE)
            self._api.wait(self._name, timeout=_PATIENCE)
        self.listen_again()
        return at_ns

    def saved_bytes(self) -> int:
        """Return what the checkpoint's files take in the engine's store."""
        store = Path(self._api.info()["DockerRootDir"])
        return sizes(store / "containers" / self._id() / "checkpoints" / _CHECKPOINT)[1]

    def restore(self) -> None:
        """``docker start --checkpoint``."""
        url = self._api._url("/containers/{0}/start", self._name)
        try:
            with _own_words():
                self._api._raise_for_status(self._api._post(url, params={"checkpoint": _CHECKPOINT}))
        except UnableError as error:
            raise GoneError(error.message) from error

    def supervise(self) -> str:
        """Have it created with the restart policy ``always``."""
        self._restart_policy = {"Name": "always"}
        return self.restarter

    def crash(self) -> int:
        """SIGKILL the container's first process as the host sees it."""
        if self._pid is None:
            raise SampleError("error", "the container has not been seen running")
        at_ns = time.monotonic_ns()
        os.kill(self._pid, signal.SIGKILL)
        return at_ns

    def _id(self) -> str:
        return str(self._api.inspect_container(self._name)["Id"])


@contextmanager
def _own_words() -> Iterator[None]:
    """Turn the engine's refusal into UnableError, with the last error of a log that it names."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        said = error.explanation or str(error)
        raise UnableError(f"the engine says: {_plain(said)}{_logged(said)}") from error


def _logged(said: str) -> str:
    """Return the last error in the log that a refusal names (CRIU's), or nothing."""
    found = _LOG.search(said)
    try:
        lines = Path(found[1]).read_text(errors="replace").splitlines() if found else []
    except OSError:
        return ""
    errors = [line for line in lines if "Error" in line]
    return f"; the log says: {_plain(errors[-1])}" if errors else ""


def _plain(text: str) -> str:
    """Return words that are the same for every instance and on every host: without its names and the host's folders."""
    return plain(_OWN_NAMES.sub("…", " ".join(text.split())), _SHOWN)
