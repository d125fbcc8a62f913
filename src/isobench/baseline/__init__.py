"""Baselines: sessions kept for a class of host in a folder of plain files, and known changes (docs/gate.md)."""

from isobench.baseline.accept import Accepted, accept, accepted_for, read_accepted
from isobench.baseline.source import Baseline, load
from isobench.baseline.store import Kept, add, kept, prune

__all__ = ["Accepted", "Baseline", "Kept", "accept", "accepted_for", "add", "kept", "load", "prune", "read_accepted"]
