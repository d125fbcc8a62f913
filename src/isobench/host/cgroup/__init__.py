"""One control group an instance, for every kind of target, under cgroup v1 (hybrid included) and v2.

Where systemd manages the host it is the only writer: groups lie in a unit that it has delegated (``home``), or are
slices that it makes (``slice``). Elsewhere isobench makes them itself below the root.
"""

from isobench.host.cgroup.group import Cgroup, MemoryAccount
from isobench.host.cgroup.hierarchy import below, unavailable, version

__all__ = ["Cgroup", "MemoryAccount", "below", "unavailable", "version"]
