"""A check's JUnit and Markdown, read back by junitparser and by GitHub's own Markdown (cmark-gfm)."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from junitparser import Error, Failure, JUnitXml, Skipped
from tests.unit.gate import drawn
from tests.unit.parity import made

from isobench.gate import Check, check
from isobench.gate.check import Rules
from isobench.gate.junit import junit
from isobench.gate.markdown import markdown
from isobench.history import record_of

HOSTILE = "</td><script>x</script>|`~*_[a](b)![c](d) @all #1 &amp;\\"
CELLS = (("idle", "docker"), (HOSTILE, "docker"), ("redis", "native"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """A check with a regression, what is missing and what is new, and a name that breaks formats."""
    folder = tmp_path_factory.mktemp("check")
    before = [record_of(drawn.session(folder / f"s{n}", n, cells=CELLS, stored_bytes=1e6)) for n in range(3)]
    worse = made.meta("x", kernel=HOSTILE)
    judged = record_of(drawn.session(folder / "x", 30, 1.8, whole=worse, cells=(*CELLS[:2], ("disk", "docker"))))
    return check(judged, before, Rules(strict=True))


class Seen(HTMLParser):
    """The tags of a page, the cells of each row of its tables, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_github_shows_the_verdict_then_what_changed_then_all_folded(found: Check) -> None:
    text = markdown(found)
    page = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    assert page.startswith("<h3>isobench: failed, exit code 1")
    seen = Seen(page)
    assert seen.tags == {"h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
    assert {len(row) for row in seen.rows} == {8}
    changed = [one for one in found.findings if one.verdict not in ("no change", "inconclusive", "new")]
    assert len(seen.rows) == 2 + len(changed) + len(found.findings)
    assert page.index("<details>") > page.index("missing")
    assert f"{HOSTILE}@docker" in {row[0].strip() for row in seen.rows}


def test_junit_is_what_its_readers_count(found: Check) -> None:
    read = JUnitXml.fromstring(junit(found).encode())
    suites = list(read)
    assert [suite.name for suite in suites] == list(dict.fromkeys(str(one.cell) for one in found.findings))
    kinds = {"regression": Failure, "missing": Failure, "incomparable": Error, "error": Error, "new": Skipped}
    for suite in suites:
        own = [one for one in found.findings if str(one.cell) == suite.name]
        said = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()  # type: ignore[no-untyped-call]
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == said
        for case, one in zip(suite, own, strict=True):
            assert (case.name, case.classname) == (one.metric, f"isobench.{one.cell}")
            assert [type(result) for result in case.result] == [kinds[one.verdict]][: one.verdict in kinds]
            assert all(result.message.startswith(f"{one.verdict}: {one.cell}") for result in case.result)
    assert {one.verdict for one in found.findings} >= {"regression", "missing", "new"}
