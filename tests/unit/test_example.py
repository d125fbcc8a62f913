"""The example session that README links: whole, publishable, small, and with all that a full session has."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import pytest

from isobench.claims import judged
from isobench.model import JOB
from isobench.runner.record import plan_of
from isobench.store.reader import SessionRecord, read_session
from isobench.studies import studies
from isobench.workloads import load_all

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example"
LARGEST = 5_000_000
# Folders that are a user's or a run's; those inside an image or of the engine's sockets are everybody's.
PRIVATE = re.compile(r"(?<![\w.$/-])/(?:home|root|tmp|var/tmp|work)/[\w.-]+")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SessionRecord:
    place = tmp_path_factory.mktemp("example")
    with tarfile.open(EXAMPLE / "session.tar.gz") as tar:
        tar.extractall(place, filter="data")
    (folder,) = (file.parent for file in place.glob("*/session.json"))
    return read_session(folder)


def test_it_is_a_full_session_in_which_every_cell_was_measured(session: SessionRecord) -> None:
    assert session.meta["state"] in ("complete", "out of budget")
    assert session.meta["plan"]["length"] == "full"
    plan = plan_of(session.meta, "example")
    taken = {sample.cell for sample in session.samples if sample.role == "measured"}
    assert set(plan.cells) == taken
    assert {cell.workload for cell in plan.cells} == set(load_all([ROOT / "workloads"]))


def test_it_contains_density_state_isolation_and_claims(session: SessionRecord) -> None:
    found = {sample.cell.parameters.study for sample in session.samples if sample.outcome == "ok"}
    assert found == {JOB, *(name for name, study in studies().items() if study.in_full)}
    answers = [one.answer for one in judged(session)]
    assert len(answers) >= 15
    assert "supported" in answers
    # What is left open is what emulated machines cannot tell.
    assert answers.count("not decidable") < len(answers) / 2


def test_it_and_its_report_are_small_and_name_nobodys_folders(session: SessionRecord) -> None:
    files = [file for file in EXAMPLE.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < LARGEST
    page = (EXAMPLE / "report.html").read_text(encoding="utf-8")
    assert session.id in page
    for name in ("session.json", "samples.jsonl"):
        text = (session.folder / name).read_text(encoding="utf-8")
        assert PRIVATE.findall(text) == []
