"""What installed packages add: the objects of a group of entry points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from isobench.errors import HarnessError


def plugins(group: str, what: str) -> dict[str, Any]:
    """Return every object of a group by its entry's name; ``what`` says in words what one is.

    Raises HarnessError, naming the package, where one does not load.
    """
    return {point.name: found for point, found in loaded(entry_points(group=group), what)}


def loaded(points: Iterable[EntryPoint], what: str) -> Iterator[tuple[EntryPoint, Any]]:
    """Return each entry point with its object; raises HarnessError as ``plugins`` does."""
    for point in points:
        try:
            yield point, point.load()
        except (ImportError, AttributeError) as error:
            raise refused(point, what, str(error)) from error


def refused(point: EntryPoint, what: str, why: str) -> HarnessError:
    """Return the error of a plug-in that cannot be taken: which, whose, and the mend."""
    package = point.dist.name if point.dist else "a package"
    return HarnessError(
        f"the {what} {point.name} of {package} does not load: {why}", mend=f"update or remove {package}"
    )
