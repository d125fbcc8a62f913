"""Pause, restart, save and restore, also where the engine leaves groups to systemd: what each engine can do."""

from __future__ import annotations

from tests.hosts.on_host import host_unchanged, main, measure

CAN = {
    "native": {"exec_latency"},
    "docker": {"exec_latency", "pause_time", "resume_time", "restart_time"},
    "vm-micro": {"exec_latency", "pause_time", "resume_time", "restart_time", "save_time", "restore_time"},
}


def case() -> None:
    named = [word for target in CAN for word in ("-t", target)]
    with host_unchanged():
        session = measure("-w", "idle", *named, "--study", "life", "--samples", "1")
    for target, metrics in CAN.items():
        (sample,) = session.measured(target)
        assert sample["outcome"] == "ok", sample["error"]
        missing = {name: sample["not_applicable"].get(name) for name in metrics - sample["metrics"].keys()}
        assert not missing, f"{target}: {missing}"


if __name__ == "__main__":
    main(case)
