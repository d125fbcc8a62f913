"""A profile for people: tables of at most 100 columns, and what their figures mean."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from isobench.calibrate.power import GRID, LEVELS, SIZES, Power
from isobench.calibrate.profile import Profile, SeriesProfile
from isobench.plain import plain
from isobench.report.format import human, percent, short
from isobench.verdict import HEADLINE

_WIDTH = 100
_NONE = "–"


def show(profile: Profile, *, every: bool = False, console: Console | None = None) -> None:
    """Print a profile: the headline figures' series, or ``every`` one."""
    to = console or Console(highlight=False)
    to.width = min(to.width, _WIDTH) if to.is_terminal else _WIDTH
    shown = [one for one in profile.series if every or one.metric in HEADLINE]
    to.print(Text(plain(_head(profile))))
    to.print(_series(shown))
    for line in _notes(profile, shown):
        to.print(Text(plain(line)))
    to.print(_latencies(profile))
    for line in (*_unreached(profile), _overhead(profile)):
        to.print(Text(plain(line)))


def _head(profile: Profile) -> str:
    host = profile.host
    return (
        f"{profile.sessions} A/A sessions ({profile.length}, {profile.cache}) on {host.cpu_model}, {host.cores} cores, "
        f"{human(float(host.memory_bytes), 'B')}, until {profile.made_at}; gate: {profile.gate}"
    )


def _table(*headings: str, left: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < left else "right", no_wrap=True, overflow="ellipsis")
    return table


def _series(shown: list[SeriesProfile]) -> Table:
    found = (f"{100 * level:g} %" for level in LEVELS)
    table = _table("workload@target", "metric", "n", "within", "between", "alarms", *found, left=2)
    last = ""
    for one in shown:
        cell = short(f"{one.workload}@{one.target}", 20) + ("*" if one.emulated else "")
        row = ("" if cell == last else cell, one.metric, f"{one.samples:g}", _share(one.within), _share(one.between),
               _rate(one.alarms, one.judged), *(_found(one, level) for level in LEVELS))  # fmt: skip
        table.add_row(*map(Text, row))
        last = cell
    return table


def _share(value: float | None) -> str:
    return _NONE if value is None else percent(value)


def _rate(count: int, of: int) -> str:
    return f"{count / of:.1%}".replace("%", " %") if of else _NONE


def _found(one: SeriesProfile, level: float) -> str:
    if not one.powers:
        return _NONE
    return "/".join(_effect(one.least(level, samples)) for samples in SIZES)


def _effect(power: Power | None) -> str:
    if power is None:
        return _NONE
    return f">{100 * GRID[-1]:g}" if power.effect is None else f"{100 * power.effect:g}"


def _notes(profile: Profile, shown: list[SeriesProfile]) -> list[str]:
    trials = profile.trials

    def total(count: Callable[[SeriesProfile], int]) -> int:
        return sum(count(one) for one in shown)

    sizes = "/".join(map(str, SIZES))
    judged = total(lambda one: one.judged)
    lines = [
        f"false alarms: {trials.any_headline} of {trials.trials} comparisons had any in a headline series "
        f"({_rate(trials.any_headline, trials.trials)}), {trials.any_metric} in any series; "
        f"of {judged} verdicts above {_rate(total(lambda one: one.alarms), judged)} were alarms, "
        f"{_rate(total(lambda one: one.inconclusive), judged)} inconclusive",
        "within: IQR/median in a session; between: s.d. of sessions' medians without their sampling error;",
        f"last columns: per cent worse that so many of 100 comparisons find, with {sizes} samples a side.",
    ]
    if any(one.emulated for one in shown):
        lines.append("* emulated (TCG): not a guide to KVM")
    return lines


def _latencies(profile: Profile) -> Table:
    table = _table("guest channel", "pings", "median", "p95", left=1)
    for name, one in profile.latency.items():
        if one.median is not None and one.p95 is not None:
            row = (short(name, 20), str(one.pings), human(one.median, "s"), human(one.p95, "s"))
            table.add_row(*map(Text, row))
    return table


def _unreached(profile: Profile) -> list[str]:
    return [
        f"guest channel of {name}: not applicable: {one.reason}"
        for name, one in profile.latency.items()
        if one.median is None
    ]


def _overhead(profile: Profile) -> str:
    own = profile.overhead
    cores = _NONE if own.cores is None or own.worst_cores is None else f"{own.cores:.3f} (worst {own.worst_cores:.3f})"
    return (
        f"harness: {cores} CPU seconds a second of sample; of a session's time {_share(own.around)} around samples, "
        f"{_share(own.between)} between them"
    )
