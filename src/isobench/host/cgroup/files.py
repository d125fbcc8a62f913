"""What the kernel's control files hold, as its documentation of cgroup v2 describes them; pure.

Source of the formats: Documentation/admin-guide/cgroup-v2.rst, "Interface Files". A word that is not of a file's format
is passed over: kernels add keys, and some print a device without any (tests/unit/host/cgroup_files has real files).
"""

from __future__ import annotations


def single(text: str) -> int | None:
    """Return the value of a file with one number; None where there is none, or no limit (``max``)."""
    word = text.strip()
    return int(word) if word.isdigit() else None


def flat(text: str) -> dict[str, int]:
    """Return the keys of a flat keyed file (``KEY VALUE`` on each line) that have a number."""
    found = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if value.strip().isdigit():
            found[key] = int(value)
    return found


def nested(text: str) -> dict[str, dict[str, int]]:
    """Return the numbers of a nested keyed file (``KEY SUB=VALUE SUB=VALUE`` on each line) by key.

    Several keys may share a line (``7:7 7:6 rbytes=0 …``): a kernel that skips a device without figures does not end
    the line after its name. Figures belong to the key before them; those of a key that comes again, as ``(unknown)``
    does with ZFS and NVMe multipath, are added up.
    """
    found: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        key = ""
        for word in line.split():
            name, equals, value = word.partition("=")
            if not equals:
                key = word
                found.setdefault(key, {})
            elif key and value.isdigit():
                found[key][name] = found[key].get(name, 0) + int(value)
    return found
