"""docs/ci and action.yml: by the vendors' schemas, by shellcheck, by isobench's own command line, and run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.unit.ci_runner import ACTION, CI, GITLAB, ROOT, WORKFLOWS, act, environment, read, shell, step, steps
from tests.unit.gate import drawn

from isobench.ab.variant import parse
from isobench.cli import group
from isobench.targets.catalog import load_all

OURS = "OWNER/isobench@v1"
SCHEMAS = {"vendor.github-workflows": WORKFLOWS, "vendor.github-actions": (ACTION,), "vendor.gitlab-ci": (GITLAB,)}
SHELL = [one["run"] for file in (*WORKFLOWS, ACTION) for one in steps(file) if "run" in one]


# --- what they are ------------------------------------------------------------------------------------


def by_schema(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    # The schemas come with the package: nothing is fetched.
    words = ["--builtin-schema", schema, "--no-cache", *map(str, files)]
    return subprocess.run([sys.executable, "-m", "check_jsonschema", *words], check=False, capture_output=True,
                          text=True, timeout=60)  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_is_valid_by_its_vendors_schema_and_a_broken_one_is_not(schema: str, tmp_path: Path) -> None:
    done = by_schema(schema, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout
    text = SCHEMAS[schema][0].read_text(encoding="utf-8")
    broken = tmp_path / "broken.yml"
    broken.write_text(re.sub("^( +)(runs-on|using|script):", r"\1unknown-word:", text, flags=re.M))
    assert by_schema(schema, broken).returncode == 1


def test_workflows_have_no_more_rights_than_they_need_and_an_end() -> None:
    for file in WORKFLOWS:
        document = read(file)
        assert document["permissions"] == {}
        assert document["concurrency"]["group"]
        for job in document["jobs"].values():
            measures = any(one.get("uses") == OURS for one in job["steps"])
            assert job["timeout-minutes"] <= 60
            assert not measures or job["permissions"] == {"contents": "read"}
            assert len(job["permissions"]) == 1


def test_what_they_use_is_pinned() -> None:
    used = {one["uses"] for file in WORKFLOWS for one in steps(file) if "uses" in one}
    assert OURS in used
    assert all(re.fullmatch(r"[\w./-]+@(v\d+|[0-9a-f]{40})", one) for one in used)


def test_nothing_is_put_into_a_shell_by_its_text() -> None:
    assert len(SHELL) >= 8
    assert not [script for script in SHELL if "${{" in script]
    assert all(one["shell"] == "bash" for one in steps(ACTION))


def test_the_action_is_used_as_it_is_written() -> None:
    action, builtin = read(ACTION), (ROOT / "src" / "isobench" / "targets" / "targets.toml",)
    assert {one["value"] for one in action["outputs"].values()} == {
        f"${{{{ steps.isobench.outputs.{name} }}}}" for name in action["outputs"]
    }
    for words in (one["with"] for file in WORKFLOWS for one in steps(file) if one.get("uses") == OURS):
        assert words.keys() <= action["inputs"].keys()
        assert words["mode"] in ("ab", "check", "run")
        assert len(parse(words["variants"].split(), builtin)) == 2 if words["mode"] == "ab" else words["keep"] is True
        assert set(words.get("targets", "").split()) <= load_all(builtin).keys()
    read_there = {
        name for file in WORKFLOWS for name in re.findall(r"steps\.isobench\.outputs\.([\w-]+)", file.read_text())
    }
    assert read_there <= action["outputs"].keys()


def gitlab() -> str:
    jobs = [one for one in read(GITLAB).values() if "script" in one or "before_script" in one]
    return "\n".join(line for job in jobs for line in (*job.get("before_script", ()), *job.get("script", ())))


@pytest.mark.parametrize(
    ("dialect", "script"),
    [*(("bash", f"set -eo pipefail\n{one}") for one in SHELL), ("sh", (CI / "check.sh").read_text()),
     ("sh", f"set -e\n{gitlab()}")],
    ids=range(len(SHELL) + 2),
)  # fmt: skip
def test_shellcheck_finds_nothing(dialect: str, script: str) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, "-s", dialect, "-"], input=script, check=False, capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stdout


# --- what they say to isobench ------------------------------------------------------------------------


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each line that begins with isobench, up to a pipe or whatever else ends a command."""
    for line in text.replace("\\\n", " ").splitlines():
        if found := re.match(r"\s*(?:- )?(?:isobench|\./bench) (.*)", line):
            words = shlex.shlex(found[1], posix=True, punctuation_chars=True)
            words.whitespace_split = True
            taken = []
            for word in words:
                if set(word) <= set("|&;<>()"):
                    break
                taken.append(word)
            yield taken


def understood(words: list[str]) -> str:
    """Return the command's name; raises click's error where the command line would."""
    command: click.Command | None = group
    name: list[str] = []
    while isinstance(command, click.Group):
        name.append(words[len(name)])
        command = command.get_command(click.Context(command), name[-1])
    assert command is not None, words
    command.make_context(name[-1], words[len(name) :])
    return " ".join(name)


