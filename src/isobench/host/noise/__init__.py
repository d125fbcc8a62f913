"""What else the host did beside a sample: the figures, the bounds, and a probe of what they leave to be seen."""

from isobench.host.noise.bounds import Bounds, exceeded
from isobench.host.noise.reading import NoiseReading, throttling

__all__ = ["Bounds", "NoiseReading", "exceeded", "throttling"]
