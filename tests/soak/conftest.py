"""What soak tests share with those of the report."""

from tests.report.conftest import browser

__all__ = ["browser"]
