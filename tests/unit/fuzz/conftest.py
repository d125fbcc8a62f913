"""The number of cases here: 200 a property, the same ones in each run. tests/soak runs 10,000 new ones."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fuzz", max_examples=200, derandomize=True, deadline=None, database=None)
settings.load_profile("fuzz")
