"""Nothing goes through a shell with interpolated strings: the source is read, call by call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "benchmarks").rglob("*.py"))
C = sorted((ROOT / "src").rglob("*.c"))
SHELL_CALLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput",
    "asyncio.create_subprocess_shell",
}  # fmt: skip
SHELLS = re.compile(r"(.*/)?(ba|da|z|k)?sh")


def through_a_shell(source: str) -> list[str]:
    """Return ``line: what`` for every call of a shell that is not a constant script in a list of words."""
    return [found for node in ast.walk(ast.parse(source)) for found in _of(node)]


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        if ast.unparse(node.func) in SHELL_CALLS:
            yield f"{node.lineno}: {ast.unparse(node.func)}"
        for word in node.keywords:
            if word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False):
                yield f"{node.lineno}: shell="
    if isinstance(node, ast.ImportFrom) and node.module in ("os", "subprocess", "asyncio"):
        yield from (f"{node.lineno}: {a.name}" for a in node.names if f"{node.module}.{a.name}" in SHELL_CALLS)
    if isinstance(node, ast.List | ast.Tuple):
        for shell, flag, script in zip(node.elts, node.elts[1:], node.elts[2:], strict=False):
            if _names_a_shell(shell) and _is_dash_c(flag) and not isinstance(script, ast.Constant):
                yield f"{node.lineno}: {ast.unparse(shell)} -c with {ast.unparse(script)}"


def _names_a_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(SHELLS.fullmatch(node.value))


def _is_dash_c(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(re.fullmatch(r"-[a-z]*c", str(node.value)))


@pytest.mark.parametrize("file", PYTHON, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_python_goes_through_a_shell(file: Path) -> None:
    assert through_a_shell(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", C, ids=lambda file: file.name)
def test_no_c_goes_through_a_shell(file: Path) -> None:
    assert re.findall(r"\b(?:system|popen|wordexp)\s*\(", file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(f'ls {x}', shell=True)",
        "run('ls', shell=flag)",
        "os.system('ls')",
        "from os import popen",
        "run(['sh', '-c', f'ls {x}'])",
        "run(('docker', 'exec', '/bin/bash', '-ec', 'ls ' + x))",
        "run(['sh', '-c', 'ls {}'.format(x)])",
    ],
)
def test_each_way_through_a_shell_would_be_found(source: str) -> None:
    assert len(through_a_shell(source)) == 1


def test_a_constant_script_in_a_list_is_fine() -> None:
    assert through_a_shell("run(['sh', '-c', 'echo ready'], shell=False)") == []
