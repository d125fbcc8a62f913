"""The one place through which isobench runs external programs: always a list, never a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from isobench.errors import HarnessError

_LAST_LINES = 12


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float = 120.0,
    check: bool = True,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    mend: str | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end and return its captured output.

    Raises HarnessError when the program is missing, outlives ``timeout`` (seconds), or, with ``check``,
    exits other than 0; the message carries the last lines it wrote.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, timeout=timeout, cwd=cwd, env=env, check=False)
    except FileNotFoundError as error:
        raise HarnessError(f"{words[0]} is not installed", mend=mend or "./bench installs it") from error
    except subprocess.TimeoutExpired as error:
        raise HarnessError(f"{words[0]} did not end within {timeout:g} s", mend=mend) from error
    if check and done.returncode != 0:
        said = last_lines(done.stderr or done.stdout)
        raise HarnessError(f"{words[0]} failed with status {done.returncode}: {said}", mend=mend)
    return done


def last_lines(output: bytes, count: int = _LAST_LINES) -> str:
    """Return the last lines of a program's output, decoded safely and joined into one line."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return " | ".join(lines[-count:])


def command_words() -> list[str]:
    """Return the words that this process was started with; of the program and of paths elsewhere only their names."""
    program = Path(sys.argv[0])
    # ``python -m isobench`` runs isobench/__main__.py.
    first = program.parent.name if program.name == "__main__.py" else program.name
    return [first, *map(_publishable, sys.argv[1:])]


def _publishable(word: str) -> str:
    """Return a word; of a path that leads out of the current folder its last part, since folders name people."""
    option, equals, path = word.rpartition("=")
    leads_out = path.startswith(("/", "../", "~")) and os.path.exists(path)  # noqa: PTH110 - Path raises on a long word
    return f"{option}{equals}…/{Path(path).name}" if leads_out else word


def command_lines() -> Iterator[tuple[int, list[str]]]:
    """Yield every process of the host with the words of its command line; one that ends meanwhile is left out."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        yield int(entry.name), text.decode("utf-8", "replace").split("\0")


def remove_tree(folder: Path) -> None:
    """Remove a folder as far as it can be: what a guest made may be nested deeper than Python follows."""
    run(["rm", "-rf", "--one-file-system", "--", folder], check=False)