def test_every_command_is_one_that_isobench_understands() -> None:
    written = [file.read_text(encoding="utf-8") for file in (CI / "README.md", ROOT / "docs" / "export.md")]
    blocks = [block for text in written for block in re.findall(r"^```\w+\n(.*?)^```", text, re.M | re.S)]
    texts = [*blocks, *(file.read_text(encoding="utf-8") for file in (*WORKFLOWS, GITLAB))]
    found = [understood(words) for text in texts for words in commands(text)]
    assert set(found) == {"ab", "check", "export", "baseline add", "baseline prune"}
    with pytest.raises(click.NoSuchOption):
        understood(next(commands("  isobench check --base main | tee said")))


# --- what they do -------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    drawn.baseline(tmp_path / "old", 3)
    return tmp_path


def test_the_action_says_a_regression_in_every_place(place: Path) -> None:
    drawn.session(place / "new" / "x", 30, 1.6)
    done = act(place, mode="check", session=str(place / "new" / "x"), baseline=str(place / "old"), strict="true")
    assert done.code == 1, done.said
    assert done.outputs == {
        "exit-code": "1", "verdict": "regression", "session": str(place / "new" / "x"), "kept": "",
        "summary": "isobench-out/summary.md",
    }  # fmt: skip
    assert done.summary.startswith("### isobench: failed, exit code 1: 2 regression")
    assert (place / "checkout" / "isobench-out" / "summary.md").read_text().strip() == done.summary.strip()
    assert (place / "checkout" / "isobench-out" / "check.xml").stat().st_size


def test_the_action_starts_a_baseline_and_puts_isobench_on_the_path(place: Path) -> None:
    done = act(place, mode="check", session=str(place / "old" / "s01"), keep="true")
    assert (done.code, done.outputs["verdict"]) == (0, "passed"), done.said
    assert done.outputs["kept"] == "baseline/made-up-cpu-2c-8g/s01.baseline.json"
    assert (place / "checkout" / done.outputs["kept"]).is_file()
    assert "nothing to judge it by yet" in done.summary
    assert (place / "path").read_text() == f"{place}/temp/isobench\n"
    assert "isobench, version" in done.said


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"mode": "ab", "variants": "$(touch${IFS}pwned) `touch${IFS}pwned` *"}, "'$(touch${IFS}pwned)'"),
        ({"mode": "ab", "variants": "docker docker-x"}, "did you mean 'docker"),
        ({"mode": "run", "workloads": 'idle";touch${IFS}pwned;"'}, "no workload is called"),
        ({"mode": "check", "baseline": "git:nowhere:baseline"}, "fetch its branch first"),
        ({"mode": "check", "baseline": "nowhere"}, "there is no nowhere"),
        ({"mode": "judge"}, "mode is ab, check or run"),
    ],
)
def test_bad_input_of_the_action_ends_with_2_and_runs_nothing(
    tmp_path: Path, inputs: dict[str, str], said: str
) -> None:
    done = act(tmp_path, **inputs)
    assert done.code == 2, done.said
    assert said in done.said
    assert done.outputs.get("verdict", "bad-input") == "bad-input"
    assert not list(tmp_path.rglob("pwned"))


def test_what_an_engine_says_stays_code_in_the_summary(tmp_path: Path) -> None:
    door = tmp_path / "door" / "isobench"
    env = environment(tmp_path)
    door.write_text("#!/bin/sh\nprintf '```\\n<b>x</b>\\n'; exit 4\n")  # an engine's error may be anything
    names = dict.fromkeys(
        ("VARIANTS", "WORKLOADS", "TARGETS", "BUDGET", "STRICT", "ARGUMENTS", "ISOBENCH_SESSION"), ""
    )  # fmt: skip
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    done = shell(step(ACTION, "Measure and judge"), tmp_path, env | names | files | {"MODE": "ab", "OUT": "out"})
    assert done.returncode == 4
    assert (tmp_path / "summary").read_text() == "### isobench ab: incomplete, exit code 4\n\n    ```\n    <b>x</b>\n"


def test_a_comment_that_is_too_long_loses_what_is_folded(tmp_path: Path) -> None:
    (tmp_path / "isobench-out").mkdir()
    summary, comment = tmp_path / "isobench-out" / "summary.md", tmp_path / "isobench-out" / "comment.md"
    folded = "<details><summary>every series</summary>\n{}\n</details>\n"
    for size, kept in ((10, True), (70_000, False)):
        summary.write_text("### isobench: passed\n\n" + folded.format("x" * size))
        env = environment(tmp_path, SUMMARY="isobench-out/summary.md")
        assert shell(step(WORKFLOWS[0], "Write the comment"), tmp_path, env).returncode == 0
        text = comment.read_text()
        assert text.startswith("<!-- isobench -->\n### isobench: passed\n")
        assert ("<details>" in text) is kept
        assert len(text) < 65_536
