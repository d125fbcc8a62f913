"""Docker and libvirtd restarted in mid-session: one failed sample at most, the session goes on, nothing is left."""

from __future__ import annotations

import subprocess
import time

from tests.hosts.on_host import await_printed, begun, host_unchanged, main, read, sessions

ROUNDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    # what is restarted, whose samples may fail, what chooses the libvirt
    ("docker", "docker", {}),
    ("libvirtd", "", {}),
    ("libvirtd", "vm-micro", {"LIBVIRT_DEFAULT_URI": "qemu:///system"}),
)


def case() -> None:
    for unit, failing, environment in ROUNDS:
        with host_unchanged():
            before = set(sessions())
            words = ("run", "-w", "idle", "-t", "docker", "-t", "vm-micro", "--samples", "2")
            with begun(*words, **environment) as process:
                await_printed(process, "[  1/")
                time.sleep(1)
                subprocess.run(["systemctl", "restart", unit], check=True)
                process.wait()
            (folder,) = set(sessions()) - before
        session = read(folder)
        assert session.meta["state"] == "complete"
        failed = [s for s in session.samples if s["outcome"] != "ok"]
        assert len(failed) <= 1, [(s["cell"]["target"], s["error"]) for s in failed]
        assert {s["cell"]["target"] for s in failed} <= {failing}
        assert process.returncode == (4 if failed else 0)


if __name__ == "__main__":
    main(case)
