"""A private Podman: a service of its own with its own store, network and runtime, ended and tidied at the end."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from isobench.engines.bridge import Network
from isobench.errors import HarnessError
from isobench.host.paths import Paths
from isobench.host.process import command_lines, last_lines, run
from isobench.images.types import DockerApi

NETWORK = "isobench"
_START, _STOP = 30.0, 10.0
_PATIENT = 1800
_ENOUGH = 32768
"""Files and processes at most: no workload comes near, and more is refused on some hosts below their own limit."""
_CNI = Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni")


@dataclass(frozen=True, slots=True)
class PodmanEngine:
    """A running service and the network on which its containers meet the host."""

    api: DockerApi
    network: Network
    network_name: str
    url: str

    def ensure_answers(self) -> bool:
        """Return True; raises HarnessError where the service does not answer."""
        if not _answers(self.url):
            raise HarnessError("the private Podman does not answer any more", where=self.url)
        return True

    def load(self, source: DockerApi, image: str) -> None:
        """Load an image from a Docker engine; it keeps its id, which is the digest of its configuration."""
        import docker

        with suppress(docker.errors.ImageNotFound):
            self.api.inspect_image(image)
            return
        patient = docker.APIClient(base_url=self.url, version="auto", timeout=_PATIENT)
        try:
            said = [str(line) for line in patient.load_image(source.get_image(image))]
            self.api.inspect_image(image)
        except docker.errors.ImageNotFound:
            raise HarnessError(f"Podman did not keep the image's digest: {' '.join(said)[-200:]}") from None
        finally:
            patient.close()

    def versions(self) -> dict[str, str]:
        """Return Podman's version, and how it stores."""
        return {"podman": self.api.version()["Version"], "podman_storage": self.api.info()["Driver"]}


def unavailable() -> str | None:
    """Return why no Podman can be started here, or None."""
    if os.geteuid() != 0:
        return "starting a private Podman needs root: run with sudo"
    for program in ("podman", "runc", "conmon"):
        if shutil.which(program) is None and not Path(f"/usr/libexec/podman/{program}").exists():
            return f"{program} is not installed: on Debian, apt-get install --no-install-recommends podman runc conmon"
    if not any((folder / "bridge").exists() for folder in _CNI):
        return "the CNI plug-ins are not installed: apt-get install containernetworking-plugins"
    return None


@contextmanager
def podman_engine(paths: Paths, network: Network) -> Iterator[PodmanEngine]:
    """Give the engine; its service, containers and mounts are gone afterwards, its images stay in the cache."""
    import docker

    folder, data = paths.run / "podman", paths.cache / "podman"
    clean(paths)
    (folder / "net").mkdir(parents=True)
    data.mkdir(exist_ok=True)
    socket, log = folder / "podman.sock", paths.cache / "podman.log"
    configure(folder, network)
    words = [
        "podman", *_places(folder, data), "system", "service", "--time", "0", f"unix://{socket}",
    ]  # fmt: skip
    environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
    with log.open("wb") as said:
        service = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True, env=environment
        )
    try:
        _await(service, f"unix://{socket}", log)
        api = docker.APIClient(base_url=f"unix://{socket}", version="auto", timeout=30)
        try:
            yield PodmanEngine(api, network, NETWORK, f"unix://{socket}")
        finally:
            api.close()
    finally:
        service.terminate()
        try:
            service.wait(_STOP)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()
        clean(paths)


def configure(folder: Path, network: Network) -> None:
    """Write Podman's configuration: limits no higher than our own, and the network on the bridge that is there.

    Podman makes no network itself on a bridge that has an address already, so it is given one made.
    """
    # Without a word, Podman asks for the kernel's most, which a host that is itself confined cannot give.
    ulimits = [f"{name}={most}:{most}" for name, most in (("nofile", _most(resource.RLIMIT_NOFILE)),
                                                           ("nproc", _most(resource.RLIMIT_NPROC)))]  # fmt: skip
    (folder / "containers.conf").write_text(
        f'[containers]\ndefault_ulimits = {json.dumps(ulimits)}\n[network]\nnetwork_backend = "cni"\n'
    )
    ranges = [[{"subnet": str(network.subnet), "gateway": network.gateway}]]
    bridge = {
        "type": "bridge", "bridge": network.bridge, "isGateway": False, "ipMasq": False, "hairpinMode": True,
        "ipam": {"type": "host-local", "dataDir": str(folder / "leases"), "ranges": ranges,
                 "routes": [{"dst": "0.0.0.0/0"}]},
    }  # fmt: skip
    document = {"cniVersion": "0.4.0", "name": NETWORK, "plugins": [bridge]}
    (folder / "net" / f"{NETWORK}.conflist").write_text(json.dumps(document))


def _most(limit: int) -> int:
    hard = resource.getrlimit(limit)[1]
    return _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)


def clean(paths: Paths) -> list[str]:
    """End what is left of a private Podman and unmount its containers' layers; return a line for each thing."""
    folder, data = paths.run / "podman", paths.cache / "podman"
    removed = []
    for pid, words in command_lines():
        name = Path(words[0]).name
        ours = any(str(place) in word for word in words[1:] for place in (folder, data))
        if name in ("podman", "conmon", "runc") and ours:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                removed.append(f"process {pid} ({name})")
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((p for p in points if p.startswith((f"{folder}/", f"{data}/"))), reverse=True):
        run(["umount", "--lazy", point], check=False)
        removed.append(f"mount {point}")
    shutil.rmtree(folder, ignore_errors=True)
    return removed


def _places(folder: Path, data: Path) -> list[str]:
    return [
        "--root", str(data), "--runroot", str(folder / "run"), "--tmpdir", str(folder / "tmp"),
        "--network-config-dir", str(folder / "net"), "--runtime", str(shutil.which("runc")),
        "--cgroup-manager", "cgroupfs", "--events-backend", "none", "--storage-driver", "overlay",
    ]  # fmt: skip


def _await(service: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and service.poll() is None:
        if _answers(url):
            return
        time.sleep(0.02)
    raise HarnessError(f"the private Podman did not come up: {last_lines(log.read_bytes(), 3)}", where=str(log))


def _answers(url: str) -> bool:
    import docker

    # A connection to a socket that is not there yet would be left for the collector to close.
    if not Path(url.removeprefix("unix://")).exists():
        return False
    try:
        docker.APIClient(base_url=url, version="auto", timeout=5).close()
    except (docker.errors.DockerException, OSError):
        return False
    return True
