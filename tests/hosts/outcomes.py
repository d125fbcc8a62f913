"""What the lab found, kept by the project's contents, so that a run goes on where it was; and the table of it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.hosts.disk import ROOT, lab_folder
from tests.hosts.host import hosts


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case ended on one host, in seconds; ``targets`` are the words for each target that it measured."""

    host: str
    case: str
    passed: bool
    seconds: float
    text: str
    targets: dict[str, str] = field(default_factory=dict)


class Outcomes:
    """The outcomes of the project as it is in this checkout."""

    def __init__(self) -> None:
        self.folder = lab_folder() / "outcomes" / _project()

    def passed(self, host: str, case: str) -> Outcome | None:
        """Return the outcome of a case that has passed already."""
        kept = self._read(host, case)
        return kept if kept and kept.passed else None

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome down."""
        file = self._file(outcome.host, outcome.case)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")

    def results(self, host: str) -> Path:
        """Return the folder that takes what a host's cases brought back."""
        return self.folder / host / "results"

    def table(self) -> list[str]:
        """Return the outcomes as a Markdown table: a row for each host and case, then one for each host and target."""
        kept = [found for host in hosts().values() for case in host.cases if (found := self._read(host.name, case))]
        return [*_rows(("host", "case", "outcome", "time"), (
            (one.host, one.case, "passed" if one.passed else "**failed**", f"{one.seconds:.0f} s") for one in kept
        )), "", *_rows(("host", "target", "outcome"), (
            (one.host, target, words) for one in kept for target, words in one.targets.items()
        ))]  # fmt: skip

    def _read(self, host: str, case: str) -> Outcome | None:
        try:
            return Outcome(**json.loads(self._file(host, case).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _file(self, host: str, case: str) -> Path:
        return self.folder / host / f"{case}.json"


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (heads, ("---",) * len(heads), *rows)]


def _project() -> str:
    """Return what tells the project's contents from any other: its files' names and bytes."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!docs", ":!*.md"]
    names = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    whole = hashlib.sha256()
    for name in sorted(filter(None, names)):
        path = ROOT / os.fsdecode(name)
        if path.is_file():
            whole.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:16]
