"""How often one group's values exceed the other's.

Source: N. Cliff, *Dominance Statistics: Ordinal Analyses to Answer Ordinal Questions* (Psychol. Bull. 114, 1993).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isobench.stats.values import checked


def cliffs_delta(values: Iterable[float], reference: Iterable[float]) -> float:
    """Return the share of pairs in which values are larger, less that in which they are smaller: from -1 to 1.

    Ties count for neither. Raises ValueError when a side is empty or not finite.
    """
    above, below = checked(values)[:, np.newaxis], checked(reference)
    return float((above > below).mean() - (above < below).mean())
