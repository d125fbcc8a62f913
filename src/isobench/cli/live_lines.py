"""A run followed without a terminal: one line a sample on standard error."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from isobench.model import Sample
from isobench.plain import plain
from isobench.plan import Plan, remaining

if TYPE_CHECKING:
    from isobench.runner.session import Finished

_LONGEST = 400


class Lines:
    """One line a sample: what was seen, and about how long the rest takes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def say(self, words: str) -> None:
        """Print a line that is no sample's."""
        _print(f"· {words}")

    def begun(self, folder: Path, plan: Plan, samples: Sequence[Sample]) -> None:
        """Say nothing: the first sample's line comes soon enough."""

    def progress(self, plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
        """Print the last sample's line."""
        _print(sample_line(plan, samples, elapsed))

    def ended(self, finished: Finished, page: Path | None, code: int) -> None:
        """Say nothing: the summary does."""


def sample_line(plan: Plan, samples: Sequence[Sample], elapsed: float) -> str:
    """Return the last sample's line."""
    from isobench.plan.forecast import span
    from isobench.report.faces.cells import seen

    last, left = samples[-1], remaining(plan, samples, elapsed)
    told = plain(seen(last), _LONGEST)
    counted = f"[{len(samples):>3}/{len(samples) + left.samples}]"
    return f"{counted} {last.cell!s:<18} {last.role:<8} {told}  about {span(left.seconds)} left"


def _print(line: str) -> None:
    # Nobody may be listening any more; that is no reason to end a measurement.
    with suppress(OSError):
        click.echo(line, err=True)
