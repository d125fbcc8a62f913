"""``isobench doctor``: what this host can run."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from isobench.host.paths import Paths


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """Say which targets this host can run, and why not; exits 3 when none can."""
    from isobench import doctor
    from isobench.targets import catalog

    paths = Paths.default()
    specs = catalog.find((), paths.targets)
    findings, advice = doctor.examine(paths, specs), doctor.advice()
    if as_json:
        click.echo(json.dumps({"findings": [asdict(f) for f in findings], "advice": advice}, indent=1))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            click.echo(f"{'yes' if finding.ok else 'no ':<4} {finding.name:<{width}}  {finding.words}")
        for words in advice:
            click.echo(f"note {words}")
    return 0 if any(finding.ok for finding in findings if finding.name != "kvm") else 3
