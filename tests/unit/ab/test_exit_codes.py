"""Each exit code of ``isobench ab``, and which comes first (docs/ab.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ab.drawn import A, B, C, Drawn, variants

from isobench.ab.compare import available
from isobench.ab.comparison import Comparison
from isobench.ab.judge import Rules
from isobench.ab.session import IncomparableError
from isobench.errors import HarnessError
from isobench.model import Cell, Outcome
from isobench.plan import Step


def compared(ratio: float, *, strict: bool = False, fails: bool = False, **more: Any) -> Comparison:
    """Carry out a comparison of drawn samples and tell what it came to."""

    def outcome(step: Step) -> Outcome:
        return "failed" if fails and step.cell.target == B else "ok"

    run = Drawn({Cell("idle", A): 1.0, Cell("idle", B): ratio}, rules=Rules(strict=strict), outcome=outcome)
    blocks = run.carried_out().blocks
    whole: dict[str, Any] = {
        "check": run.judged(), "variants": run.labels, "headlines": (("idle", "time_to_ready"),),
        "ended": blocks.ended(run.elapsed()), "blocks": blocks.done, "seconds": run.elapsed(), "folder": Path("x"),
        "given_up": {str(cell): left.words for cell, left in blocks.left.items() if left.reason == "failing"},
    }  # fmt: skip
    return Comparison(**(whole | more))


@pytest.mark.parametrize(
    ("ratio", "more", "code", "words"),
    [
        (1.0, {}, 0, "passed: 1 no change"),
        (1.5, {}, 1, "failed, exit code 1: 1 regression"),
        (0.5, {}, 0, "passed: 1 improvement"),
        (1.05, {}, 0, "passed: 1 inconclusive"),
        (1.05, {"strict": True}, 3, "failed, exit code 3: 1 inconclusive"),
        (1.0, {"fails": True}, 4, "failed, exit code 4: 1 error"),
        (1.0, {"unavailable": {"vm": "no libvirt"}}, 4, "failed, exit code 4: 1 no change"),
        (1.0, {"ended": "broken", "broken": "the disk is full"}, 5, "failed, exit code 5: 1 no change"),
        (1.5, {"ended": "interrupted"}, 130, "failed, exit code 1: 1 regression"),
        (1.5, {"ended": "broken", "broken": "x", "unavailable": {"vm": "x"}}, 5, "failed, exit code 5 (also 1, 4): "),
        (1.05, {"strict": True, "unavailable": {"vm": "x"}}, 4, "failed, exit code 4 (also 3): "),
    ],
)  # fmt: skip
def test_the_code_follows_from_what_was_found(ratio: float, more: dict[str, Any], code: int, words: str) -> None:
    found = compared(ratio, **more)
    assert found.exit_code == code
    assert found.headline.startswith(words)


def test_a_target_that_is_not_there_is_missing_and_the_rest_goes_on() -> None:
    some = variants(A, B, C)
    reasons = {C: "libvirt is not installed"}
    assert available(some, [A, B], reasons) == [*some[:2]]
    for here in ([A], [B, C], []):
        with pytest.raises(IncomparableError, match=r"missing: .* could not run: libvirt") as refused:
            available(some, here, reasons)
        assert refused.value.exit_code == 4
    assert HarnessError("x").exit_code == 5


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (("docker",), "needs two variants"),
        (("docker", "dokcer"), "did you mean 'docker'"),
        (("docker", "docker,speed=1"), "docker.options.speed"),
        (("docker", "docker,read_only=false"), "docker,read_only=false: is the same as docker"),
        (("docker", "docker", "--least", "8", "--most", "4"), "--most 4 is below --least 8"),
        (("docker", "docker", "-w", "rediss"), "did you mean 'redis'"),
        (("docker", "docker", "--budget", "0"), "above 0"),
        (("docker", "docker,image=./none.tar", "-w", "idle"), "image=./none.tar: no such file"),
        (("docker", "docker,image=x"), "an image is that of one workload"),
    ],
)
def test_bad_input_is_told_in_one_line_with_2(words: tuple[str, ...], last: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "isobench", "ab", *words], cwd=tmp_path, capture_output=True,
                          text=True, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert last in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
