"""Each claim's rule, with data for each of its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests import synthetic

from isobench.claims import claims, judged
from isobench.claims.evidence import Evidence
from isobench.claims.judge import RULES
from isobench.cli import claims_command
from isobench.metrics import METRICS
from isobench.model import Cell, Parameters, Sample
from isobench.store.reader import read_session

DOCS = Path(__file__).resolve().parents[3] / "docs" / "claims.md"
D: dict[str, Any] = {"rootfs_digest": "sha256:1"}
FREE: dict[str, Any] = {"neighbour_memory_readable": False, "limits_hold": True, "host_processes_visible": 0}
BOXED = FREE | {"syscalls_allowed": 10, "syscalls_tried": 50, "capabilities": 0}


def sample(
    target: str, metrics: Mapping[str, float] | None = None, facts: Mapping[str, Any] | None = None,
    absent: Mapping[str, str] | None = None, workload: str = "idle", events: Mapping[str, int] | None = None,
) -> Sample:  # fmt: skip
    return Sample(
        session="s", number=1, cell=Cell(workload, target, Parameters()), block=1, role="measured", outcome="ok",
        started_at="", request_ns=0, ended_by="stop", events=dict(events or {}), metrics=dict(metrics or {}),
        facts=dict(facts or {}), not_applicable=dict(absent or {}),
    )  # fmt: skip


def vm(metrics: Mapping[str, float] | None = None, *, emulated: bool = False, **facts: Any) -> Sample:
    return sample("vm-micro", metrics, {"acceleration": "tcg" if emulated else "kvm"} | facts)


def docker(metrics: Mapping[str, float] | None = None, **facts: Any) -> Sample:
    return sample("docker", metrics, facts)


NAMED = {"images": {"idle": {"image": "sha256:1"}}}
SEVERAL = {"workloads": {"shop": {"members": ["web", "db"]}}}
CASES: list[tuple[str, str, list[Sample], dict[str, Any]]] = [
    ("many-servers", "supported", [vm({"density": 30}, density_extrapolated=False)], {}),
    ("many-servers", "qualified", [vm({"density": 30}, density_extrapolated=True)], {}),
    ("many-servers", "qualified", [vm({"density": 30}, emulated=True, density_extrapolated=False)], {}),
    ("many-servers", "contradicted", [vm({"density": 1.2}, density_extrapolated=False)], {}),
    ("many-servers", "not decidable", [docker({"density": 30})], {}),
    ("quick-recovery", "supported", [vm({"restart_time": 0.5, "restore_time": 0.1})], {}),
    ("quick-recovery", "qualified", [vm({"restart_time": 2.0}), docker({"restart_time": 0.5})], {}),
    ("quick-recovery", "contradicted", [vm({"restart_time": 60.0})], {}),
    ("quick-recovery", "contradicted", [sample("vm-micro", absent={"restart_time": "nobody restarts it"})], {}),
    ("quick-recovery", "not decidable", [vm({"restart_time": 3.0}, emulated=True)], {}),
    ("quick-recovery", "not decidable", [docker({"restart_time": 0.5})], {}),
    ("storage", "supported", [vm({"stored_bytes": 90, "kernel_size": 20}), docker({"stored_bytes": 80})], {}),
    ("storage", "qualified", [vm({"stored_bytes": 90}), docker({"stored_bytes": 80}),
                              sample("vm-micro", {"stored_bytes": 70}, workload="cpu"),
                              sample("docker", {"stored_bytes": 80}, workload="cpu")], {}),
    ("storage", "contradicted", [vm({"stored_bytes": 60, "kernel_size": 10}), docker({"stored_bytes": 80})], {}),
    ("storage", "not decidable", [vm({"stored_bytes": 60})], {}),
    ("memory", "supported", [vm({"host_available_drop": 9e7}), docker({"host_available_drop": 9e6})], {}),
    ("memory", "qualified", [vm({"host_available_drop": 9e7}, emulated=True),
                             docker({"host_available_drop": 9e6})], {}),
    ("memory", "qualified", [vm({"host_pss_ready": 1.02e7}), docker({"host_pss_ready": 9.9e6})] * 8
     + [vm({"host_pss_ready": 1.2e7}), docker({"host_pss_ready": 8e6})] * 2, {}),
    ("memory", "contradicted", [vm({"host_pss_ready": 9e6}), docker({"host_pss_ready": 9e6})], {}),
    ("memory", "not decidable", [docker({"host_pss_ready": 9e6})], {}),
    ("lighter", "supported", [vm({"time_to_ready": 0.9, "host_pss_ready": 9e7}),
                              docker({"time_to_ready": 0.3, "host_pss_ready": 9e6})], {}),
    ("lighter", "qualified", [vm({"time_to_ready": 0.1, "host_pss_ready": 9e7}),
                              docker({"time_to_ready": 0.3, "host_pss_ready": 9e6})], {}),
    ("lighter", "contradicted", [vm({"time_to_ready": 0.1, "host_pss_ready": 1e6}),
                                 docker({"time_to_ready": 0.3, "host_pss_ready": 9e6})], {}),
    ("lighter", "not decidable", [vm({"time_to_ready": 3.0, "host_pss_ready": 9e7}, emulated=True),
                                  docker({"time_to_ready": 0.3, "host_pss_ready": 9e6})], {}),
    ("lighter", "not decidable", [docker({"time_to_ready": 0.3})], {}),
    ("shared-kernel", "supported", [docker(same_kernel=True), vm(same_kernel=False)], {}),
    ("shared-kernel", "qualified", [docker(same_kernel=True),
                                    sample("docker-gvisor", facts={"same_kernel": False})], {}),
    ("shared-kernel", "contradicted", [docker(same_kernel=False)], {}),
    ("shared-kernel", "not decidable", [vm(same_kernel=False)], {}),
    ("out-of-reach", "supported", [docker(**FREE)], {}),
    ("out-of-reach", "qualified", [docker(**FREE),
                                   sample("docker-host-pid", facts={"neighbour_memory_readable": True})], {}),
    ("out-of-reach", "qualified", [docker(**FREE | {"host_processes_visible": 3})], {}),
    ("out-of-reach", "contradicted", [docker(**FREE | {"neighbour_memory_readable": True})], {}),
    ("out-of-reach", "contradicted", [docker(**FREE | {"limits_hold": False})], {}),
    ("out-of-reach", "not decidable", [vm(**FREE)], {}),
    ("managed-one-by-one", "supported", [docker(host_can_list_processes=True), vm(host_can_list_processes=False)], {}),
    ("managed-one-by-one", "qualified", [docker(host_can_list_processes=True),
                                         sample("docker-gvisor", facts={"host_can_list_processes": False})], {}),
    ("managed-one-by-one", "contradicted", [docker(host_can_list_processes=False)], {}),
    ("managed-one-by-one", "not decidable", [vm(host_can_list_processes=False)], {}),
    ("state-moves", "supported", [vm({"restore_time": 1.0}, restored_continues=True)], {}),
    ("state-moves", "qualified", [vm({"restore_time": 1.0}, restored_continues=True),
                                  sample("docker", absent={"save_time": "no CRIU"})], {}),
    ("state-moves", "contradicted", [vm({"restore_time": 1.0}, restored_continues=False)], {}),
    ("state-moves", "contradicted", [sample("docker", absent={"save_time": "no CRIU"})], {}),
    ("state-moves", "not decidable", [vm({"time_to_ready": 1.0})], {}),
    ("runs-anywhere", "supported", [docker(**D), sample("nested", facts=D)], {}),
    ("runs-anywhere", "qualified", [sample("nested", facts=D)], {}),
    ("runs-anywhere", "contradicted", [docker(**D), sample("nested", facts={"rootfs_digest": "sha256:2"})], {}),
    ("runs-anywhere", "not decidable", [docker(**D)], {}),
    ("more-secure", "supported", [docker(**BOXED, same_kernel=False)], {}),
    ("more-secure", "qualified", [docker(**BOXED, same_kernel=True)], {}),
    ("more-secure", "contradicted", [docker(**BOXED | {"syscalls_allowed": 50}, same_kernel=True)], {}),
    ("more-secure", "contradicted", [docker(**BOXED | {"limits_hold": False}, same_kernel=True)], {}),
    ("more-secure", "not decidable", [docker(same_kernel=True)], {}),
    ("digest-and-tags", "supported", [docker(**D), vm(**D)], NAMED),
    ("digest-and-tags", "qualified", [docker()], NAMED),
    ("digest-and-tags", "contradicted", [docker(**D), vm(rootfs_digest="sha256:2")], NAMED),
    ("digest-and-tags", "contradicted", [docker(**D)], {"images": {"idle": {"image": "latest"}}}),
    ("digest-and-tags", "not decidable", [docker(**D)], {}),
    ("volume-outlives", "supported", [docker(volume_outlives=True), vm(volume_outlives=True)], {}),
    ("volume-outlives", "qualified", [docker(volume_outlives=True), vm(volume_outlives=False)], {}),
    ("volume-outlives", "contradicted", [docker(volume_outlives=False)], {}),
    ("volume-outlives", "not decidable", [docker()], {}),
    ("compose", "supported", [sample("docker", workload="shop", events={"service": 1})], SEVERAL),
    ("compose", "qualified", [sample("docker", workload="shop", events={"service": 1}),
                              sample("vm-micro", workload="shop")], SEVERAL),
    ("compose", "contradicted", [sample("docker", workload="shop")], SEVERAL),
    ("compose", "not decidable", [docker()], {}),
    ("untroubled", "supported", [sample("docker", {"neighbour_slowdown_cpu": 1.01}, workload="cpu")], {}),
    ("untroubled", "qualified", [sample("docker", {"neighbour_slowdown_cpu": 1.01, "neighbour_slowdown_memory": 1.4},
                                        workload="cpu")], {}),
    ("untroubled", "contradicted", [sample("docker", {"neighbour_slowdown_memory": 1.4}, workload="cpu")], {}),
    ("untroubled", "not decidable", [vm({"neighbour_slowdown_cpu": 1.4})], {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "samples", "meta"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_each_rule_gives_each_answer(name: str, answer: str, samples: list[Sample], meta: dict[str, Any]) -> None:
    verdict = RULES[name](Evidence(meta, samples))
    assert verdict.answer == answer, verdict.evidence
    assert verdict.evidence
    assert "\n" not in verdict.evidence


def test_every_claim_has_a_rule_figures_that_are_known_a_section_and_data_for_each_answer() -> None:
    known = [claim.id for claim in claims()]
    assert known == list(RULES)
    text = DOCS.read_text()
    for claim in claims():
        assert claim.said
        assert claim.by
        assert {case[1] for case in CASES if case[0] == claim.id} == {
            "supported", "qualified", "contradicted", "not decidable",
        }, claim.id  # fmt: skip
        assert f"## {claim.id}" in text
        facts = {"same_kernel", "neighbour_memory_readable", "limits_hold", "host_processes_visible",
                 "host_can_list_processes", "restored_continues", "rootfs_digest", "syscalls_allowed", "capabilities",
                 "volume_outlives"}  # fmt: skip
        assert set(claim.decided_by) <= METRICS.keys() | facts


def test_no_answer_rests_on_an_emulated_time() -> None:
    slow = [vm({"time_to_ready": 99.0, "restart_time": 99.0, "host_pss_ready": 9e7}, emulated=True)]
    fast = [vm({"time_to_ready": 1e-3, "restart_time": 1e-3, "host_pss_ready": 9e7}, emulated=True)]
    beside = [docker({"time_to_ready": 0.3, "restart_time": 0.3, "host_pss_ready": 9e6})]
    answers: Callable[[list[Sample]], list[str]] = lambda found: [  # noqa: E731
        rule(Evidence({}, found)).answer for rule in RULES.values()
    ]
    assert answers(slow + beside) == answers(fast + beside)


def test_a_session_of_any_kind_is_judged_and_printed(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "one", synthetic.session_meta(), synthetic.samples())
    found = judged(read_session(folder))
    assert [one.claim for one in found] == list(claims())
    ran = CliRunner().invoke(claims_command.command, [str(folder)])
    assert ran.exit_code == 0, ran.output
    assert all(one.claim.said in ran.output for one in found)
    told = json.loads(CliRunner().invoke(claims_command.command, [str(folder), "--json"]).output)
    assert [row["answer"] for row in told["claims"]] == [one.answer for one in found]
    empty = synthetic.write(tmp_path / "none", synthetic.session_meta(), [])
    assert {one.answer for one in judged(read_session(empty))} <= {"not decidable", "qualified"}
