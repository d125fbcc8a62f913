"""``isobench images``: the cache."""

from __future__ import annotations

import shutil

import click

from isobench.host.paths import Paths, cache_folder


@click.group("images")
def command() -> None:
    """Build, list or prune what is in the cache."""


@command.command("build")
@click.option("-w", "--workload", "workloads", multiple=True, metavar="NAME", help="Only this workload (repeatable).")
def build(workloads: tuple[str, ...]) -> int:
    """Build images, root file systems, VM disks and the guest kernel; what is there is not built again."""
    from isobench.house import house
    from isobench.targets import catalog
    from isobench.workloads.loader import find

    paths = Paths.default()
    targets = catalog.find([], paths.targets)
    with house(paths, targets, lambda words: click.echo(f"· {words}", err=True)) as opened:
        for workload in find(workloads, paths.workloads, every=True):
            prepared = opened.prepare(workload, lambda words: click.echo(f"· {words}", err=True))
            click.echo(f"{workload.name}  {prepared.image.tag}  {prepared.rootfs.digest}")
    return 0


@command.command("list")
def list_() -> int:
    """List what the cache holds, with its size on disk."""
    from isobench.images.manifest import sizes

    cache = cache_folder()
    click.echo(f"{cache}")
    for part in ("base", "docker", "rootfs", "disks", "states", "full", "kernel", "guest", "libvirt"):
        folder = cache / part
        if folder.is_dir():
            click.echo(
                f"  {part:<8} {sizes(folder)[1] / (1 << 20):8.0f} MiB  {sum(1 for _ in folder.iterdir())} entries"
            )
    return 0


@command.command("prune")
@click.option(
    "--base",
    is_flag=True,
    help="Also the base image, the guest kernel and the full VM's layer: they are made anew, newer.",
)
def prune(base: bool) -> int:
    """Remove images and disks; the next run builds them again."""
    from isobench.clean import clean
    from isobench.host import lock

    paths = Paths.default()
    with lock.measuring(paths.run, wait=False, mend="try again when it has ended"):
        clean(paths)
        for part in ("rootfs", "disks", "states", "docker", "instances", *(("base", "kernel", "full") if base else ())):
            if (paths.cache / part).exists():
                shutil.rmtree(paths.cache / part)
                click.echo(f"removed {part}")
    return 0
