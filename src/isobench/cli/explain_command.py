"""``isobench explain``: what a metric, a workload, a target or a study means."""

from __future__ import annotations

import click

from isobench.errors import UsageError
from isobench.host.paths import Paths

_WHERE = {
    "instance": "inside", "host": "from the host, with the image's own client", "loadgen": "from the host, by isobench",
}  # fmt: skip


@click.command("explain")
@click.argument("name", metavar="METRIC|WORKLOAD|TARGET|STUDY")
def command(name: str) -> int:
    """Say what METRIC, WORKLOAD, TARGET or STUDY means."""
    from isobench.metrics import METRICS
    from isobench.names import nearest
    from isobench.report.format import counted, human
    from isobench.studies import studies
    from isobench.targets import catalog
    from isobench.workloads.loader import described

    paths = Paths.default()
    targets = catalog.load_all(paths.targets)
    workloads = {workload.name: workload for workload in described(paths.workloads)}
    if metric := METRICS.get(name):
        click.echo(f"{metric.name}: {metric.definition}")
        click.echo(f"  unit {metric.unit}, {metric.direction} is better, seen from the {metric.scope}, {metric.family}")
        floor = human(metric.floor, metric.unit, counted(metric.name))
        click.echo(f"  smallest relevant effect {metric.relevant_effect:.0%}, floor {floor}")
        click.echo(f"  definition version {metric.version}; source: {metric.source}")
    elif target := targets.get(name):
        click.echo(f"{target.name}: {target.title}. {target.description}")
        click.echo(f"  isolates: {target.isolates}")
        for key, value in target.options.items():
            click.echo(f"  {key} = {value}")
    elif workload := workloads.get(name):
        click.echo(f"{name}: {workload.title}. {workload.description}")
        for job in workload.jobs:
            click.echo(f"  {job.name}: {', '.join(source.name for source in job.metrics)}; {_WHERE[job.on]}")
        click.echo(f"  {'in every session' if workload.default else 'with run --full, or by name'}; docs/workloads.md")
    elif study := studies().get(name):
        click.echo(f"{name}: {study.summary}")
        click.echo(f"  with {', '.join(study.workloads)}, {study.samples} samples; isobench run --study {name}")
        click.echo(f"  {'part of run --full' if study.in_full else 'on request only'}; docs/studies.md")
    else:
        raise UsageError(
            f"no metric, workload, target or study is called {name!r}",
            mend=nearest(name, {*METRICS, *workloads, *targets, *studies()}),
        )
    return 0
