"""Rules that flag nonsense: what cannot be true of a host, whatever was measured. Pure functions of a session.

A finding changes no figure and leaves no sample out: it says where not to believe, and what is likely wrong.
"""

from isobench.sanity.check import check
from isobench.sanity.finding import Finding

__all__ = ["Finding", "check"]
