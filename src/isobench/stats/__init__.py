"""Pure statistics on arrays: no files, no frames, no idea of what was measured."""

from isobench.stats.median import FEWEST, Median, median
from isobench.stats.ratio import Ratio, median_ratio
from isobench.stats.spread import Spread, outlier_classes, spread

__all__ = ["FEWEST", "Median", "Ratio", "Spread", "median", "median_ratio", "outlier_classes", "spread"]
