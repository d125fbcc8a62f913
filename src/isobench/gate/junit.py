"""A check as JUnit XML: a suite a cell, a case a series; failures fail, what is no result is skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from isobench.gate import words
from isobench.gate.finding import FAILS, Check, Finding
from isobench.plain import plain

# What XML 1.0 cannot hold at all.
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(found: Check, *, name: str = "isobench check", failed: Mapping[str, str] | None = None) -> str:
    """Return the check as JUnit XML, which Jenkins, GitLab and GitHub's actions read.

    ``failed`` names what failed besides the series, and why: an error each, in a suite of their own.
    """
    root = Xml.Element("testsuites", name=name)
    if failed:
        suite = _suite(root, name, len(failed), Counter(error=len(failed)))
        for what, why in failed.items():
            case = Xml.SubElement(suite, "testcase", name=_text(what), classname="isobench", time="0")
            Xml.SubElement(case, "error", message=_text(why), type="error").text = _text(why)
    for cell in dict.fromkeys(one.cell for one in found.findings):
        own = [one for one in found.findings if one.cell == cell]
        kinds = Counter(kind for one in own if (kind := _kind(one, found.strict)))
        suite = _suite(root, str(cell), len(own), kinds)
        for one in own:
            _case(suite, one, found.strict)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(root: Xml.Element, name: str, tests: int, kinds: Counter[str]) -> Xml.Element:
    return Xml.SubElement(
        root, "testsuite", name=_text(name), tests=str(tests), failures=str(kinds["failure"]),
        errors=str(kinds["error"]), skipped=str(kinds["skipped"]), time="0",
    )  # fmt: skip


def _case(suite: Xml.Element, one: Finding, strict: bool) -> None:
    case = Xml.SubElement(suite, "testcase", name=_text(one.metric), classname=_text(f"isobench.{one.cell}"), time="0")
    if kind := _kind(one, strict):
        said = {"message": _text(words.sentence(one))} | ({} if kind == "skipped" else {"type": one.verdict})
        # GitLab shows the text, others the message.
        Xml.SubElement(case, kind, said).text = said["message"]


def _kind(one: Finding, strict: bool) -> str:
    if one.verdict == "inconclusive":
        return "failure" if strict else "skipped"
    if one.verdict == "new" or (one.accepted and one.verdict in FAILS):
        return "skipped"
    return {"regression": "failure", "missing": "failure"}.get(one.verdict, "error" if one.verdict in FAILS else "")


def _text(text: str) -> str:
    return _IMPOSSIBLE.sub("�", plain(text))
