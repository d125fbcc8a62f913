"""The group of an instance whose engine leaves groups to systemd: a transient slice, started before ``request``."""

from __future__ import annotations

from isobench.host.cgroup import hierarchy, home, systemd
from isobench.host.cgroup.group import Cgroup


class Slice(Cgroup):
    """A slice, limited from its start; the engine makes the container's scope in it."""

    outlasts = True

    def __init__(self, instance: str, *, cores: str | None = None, memory: int | None = None) -> None:
        super().__init__(instance, cores=cores, memory=memory)
        self.name = home.slice_of(instance)
        self.path = home.slice_path(self.name)

    @property
    def engine_parent(self) -> str:
        """What an engine with the systemd driver is given as the parent of its container's group."""
        return self.name

    def make(self) -> None:
        """Start the slice with its limits."""
        systemd.start_slice(self.name, cores=self._cores, memory=self._memory)

    def enter(self, leaf: str, *pids: int) -> None:
        """Move processes into a scope of this slice; those that have ended meanwhile are no error."""
        alive = [pid for pid in pids if hierarchy.own_group(pid) is not None]
        if alive:
            systemd.start_scope(f"{self.name.removesuffix('.slice')}-{leaf}-{alive[0]}.scope", self.name, alive)

    def remove(self, timeout: float = 5.0) -> None:
        """Kill what is left inside and stop the slice; raises HarnessError when a process will not go."""
        if (hierarchy.ROOT / self.path).is_dir():
            self._until(lambda: not self.pids(), timeout)
            systemd.stop(self.name)
