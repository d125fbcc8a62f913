"""The latency of a target's guest channel: round trips of a ping to the init of an idle instance.

It is recorded, never subtracted: an event that the guest announces is stamped about half a round trip late.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from isobench.errors import IsobenchError, SampleError, engine_words
from isobench.guest import commands
from isobench.guest.channel import Channel
from isobench.guest.frames import Init, Pong
from isobench.targets.base import Prepared, Slot, Target

PINGS = 200
_TIMEOUT = 5.0
_SETTLE = 1.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Round trips in seconds, or the ``reason`` why there are none."""

    pings: int = 0
    median: float | None = None
    p95: float | None = None
    reason: str = ""


def measured(target: Target, prepared: Prepared, slot: Slot, pings: int = PINGS) -> Latency:
    """Start one instance with nothing but its init, ping it one ping after another, and remove it.

    Of an application it is the front: the line is the same.
    """
    prepared = prepared.parts[-1] if prepared.parts else prepared
    try:
        with target.instance(prepared, slot) as instance:
            instance.channel.send(instance.setup())
            instance.create()
            instance.start()
            timeout = prepared.workload.timeout
            instance.running_at(timeout)
            instance.kernel_done_at(timeout)
            instance.channel.wait(Init, timeout)
            time.sleep(_SETTLE)
            found = [_round_trip(instance.channel, f"p{number}") for number in range(pings)]
            instance.kill()
            instance.remove()
    except SampleError as error:
        return Latency(reason=error.line())
    except Exception as error:
        words = error.line() if isinstance(error, IsobenchError) else engine_words(error)
        if words is None:
            raise
        return Latency(reason=words)
    return Latency(pings, float(np.median(found)), float(np.quantile(found, 0.95)))


def _round_trip(channel: Channel, token: str) -> float:
    since = channel.mark()
    sent = time.monotonic_ns()
    channel.send(commands.ping(token))
    came, _ = channel.wait(Pong, _TIMEOUT, where=lambda pong: pong.token == token, since=since)
    return (came - sent) / 1e9
