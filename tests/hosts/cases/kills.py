"""``kill -9`` in mid-session, and then ``clean``: the host is as it was, and everybody else's things go on."""

from __future__ import annotations

import signal
import time

from tests.hosts.on_host import await_printed, begun, bystanders, host_unchanged, isobench, main

from isobench.engines.libvirt_choice import DAEMON

_SETTLE = 1.0
"""So long after the first sample the second one lives, or is about to."""


ROUNDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("docker", {}), ("native", {}), ("vm-micro", {}), ("vm-micro", {"LIBVIRT_DEFAULT_URI": "qemu:///system"}),
)  # fmt: skip


def case() -> None:
    for target, more in ROUNDS:
        if more and not DAEMON.exists():
            continue
        with bystanders(), host_unchanged():
            with begun("run", "-w", "idle", "-t", target, "--samples", "5", **more) as process:
                await_printed(process, "[  1/")
                time.sleep(_SETTLE)
                assert process.poll() is None, f"{target}: it had ended before it was killed"
                process.send_signal(signal.SIGKILL)
                process.wait()
            told = isobench("clean").text
            assert "removed" in told
            assert "nothing was left behind" in isobench("clean").text


if __name__ == "__main__":
    main(case)
