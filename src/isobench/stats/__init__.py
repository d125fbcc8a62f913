"""Pure statistics on arrays: no files, no frames, no idea of what was measured. See docs/statistics.md."""

from isobench.stats.bootstrap import bootstrap_interval
from isobench.stats.dominance import cliffs_delta
from isobench.stats.estimate import Estimate, Refused
from isobench.stats.family import adjusted, discoveries
from isobench.stats.geometric import geometric_mean
from isobench.stats.median import FEWEST, Median, median
from isobench.stats.permutation import Permutation, paired_permutation_test, permutation_test
from isobench.stats.quantile import Quantile, fewest_for, quantile
from isobench.stats.ratio import Ratio, median_ratio, paired_median_ratio
from isobench.stats.shift import paired_shift, shift
from isobench.stats.spread import Spread, outlier_classes, spread

__all__ = [
    "FEWEST", "Estimate", "Median", "Permutation", "Quantile", "Ratio", "Refused", "Spread", "adjusted",
    "bootstrap_interval", "cliffs_delta", "discoveries", "fewest_for", "geometric_mean", "median", "median_ratio",
    "outlier_classes", "paired_median_ratio", "paired_permutation_test", "paired_shift", "permutation_test",
    "quantile", "shift", "spread",
]  # fmt: skip
