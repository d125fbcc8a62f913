"""What all the fuzz tests share: damage to a good file, values nobody should write, and the one allowed answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from isobench.errors import IsobenchError

LONGEST = 1500
"""Characters of an error's line, whatever it is about."""

DEPTH = 20_000

Damage = list[tuple[int, int, bytes]]

_PIECES = (b"\0", b"\xff", b"\xed\xa0\x80", b"\n", b"\r", b'"', b"\\", b"[[", b"{", b"nan", b"1e999", b"-", b"\x1b[2J")

damages: st.SearchStrategy[Damage] = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), st.sampled_from(_PIECES) | st.binary(max_size=6)),
    min_size=1,
    max_size=4,
)


def damaged(good: bytes, damage: Damage) -> bytes:
    """Return ``good`` with pieces cut out and others put in."""
    for place, cut, piece in damage:
        at = place % (len(good) + 1)
        good = good[:at] + piece + good[at + cut :]
    return good


_RAW_TOML = (
    "nan", "-inf", "inf", "1e999", "-1", "0", "true", "9" * 400, "9" * 5000, "9223372036854775808", "{}", "[]", "[1]",
    "[" * DEPTH, '"' + "x" * 5000 + '"', r'"a\nb"', r'"\u0000"', r'"\u001b[2J"', r'["a\u0000"]', r"'('", r"'(?P<é>a)'",
    r"'[[a]'", r"'a{99999999999}'", r"'\N{DIGIT ONE}'", "'" + "(" * 999 + "'", "'" + "(" * 400 + ")" * 400 + "'",
    '"999999999999999999999999 GiB"', '"' + "9" * 400 + ' B"', '"1.5 KiB"', "2026-01-01T00:00:00Z",
    '{ "a\\nb" = 1 }', "{ " + ".".join("a" * 2000) + " = 1 }", '"$' + "[?(" * 300 + '"', '"$..[?@.a==1]"', '"all"',
)  # fmt: skip

toml_values: st.SearchStrategy[str] = st.sampled_from(_RAW_TOML) | st.text(max_size=30).map(
    lambda text: json.dumps(text, ensure_ascii=False)
)
toml_keys: st.SearchStrategy[str] = st.sampled_from(["x", r'"a\nb"', '""', r'"\u001b"', '"' + "k" * 5000 + '"'])


@st.composite
def rewritten_toml(draw: st.DrawFn, good: str) -> bytes:
    """Return a good TOML file with one to three of its values, or a key, replaced by what nobody should write."""
    lines = good.split("\n")
    settable = [number for number, line in enumerate(lines) if " = " in line]
    for number in draw(st.lists(st.sampled_from(settable), min_size=1, max_size=3)):
        key = lines[number].split(" = ")[0] if draw(st.integers(0, 4)) else draw(toml_keys)
        lines[number] = f"{key} = {draw(toml_values)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@contextmanager
def refused_as(kind: type[IsobenchError], **told: Any) -> Iterator[None]:
    """Let pass what is accepted, or refused by ``kind`` in one short line that a terminal shows as it is."""
    try:
        yield
    except kind as error:
        line = error.line()
        assert line.isprintable(), line
        assert len(line) <= LONGEST, line
        assert {name: getattr(error, name) for name in told} == told
