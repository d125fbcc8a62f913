"""Which instances have a kernel of their own."""

from __future__ import annotations

from collections.abc import Mapping


def is_guest(facts: Mapping[str, object]) -> bool:
    """Return whether a sample's facts say that it ran in a virtual machine."""
    return facts.get("acceleration") in ("kvm", "tcg")
