"""The workloads as each variant has them: the files as they are or as of a commit, on their own image or another."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from isobench.ab.checkout import as_of, unpacked
from isobench.ab.variant import IMAGE, Variant
from isobench.errors import UsageError
from isobench.model import Workload
from isobench.plain import plain
from isobench.workloads import bring

Works = dict[str, tuple[Workload, ...]]
"""The workloads by the variant's label."""


@contextmanager
def workloads_of(variants: Sequence[Variant], workloads: Sequence[Workload]) -> Iterator[Works]:
    """Give the workloads as each variant has them, for as long as they are measured; raises UsageError."""
    if len(workloads) > 1 and (foreign := next((one for one in variants if one.image), None)):
        raise UsageError("an image is that of one workload", where=foreign.label, mend="name the workload with -w")
    with tempfile.TemporaryDirectory(prefix="isobench-") as scratch:
        found: Works = {}
        for number, one in enumerate(variants):
            if one.source not in found:
                into = Path(scratch) / str(number)
                into.mkdir()
                found[one.source] = tuple(_as_told(one, workload, into) for workload in workloads)
        yield {one.label: found[one.source] for one in variants}


def _as_told(variant: Variant, workload: Workload, into: Path) -> Workload:
    if variant.image:
        return _with_image(workload, variant.image, variant.ref, into)
    return as_of(workload, variant.ref, into) if variant.ref else workload


def _with_image(workload: Workload, image: str, ref: str | None, into: Path) -> Workload:
    """Return the workload on another image; a commit is that of the Dockerfile's folder, not of the workload's."""
    try:
        brought = bring.with_image(workload, image)
    except UsageError as error:
        error.where = plain(f"{IMAGE}={image}")
        raise
    if ref:
        dockerfile = brought.source.path
        if brought.source.kind != "dockerfile":
            raise UsageError("only a Dockerfile's folder has a commit", where=plain(f"{IMAGE}={image}@{ref}"),
                             mend=f"leave @{ref} out")  # fmt: skip
        past = unpacked(dockerfile.parent, ref, into) / dockerfile.name
        if not past.is_file():
            raise UsageError("holds no such Dockerfile", where=plain(f"{IMAGE}={image}@{ref}"),
                             mend="name a commit that has it")  # fmt: skip
        brought = bring.with_image(workload, str(past))
    return brought
