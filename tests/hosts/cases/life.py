"""Pause, restart, save and restore where the engine leaves groups to systemd; an application of several services."""

from __future__ import annotations

from tests.hosts.on_host import host_unchanged, main, measure, refuse_lost

TARGETS = ("native", "docker", "vm-micro")


def case() -> None:
    named = [word for target in TARGETS for word in ("-t", target)]
    with host_unchanged():
        session = measure("-w", "idle", *named, "--study", "life", "--samples", "1")
    for target in TARGETS:
        (sample,) = session.measured(target)
        assert sample["outcome"] == "ok", sample["error"]
        print(target, sample["metrics"], sample["not_applicable"])
        for metric in ("exec_latency", "restart_time"):
            assert sample["metrics"].get(metric, 0) > 0, (target, metric, sample["not_applicable"])

    with host_unchanged():
        together = measure("-w", "flask-redis", "-t", "docker", "-t", "vm-micro", "--samples", "1")
    refuse_lost(together)
    for target in ("docker", "vm-micro"):
        (sample,) = together.measured(target)
        assert sample["facts"]["members"].count(",") == 1
        assert sample["metrics"]["cgroup_current_ready"] > 0
        assert sample["metrics"]["time_to_service"] > 0


if __name__ == "__main__":
    main(case)
