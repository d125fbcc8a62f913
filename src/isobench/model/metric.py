"""A metric: what a number means before there is a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower", "higher", "neutral"]
"""Which way is better; ``neutral`` for figures that describe rather than judge (``clock_ratio``)."""

Family = Literal["startup", "memory", "disk", "throughput", "life", "density", "isolation"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One registered quantity.

    ``unit`` is SI: ``s``, ``B``, ``1/s``, ``B/s``, or ``1`` for a ratio. ``scope`` says where it was seen from
    (``host`` or ``guest``), ``instant`` when (``ready`` + 1 s, ``done``, ``peak``, ``job``, ``life``, ``image``).
    ``relevant_effect`` is the smallest relative change worth a verdict, ``floor`` the smallest absolute one in
    ``unit``. ``version`` rises when the definition changes: figures of two versions are never compared.
    """

    name: str
    unit: str
    direction: Direction
    family: Family
    scope: Literal["host", "guest"]
    instant: str
    definition: str
    source: str
    relevant_effect: float
    floor: float
    version: int = 1
