"""What a CI runner does with docs/ci and action.yml: reads them, and runs their steps in bash."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
CI = ROOT / "docs" / "ci"
ACTION = ROOT / "action.yml"
WORKFLOWS = (CI / "github-pull-request.yml", CI / "github-main.yml")
GITLAB = CI / "gitlab-ci.yml"
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""How GitHub runs ``shell: bash``."""


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(file)
    return found


def steps(file: Path) -> Iterator[dict[str, Any]]:
    """Yield every step of a workflow's jobs, or of the action."""
    document = read(file)
    for job in document.get("jobs", {"": document.get("runs")}).values():
        yield from job["steps"]


def step(file: Path, name: str) -> str:
    """Return the shell of a step."""
    script: str = next(one["run"] for one in steps(file) if one.get("name") == name)
    return script


def blocks(title: str) -> list[str]:
    """Return the shell blocks of a section of docs/ci/README.md."""
    text = (CI / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^#+ {title}$(.*?)(?=^#)", text, re.M | re.S)
    assert section, title
    return re.findall(r"^```sh\n(.*?)^```", section[1], re.M | re.S)


def environment(place: Path, **more: str) -> dict[str, str]:
    """Return a runner's environment: this isobench on the PATH, a cache of its own, nobody's git settings."""
    door = place / "door" / "isobench"
    door.parent.mkdir(exist_ok=True)
    # What ./bench does once all is installed.
    door.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m isobench "$@"\n')
    door.chmod(0o755)
    own = {
        "PATH": f"{door.parent}:{os.environ['PATH']}", "ISOBENCH_CACHE": str(place / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
    }  # fmt: skip
    for role in ("AUTHOR", "COMMITTER"):
        own |= {f"GIT_{role}_NAME": "t", f"GIT_{role}_EMAIL": "t@example.org"}
    return os.environ | own | more


def shell(script: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step in a folder; both of its streams are in ``stdout``."""
    return subprocess.run([*BASH, "-c", script], cwd=folder, env=env, stdin=subprocess.DEVNULL, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """How the action ended: its code, its outputs, the job's summary, all that was said."""

    code: int
    outputs: dict[str, str]
    summary: str
    said: str


def act(place: Path, **inputs: str) -> Done:
    """Run the action in ``place/checkout``, step by step; its own folder has ``bench`` and ``docs``."""
    document = read(ACTION)
    given = {name: str(one.get("default", "")) for name, one in document["inputs"].items()} | inputs
    own, checkout = place / "action", place / "checkout"
    own.mkdir()
    checkout.mkdir(exist_ok=True)
    (own / "docs").symlink_to(ROOT / "docs")
    env = environment(
        place, GITHUB_ACTION_PATH=str(own), RUNNER_TEMP=str(place / "temp"), RUNNER_ENVIRONMENT="self-hosted",
        **{f"GITHUB_{name}": str(place / name.lower()) for name in ("OUTPUT", "STEP_SUMMARY", "PATH")},
    )  # fmt: skip
    (own / "bench").symlink_to(place / "door" / "isobench")
    env["PATH"] = os.environ["PATH"]
    said, code = "", 0
    for one in document["runs"]["steps"]:
        done = shell(
            one["run"], checkout, env | {name: _filled(text, given) for name, text in one.get("env", {}).items()}
        )
        said, code = said + done.stdout, done.returncode
        if code:
            break
        env["PATH"] = ":".join([*reversed(_lines(place / "path")), os.environ["PATH"]])
    outputs = dict(line.split("=", 1) for line in _lines(place / "output"))
    return Done(code, outputs, "\n".join(_lines(place / "step_summary")), said)


def _filled(text: str, given: Mapping[str, str]) -> str:
    name = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", text)
    assert name, text
    return given[name[1]]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
