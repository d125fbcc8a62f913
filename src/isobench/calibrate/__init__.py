"""What this host and gate can resolve: A/A sessions, measured first, then computed on (docs/calibration.md)."""

from isobench.calibrate.compute import compute
from isobench.calibrate.gate import CompareGate, Gate
from isobench.calibrate.profile import Profile, load

__all__ = ["CompareGate", "Gate", "Profile", "compute", "load"]
