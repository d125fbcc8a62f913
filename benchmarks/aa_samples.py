"""A/A sessions as the samples that ``gate_quality.py`` takes: series, session, order, value.

``aa_samples.py FOLDER… > aa.csv`` writes what counts of every session in the folders (as `isobench calibrate` and
`isobench run` leave them), in the order it was measured.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from isobench.metrics import METRICS
from isobench.store.reader import read_session


def main(folders: list[str]) -> int:
    """Write the samples; return 2 where there is no session."""
    sessions = sorted(file.parent for folder in folders for file in Path(folder).rglob("session.json"))
    if not sessions:
        print("aa_samples.py: no session there; name a results folder", file=sys.stderr)
        return 2
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["series", "session", "order", "value"])
    for folder in sessions:
        for sample in read_session(folder).samples:
            if sample.left_out:
                continue
            for name, value in sample.metrics.items():
                if name in METRICS and METRICS[name].direction != "neutral":
                    out.writerow([f"{sample.cell} {name}", folder.name, sample.number, f"{value:.7g}"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
