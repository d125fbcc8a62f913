"""A target's own cost never makes a sample noisy; a stranger's does: a service, a container, a program beside."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.hosts.on_host import bystander_image, host_unchanged, main, measure, refuse_lost

TARGETS = ("native", "docker", "vm-micro")
_HOG = ("sh", "-c", "while :; do :; done")


@contextmanager
def service() -> Iterator[None]:
    subprocess.run(["systemd-run", "--quiet", "--unit=stranger", *_HOG], check=True)
    try:
        yield
    finally:
        subprocess.run(["systemctl", "stop", "stranger"], check=True)


@contextmanager
def container() -> Iterator[None]:
    with bystander_image() as image:
        words = ["docker", "run", "--detach", "--rm", "--name=stranger", "--cpus=1", image, "/busybox", *_HOG]
        subprocess.run(words, check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run(["docker", "kill", "stranger"], check=True, capture_output=True)


@contextmanager
def program_beside() -> Iterator[None]:
    with subprocess.Popen(_HOG) as hog:
        try:
            yield
        finally:
            hog.kill()


STRANGERS: tuple[Callable[[], AbstractContextManager[None]], ...] = (service, container, program_beside)


def case() -> None:
    named = [word for target in TARGETS for word in ("-t", target)]
    refuse_lost(measure("-w", "idle", *named, "--samples", "1"))
    for stranger in STRANGERS:
        with host_unchanged(), stranger():
            session = measure("-w", "idle", *named, "--samples", "1")
        for target in TARGETS:
            (sample,) = session.measured(target)
            assert "noisy" in sample["marks"], f"{stranger.__name__} beside {target}: {sample['noise']}"
            assert "others used" in sample["facts"]["noisy"], sample["facts"]["noisy"]


if __name__ == "__main__":
    main(case)
