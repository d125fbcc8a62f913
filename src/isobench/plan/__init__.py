"""The design of a session: which cell comes next, when a cell stops and why, and how long it takes.

Pure functions of the plan and of samples: nothing here runs anything.
"""

from isobench.plan.design import Plan, Step, next_step, order
from isobench.plan.estimate import Remaining, remaining
from isobench.plan.stopping import Headline, Stop, stop_of, stops

__all__ = ["Headline", "Plan", "Remaining", "Step", "Stop", "next_step", "order", "remaining", "stop_of", "stops"]
