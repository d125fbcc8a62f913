"""What one member of an application waits for in another: that it has started, is healthy, or has ended well."""

from __future__ import annotations

import time

from isobench.errors import SampleError
from isobench.guest.channel import Channel
from isobench.guest.commands import MAIN_RUN
from isobench.guest.frames import Exit, Running
from isobench.images.identity import Identity
from isobench.model import Health, Member, Need

_FIRST_CHECK = 2_000_000
"""Beyond the numbers of any workload's runs and of commands inside."""


def await_need(need: Need, needed: Member, channel: Channel, user: Identity) -> None:
    """Wait until a member is as another needs it; raises SampleError, naming it, where that does not come.

    ``user`` is as whom the member's commands run.
    """
    timeout = needed.workload.timeout
    try:
        channel.wait_connected(timeout)
        channel.wait(Running, timeout, run_id=MAIN_RUN)
        if need.until == "completed":
            _, ended = channel.wait(Exit, timeout, run_id=MAIN_RUN)
            if ended.signaled or ended.code:
                raise SampleError("failed", f"ended with {'signal' if ended.signaled else 'status'} {ended.code}")
        elif need.until == "healthy" and needed.health:
            _await_health(needed.health, channel, user)
    except SampleError as error:
        raise SampleError(error.outcome, f"{error.message}; another member needs it to be {need.until}",
                          where=need.member) from error  # fmt: skip


def _await_health(health: Health, channel: Channel, user: Identity) -> None:
    """Run the check inside until it ends with 0: as the Compose specification says, first after one interval.

    A failure counts once ``start_period`` has passed; ``retries`` of them in a row are the end of waiting.
    """
    began, run_id, failed = time.monotonic(), _FIRST_CHECK, 0
    while failed < health.retries:
        time.sleep(health.interval)
        if _passes(health, channel, user.run(run_id, health.command), run_id):
            return
        failed += time.monotonic() - began > health.start_period
        run_id += 1
    raise SampleError("failed", f"its health check failed {failed} times in a row")


def _passes(health: Health, channel: Channel, run: bytes, run_id: int) -> bool:
    channel.send(run)
    try:
        _, ended = channel.wait(Exit, health.timeout, run_id=run_id)
    except SampleError as error:
        if error.outcome not in ("timeout", "failed"):
            raise
        return False
    return not ended.signaled and ended.code == 0
