"""isobench: what does it cost to isolate a workload, in a container, in a virtual machine, and in between?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(path: str | Path) -> pd.DataFrame:
    """Return a session as a long DataFrame, one row a metric value (docs/results-format.md lists the columns)."""
    from isobench.store.frame import load as load_frame

    return load_frame(Path(path))
