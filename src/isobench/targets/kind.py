"""The seam for a new kind of target: one module with a kind in it, and one entry point that names it.

The group is ``isobench.targets``; the entry's name is what ``kind = "…"`` in ``targets.toml`` says, its object a
``Kind``. isobench's own kinds are registered in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ConfigDict

from isobench.host.paths import Paths
from isobench.images.types import Kernel
from isobench.model import TargetSpec
from isobench.plugins import plugins
from isobench.targets.base import Target

if TYPE_CHECKING:
    from isobench.house import House

GROUP = "isobench.targets"


class Options(BaseModel):
    """The options of a kind. A default changes nothing: an option that is not set hands the engine nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """A target ready for instances; ``acceleration`` is "kvm" or "tcg" for VMs, else "none". ``kernel`` is its own."""

    target: Target
    acceleration: str = "none"
    kernel: Kernel | None = None


@dataclass(frozen=True, slots=True)
class Traits:
    """What holds for every target of a kind, as its parity records tell it.

    ``store`` is where instances write, ``network`` what connects them, both where no option says otherwise; ``tools``
    begin the names of the versions (session.json) that its figures rest on. ``kernel`` says whose kernel the
    workload sees; None where an instance boots one.
    """

    store: str
    network: str
    tools: tuple[str, ...] = ()
    kernel: str | None = "the host's"
    several: bool = True
    """Whether two instances of a workload can live at once."""
    lone: str | None = None
    """Why it runs no application of several members, where it runs none."""

    @property
    def own_kernel(self) -> bool:
        """Whether an instance boots a guest kernel, whose release its session tells."""
        return self.kernel is None


class Kind(Protocol):
    """A way to run workloads."""

    @property
    def options(self) -> type[Options]:
        """The options that a target of this kind may have."""

    @property
    def traits(self) -> Traits:
        """What holds for all of them."""

    def unavailable(self, spec: TargetSpec, paths: Paths) -> str | None:
        """Return why such a target cannot run on this host, with the mend, or None. Opens and changes nothing."""

    def open(self, spec: TargetSpec, house: House) -> Opened:
        """Return the target on the house's engines; what it opens besides ends with the house.

        Raises HarnessError where the host lacks what it needs: the session goes on without the target.
        """


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every installed kind by name. Raises HarnessError, naming the package, where one does not load."""
    return plugins(GROUP, "target kind")
