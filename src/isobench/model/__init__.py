"""The words of isobench as frozen values: no I/O, nothing that depends on an engine."""

from isobench.model.cell import JOB, Cell, Parameters, Settings, cell_of
from isobench.model.metric import Direction, Family, Metric
from isobench.model.sample import JobRecord, Outcome, Role, Sample
from isobench.model.target import TargetSpec
from isobench.model.workload import (
    Health,
    Job,
    Member,
    MetricSource,
    Need,
    Ready,
    Resources,
    Service,
    Volume,
    Workload,
)

__all__ = [
    "JOB",
    "Cell",
    "Direction",
    "Family",
    "Health",
    "Job",
    "JobRecord",
    "Member",
    "Metric",
    "MetricSource",
    "Need",
    "Outcome",
    "Parameters",
    "Ready",
    "Resources",
    "Role",
    "Sample",
    "Service",
    "Settings",
    "TargetSpec",
    "Volume",
    "Workload",
    "cell_of",
]
