"""A comparison in the formats of the gate: Markdown for a comment, JUnit XML for a CI's own view."""

from __future__ import annotations

from dataclasses import replace

from isobench.ab.comparison import ENDED, Comparison
from isobench.gate import junit as gate_junit
from isobench.gate import markdown as gate_markdown


def markdown(found: Comparison) -> str:
    """Return the comparison as GitHub-flavoured Markdown: the verdict, what changed, and every series, folded."""
    reference, *others = found.variants
    said = (f"{', '.join(others)} against {reference}, {found.blocks} blocks in {found.seconds:.0f} s: "
            f"{found.broken or ENDED[found.ended]}.")  # fmt: skip
    told = replace(found.check, notes=(*(f"{what}: {why}" for what, why in failed(found).items()), *found.check.notes))
    return gate_markdown.markdown(told, headline=found.headline, against=said)


def junit(found: Comparison) -> str:
    """Return the comparison as JUnit XML; a variant that could not run, or a cell given up, is an error of its own."""
    return gate_junit.junit(found.check, name="isobench ab", failed=failed(found))


def failed(found: Comparison) -> dict[str, str]:
    """Return what failed besides the series, and why."""
    return {
        **{f"{variant} could not run": why for variant, why in found.unavailable.items()},
        **{f"{cell} was given up": why for cell, why in found.given_up.items()},
        **({"the harness failed": found.broken} if found.broken else {}),
    }
