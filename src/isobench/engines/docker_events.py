"""The engine's own events of one container, stamped as they arrive."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any, Self

from isobench.errors import SampleError
from isobench.images.types import DockerApi


class ContainerEvents:
    """Listens to the engine from its entry on. A context manager; raises what the engine raises where it tells none."""

    def __init__(self, api: DockerApi, container: str) -> None:
        self._api = api
        self._container = container
        self._changed = threading.Condition()
        self._arrived: dict[str, int] = {}
        self._stream: Any = None
        self._thread = threading.Thread(target=self._listen, name="isobench docker events", daemon=True)

    def __enter__(self) -> Self:
        self._stream = self._api.events(filters={"container": self._container}, decode=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._thread.join()

    def wait(self, action: str, timeout: float) -> int:
        """Return when the first such event arrived (CLOCK_MONOTONIC, nanoseconds); raises SampleError("timeout")."""
        with self._changed:
            if not self._changed.wait_for(lambda: action in self._arrived, timeout):
                raise SampleError("timeout", f"the engine told of no {action} within {timeout:g} s")
            return self._arrived[action]

    def _listen(self) -> None:
        for event in self._stream:
            at_ns = time.monotonic_ns()
            with self._changed:
                self._arrived.setdefault(str(event.get("Action", event.get("status"))), at_ns)
                self._changed.notify_all()
