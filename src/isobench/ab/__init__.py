"""Variants interleaved on this host until the difference is decided (docs/ab.md)."""

from isobench.ab.compare import compare_variants
from isobench.ab.comparison import Comparison
from isobench.ab.sequential import Pairs, Spending, decide
from isobench.ab.variant import Variant, parse

__all__ = ["Comparison", "Pairs", "Spending", "Variant", "compare_variants", "decide", "parse"]
