"""``isobench check``: the gate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isobench.cli.verdicts import Faces, also_option, format_option, say
from isobench.errors import UsageError
from isobench.host.paths import Paths

if TYPE_CHECKING:
    from isobench.gate import Check
    from isobench.gate.check import Confirm
    from isobench.model import Sample
    from isobench.plan import Plan


@click.command("check")
@click.option("--baseline", "source", required=True, metavar="DIR|FILE|git:REF:PATH",
              help="Sessions to judge by: a baseline's folder or file, a results folder, a commit's.")  # fmt: skip
@click.argument("session", required=False)
@click.option("--confirm", is_flag=True, help="Measure a suspected regression once more, here, before it counts.")
@click.option("--strict", is_flag=True, help="Exit with 3 where a series is inconclusive.")
@format_option
@also_option
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False),
              help="Effects and floors by pattern; ./isobench.toml where there is one.")  # fmt: skip
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder of sessions.")
@click.option("--wait", is_flag=True, help="With --confirm: wait while another run is measuring.")
@click.option("--trust-native", is_flag=True, help="With --confirm: let native run what is not isobench's own.")
def command(
    source: str, session: str | None, confirm: bool, strict: bool, form: str, also: tuple[tuple[str, Path], ...],
    config: Path | None, results: Path | None, wait: bool, trust_native: bool,
) -> int:  # fmt: skip
    """Judge a session (its name or folder; by default the latest) by a baseline.

    Exit code 1 on a regression, 4 where a series is missing, incomparable or failed to run, 3 where --strict finds
    one inconclusive, 5 on a session that cannot be read. Of several 5 comes before 1, 4 and 3.
    """
    from isobench.baseline.source import load
    from isobench.calibrate.profile import load as load_profile
    from isobench.gate.check import Rules, check
    from isobench.gate.known import known_spreads
    from isobench.gate.limits import read_overrides
    from isobench.history.index import record_of
    from isobench.store.reader import find_own_session

    if (wait or trust_native) and not confirm:
        raise UsageError("--wait and --trust-native are for what --confirm measures", mend="add --confirm")
    paths = Paths.default(results.absolute() if results else None)
    overrides = read_overrides(config)
    folder, passed = find_own_session(session, paths.results)
    if passed:
        click.echo(f"· taken: {folder.name}, the latest session of its own; {'; '.join(passed)}", err=True)
    judged = record_of(folder, paths.cache)
    baseline = load(source, paths.cache)
    spreads = known_spreads(load_profile(paths, judged.environment))
    others = [one for one in baseline.records if one.session != judged.session]
    if not any(one.series for record in others for one in record.cells):
        click.echo(f"isobench: {source}: missing: the baseline holds no session to judge {judged.session} by; "
                   "add one with `isobench baseline add`", err=True)  # fmt: skip
        return 4
    again = _confirmation(folder, paths, wait, trust_native) if confirm else None
    found = check(judged, others, Rules(overrides, baseline.accepted, spreads, strict=strict), again)
    say(_faces(found), form, also)
    if not any(one.answer for one in found.findings):
        click.echo(f"isobench: {_nothing(found)}", err=True)
        return max(found.exit_code, 4)
    return found.exit_code


def _confirmation(folder: Path, paths: Paths, wait: bool, trust_native: bool) -> Confirm:
    from isobench.gate.confirm import confirmation
    from isobench.store.reader import read_session

    return confirmation(read_session(folder), paths, _say, _progress, wait=wait, trust_native=trust_native)


def _say(words: str) -> None:
    # Nobody may be listening any more; that is no reason to end a measurement.
    with suppress(OSError):
        click.echo(f"· {words}", err=True)


def _progress(plan: Plan, samples: Sequence[Sample], elapsed: float) -> None:
    last = samples[-1]
    seen = f"ready {last.metrics['time_to_ready']:.3f} s" if "time_to_ready" in last.metrics else str(last.error)
    with suppress(OSError):
        click.echo(f"[block {last.block:>2}, {elapsed:4.0f} s] {last.cell!s:<18} {seen}", err=True)


def _faces(found: Check) -> Faces:
    from isobench.gate.document import document
    from isobench.gate.junit import junit
    from isobench.gate.markdown import markdown
    from isobench.gate.text import show

    return Faces(
        lambda console: show(found, console), lambda: markdown(found), lambda: junit(found), lambda: document(found)
    )


def _nothing(found: Check) -> str:
    """Return why not one series could be judged, in one line."""
    from isobench.gate import words
    from isobench.plain import plain

    if refused := found.of("incomparable"):
        return plain(f"incomparable: nothing here can be judged by this baseline: {words.why(refused[0])}")
    if found.of("error", "inconclusive"):
        first = found.of("error", "inconclusive")[0]
        return plain(f"missing: no sample of {found.session} counts: {words.why(first)}")
    return "incomparable: the session and the baseline have no series in common"
