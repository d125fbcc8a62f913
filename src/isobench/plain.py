"""Foreign text in a message for people: on one line, nothing in it that a terminal would obey, and short."""

from __future__ import annotations


def plain(text: str, most: int = 300) -> str:
    """Return ``text`` with what does not print escaped, cut to ``most`` characters of it."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:most])
    return shown if len(text) <= most else f"{shown}…"
