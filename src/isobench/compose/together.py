"""Members whose images are known, as one prepared workload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isobench.images.types import Image
from isobench.model import Member, Workload
from isobench.targets.base import Prepared


def overlaid(member: Member, image: Image) -> Image:
    """Return a member's image with what its service says in the image's place, by Docker's rules.

    An ``entrypoint`` takes the image's CMD away, a ``command`` only replaces it.
    """
    entrypoint = image.entrypoint if member.entrypoint is None else member.entrypoint
    own = image.command[len(image.entrypoint) :] if member.entrypoint is None else ()
    command = own if member.command is None else member.command
    return replace(
        image,
        env=tuple({**dict(image.env), **dict(member.environment)}.items()),
        cwd=member.cwd or image.cwd,
        user=member.user or image.user,
        command=(*entrypoint, *command),
        entrypoint=entrypoint,
    )


def together(workload: Workload, parts: Sequence[Prepared]) -> Prepared:
    """Return the application with its prepared members; its image, root file system and command are its front's."""
    front = parts[-1]
    members = tuple(
        replace(member, workload=part.workload) for member, part in zip(workload.members, parts, strict=True)
    )
    return Prepared(
        replace(workload, command=front.workload.command, members=members), front.image, front.rootfs, tuple(parts)
    )
