"""Compose files: an application of several services as one workload (docs/compose.md)."""

from isobench.compose.application import application_of, read_application
from isobench.compose.together import overlaid, together

__all__ = ["application_of", "overlaid", "read_application", "together"]
