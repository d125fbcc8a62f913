"""A user's own XML laid over the domain: read safely, refused where it touches what isobench owns, and merged.

The rule, without any language of its own: a child of ``<domain>`` is merged into the domain's one of the same tag
(attributes and text are set, children merged in the same way), or added where there is none or where either side has
several. What is in ``<devices>`` and ``<qemu:commandline>`` is added; a memory balloon and a video card take the place
of the domain's. The words of ``<cmdline>`` come after isobench's own.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

from isobench.errors import UsageError
from isobench.plain import plain
from isobench.small_file import read_small

QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
CHANNEL_NAME = "isobench.0"

_LARGEST, _DEEPEST = 1 << 18, 32
_COMMAND_LINE = f"{{{QEMU}}}commandline"
_LISTS = ("devices", _COMMAND_LINE)
_ONCE = ("memballoon", "video")
_OWN_VARIABLES = "ISOBENCH_"
_OWNED = {
    "domain": ("name", "uuid", "memory", "currentMemory", "maxMemory", "vcpu", "vcpus", "iothreads", "on_poweroff",
               "on_reboot", "on_crash"),
    "os": ("type", "kernel", "initrd"),
    "devices": ("emulator", "disk", "serial", "console"),
}  # fmt: skip
"""What isobench sets itself, by an option where it may differ: measuring rests on it."""


class _Builder(Tree.TreeBuilder):
    """Builds no tree from a document type (which may name other files) or from a bottomless one."""

    _depth = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"nests elements more than {_DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Any:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise ValueError("has a DOCTYPE, which is not read: leave it out")


def read(file: Path) -> Tree.Element:
    """Return the overlay's ``<domain>``; raises UsageError naming the file and what is wrong with it."""
    data = read_small(file, _LARGEST)
    parser = Tree.XMLParser(target=_Builder())  # noqa: S314 - its builder refuses what may be harmful
    try:
        parser.feed(data)
        overlay: Tree.Element = parser.close()
    except Tree.ParseError as error:
        raise UsageError(
            f"is no XML: {error.msg}", where=f"{file}:{error.position[0]}", mend="mend that line"
        ) from error
    except ValueError as error:
        raise UsageError(str(error), where=str(file)) from error
    _refuse_owned(overlay, file)
    return overlay


def merge(root: Tree.Element, overlay: Tree.Element) -> None:
    """Lay the overlay over the domain in place."""
    for theirs in overlay:
        alone = len(overlay.findall(theirs.tag)) == 1
        mine = root.findall(theirs.tag)
        if root.tag in _LISTS:
            for once in mine if theirs.tag in _ONCE else ():
                root.remove(once)
            root.append(copy.deepcopy(theirs))
        elif len(mine) == 1 and alone:
            _merge_one(mine[0], theirs)
        else:
            root.append(copy.deepcopy(theirs))


def _merge_one(mine: Tree.Element, theirs: Tree.Element) -> None:
    mine.attrib.update(theirs.attrib)
    if text := (theirs.text or "").strip():
        mine.text = f"{mine.text} {text}" if mine.tag == "cmdline" else text
    merge(mine, theirs)


def _refuse_owned(overlay: Tree.Element, file: Path) -> None:
    if overlay.tag != "domain" or overlay.attrib:
        raise UsageError("its root must be <domain> without attributes", where=str(file))
    for place in (overlay, *overlay):
        for child in place:
            if _owned(place.tag, child):
                raise UsageError(
                    f"<{plain(child.tag, 40)}> in <{plain(place.tag, 40)}> is isobench's own", where=str(file),
                    mend="leave it out; the target's options may have it (docs/targets.md)",
                )  # fmt: skip


def _owned(place: str, child: Tree.Element) -> bool:
    if place == _COMMAND_LINE:
        return child.get("name", "").startswith(_OWN_VARIABLES)
    if place == "devices" and child.tag == "channel":
        return any(target.get("name") == CHANNEL_NAME for target in child.iter("target"))
    return child.tag in _OWNED.get(place, ())
