"""``isobench explain``: what a metric, a target or a study means."""

from __future__ import annotations

import click

from isobench.errors import UsageError
from isobench.host.paths import Paths


@click.command("explain")
@click.argument("name", metavar="METRIC|TARGET|STUDY")
def command(name: str) -> int:
    """Say what METRIC, TARGET or STUDY means."""
    from isobench.metrics import METRICS
    from isobench.names import nearest
    from isobench.studies import studies
    from isobench.targets import catalog

    targets = catalog.load_all(Paths.default().targets)
    if metric := METRICS.get(name):
        click.echo(f"{metric.name}: {metric.definition}")
        click.echo(f"  unit {metric.unit}, {metric.direction} is better, seen from the {metric.scope}, {metric.family}")
        click.echo(f"  smallest relevant effect {metric.relevant_effect:.0%}, floor {metric.floor:g} {metric.unit}")
        click.echo(f"  definition version {metric.version}; source: {metric.source}")
    elif target := targets.get(name):
        click.echo(f"{target.name}: {target.title}. {target.description}")
        click.echo(f"  isolates: {target.isolates}")
        for key, value in target.options.items():
            click.echo(f"  {key} = {value}")
    elif study := studies().get(name):
        click.echo(f"{name}: {study.summary}")
        click.echo(f"  with {', '.join(study.workloads)}, {study.samples} samples; isobench run --study {name}")
        click.echo(f"  {'part of run --full' if study.in_full else 'on request only'}; docs/studies.md")
    else:
        raise UsageError(
            f"no metric, target or study is called {name!r}", mend=nearest(name, {*METRICS, *targets, *studies()})
        )
    return 0
