"""Compose files: what is run, in which order, and the one line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from isobench.compose import read_application
from isobench.compose.file import read_compose
from isobench.compose.together import overlaid
from isobench.errors import UsageError
from isobench.images.types import Image
from isobench.model import Health, Member, Need, Service
from isobench.workloads import load_one

ROOT = Path(__file__).parents[3]
TWO = """
services:
  web:
    build: web
    ports: ["8080:80"]
    depends_on: [db]
  db:
    image: example.org/db:1
"""
# Each line stands for ten times the one before.
BOMB = "a: &a [x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcde", "bcdef", strict=True)
)


def written(folder: Path, text: str) -> Path:
    (folder / "web").mkdir(exist_ok=True)
    (folder / "web" / "Dockerfile").write_text("FROM scratch\n")
    file = folder / "compose.yaml"
    file.write_text(text)
    return file


def service(folder: Path, more: str) -> Member:
    """Return the only member of a file with one service of which ``more`` says something."""
    (found,) = read_application(written(folder, f"services:\n  one:\n    image: a\n    {more}\n")).members
    return found


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read_application(written(folder, text))
    assert "\n" not in caught.value.line()
    return caught.value.line()


def test_members_come_in_the_order_in_which_they_need_each_other_the_front_last(tmp_path: Path) -> None:
    made = read_application(written(tmp_path, TWO), timeout=7)
    assert [member.name for member in made.members] == ["db", "web"]
    assert made.members[1].needs == (Need("db", "started"),)
    assert made.service == Service(80, b"", "")
    assert made.members[0].workload.timeout == made.timeout == 7
    assert made.resources.memory == sum(member.workload.resources.memory for member in made.members)


def test_the_front_is_named_or_the_only_one_with_ports_or_the_only_one_that_nobody_needs(tmp_path: Path) -> None:
    three = TWO + "  tool:\n    image: b\n"
    assert read_application(written(tmp_path, three)).members[-1].name == "web"
    assert read_application(written(tmp_path, three), front="tool").members[-1].name == "tool"
    without = TWO.replace('ports: ["8080:80"]', "tty: true")
    assert read_application(written(tmp_path, without)).members[-1].name == "web"
    assert read_application(written(tmp_path, without)).service is None
    assert "--front" in refused(tmp_path, three.replace('ports: ["8080:80"]', "tty: true"))
    for named, said in (("db", "needed by another"), ("wep", "did you mean 'web'")):
        with pytest.raises(UsageError, match=said):
            read_application(written(tmp_path, TWO), front=named)


def test_the_builtin_application_is_one_of_two_with_a_health_check() -> None:
    made = load_one(ROOT / "workloads" / "flask-redis")
    assert [member.name for member in made.members] == ["redis", "web"]
    assert made.members[1].needs == (Need("redis", "healthy"),)
    assert made.members[0].health == Health(("redis-cli", "ping"), 0.05, 5.0, 200, 0.0)
    assert made.members[1].environment == (("REDIS_HOST", "redis"),)
    assert made.resources.memory == 512 << 20


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ('command: run --loud "two words"', "command", ("run", "--loud", "two words")),
        ("command: [run, --loud]", "command", ("run", "--loud")),
        ('entrypoint: ""', "entrypoint", ()),
        ("environment: [A=1, B=x=y, MISSING_HERE]", "environment", (("A", "1"), ("B", "x=y"))),
        ("environment: {A: 1, B: true, C: ''}", "environment", (("A", "1"), ("B", "true"), ("C", ""))),
        ("user: 1000", "user", "1000"),
        ("working_dir: /srv", "cwd", "/srv"),
        ("labels: {a: b}", "needs", ()),
    ],
)
def test_what_a_service_says(tmp_path: Path, more: str, field: str, value: object) -> None:
    assert getattr(service(tmp_path, more), field) == value


@pytest.mark.parametrize(
    "text", ["mem_limit: 128m", "mem_limit: 134217728", "deploy: {resources: {limits: {memory: 128MB}}}"]
)
def test_a_memory_limit_is_the_members(tmp_path: Path, text: str) -> None:
    assert service(tmp_path, text).workload.resources.memory == 128 << 20


@pytest.mark.parametrize("text", ["data:/var/lib", "/var/lib", "{type: volume, source: data, target: /var/lib}"])
def test_a_volume_is_a_place_inside(tmp_path: Path, text: str) -> None:
    volume = service(tmp_path, f"volumes: [{text}]").workload.volume
    assert volume is not None
    assert volume.path == "/var/lib"


def test_a_health_check_in_all_its_forms(tmp_path: Path) -> None:
    shell = ("/bin/sh", "-c", "true")
    for test, command in (("'true'", shell), ("[CMD-SHELL, 'true']", shell), ("[CMD, /check, -q]", ("/check", "-q"))):
        health = service(tmp_path, f"healthcheck: {{test: {test}, interval: 1m30s, retries: 2}}").health
        assert health == Health(command, 90.0, 30.0, 2, 0.0)
    assert service(tmp_path, "healthcheck: {disable: true}").health is None
    assert service(tmp_path, "healthcheck: {test: [NONE]}").health is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}", "in a circle: "),
        ("services: {a: {image: x, depends_on: [a]}}", "in a circle: a → a"),
        ("services: {a: {image: x, depends_on: [c]}, b: {image: x}}", "no service is called 'c'"),
        ("services: {a: {build: nowhere}}", "there is no folder 'nowhere'"),
        ("services: {a: {build: {context: web, dockerfile: Other}}}", "holds no 'Other'"),
        ("services: {a: {build: {context: ., dockerfile: web/Dockerfile}}}", "holds no 'web/Dockerfile'"),
        ("services: {a: {command: run}}", "services.a: needs image or build"),
        ("services: {a: {image: x, privileged: true}}", "services.a.privileged: is not run by isobench"),
        ("services: {a: {image: x}}\nsecrets: {s: {file: x}}", "secrets: is not run by isobench"),
        ("services: {a: {image: x, volumes: ['./here:/there']}}", "only volumes are run"),
        ("services: {a: {image: x, volumes: ['a:/b', 'c:/d']}}", "at most 1 item"),
        ("services: {a: {image: x, volumes: ['d:/a']}, b: {image: x, volumes: ['d:/b']}}", "share the volume d"),
        ("services: {a: {image: x, volumes: [{type: bind, source: ., target: /a}]}}", "only volumes are run"),
        ("services: {a: {image: x, volumes: [{type: volume, target: a}]}}", "volumes.1.target"),
        ("services: {a: {image: x, ports: ['53:53/udp']}}", "is no single TCP port"),
        ("services: {a: {image: x, ports: ['8000-8010:80-90']}}", "is no single TCP port"),
        ("services: {a: {image: x, mem_limit: 6m}}", "which a guest needs to boot"),
        ("services: {a: {image: x, mem_limit: much}}", "is no size"),
        ("services: {a: {image: x}, b: {image: x, depends_on: {a: {condition: service_healthy}}}}", "no healthcheck"),
        ("services: {a: {image: x, healthcheck: {test: [true]}}}", "healthcheck"),
        ("services: {a: {image: x, healthcheck: {test: x, interval: soon}}}", "is no duration"),
        ("services: {a: {image: '-x y'}}", "is no image"),
        ("services: {'a b': {image: x}}", "services"),
        ("services: {}", "services"),
        ("services:\n  a: {image: x}\n  a: {image: y}", "duplicate key"),
        ("a: [", "is no YAML"),
        ("- a", "is no mapping"),
        ("", "is no mapping"),
        ("services: {a: {image: '${UNSET_HERE:?no tag}'}}", "needs the variable UNSET_HERE: no tag"),
        ("services: {a: {image: 'x$'}}", "write $$"),
        (BOMB, "more than 10000 values"),
        ("a: &a\n  b: *a", "more than 10000 values"),
    ],
)  # fmt: skip
def test_what_is_not_run_is_named_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_variables_are_filled_in_as_the_specification_says(tmp_path: Path) -> None:
    text = "a: ['$X', '${X}', '${X:-d}', '${E:-d}', '${E-d}', '${N-d}', '${N}', '$$X', '${X:+y}', '${E:+y}', '${E+y}']"
    found = read_compose(written(tmp_path, text), {"X": "v", "E": ""})
    assert found["a"] == ["v", "v", "v", "d", "", "d", "", "$X", "y", "", "y"]


def test_a_port_mapping_is_no_number_in_base_sixty(tmp_path: Path) -> None:
    assert read_compose(written(tmp_path, "a: 22:22"), {}) == {"a": "22:22"}


def test_an_entrypoint_takes_the_images_command_away_and_a_command_only_replaces_it(tmp_path: Path) -> None:
    image = Image("sha256:0", "x", (("A", "1"), ("B", "2")), "/", "", 0, ("run", "--all"), ("run",))
    cases = {
        "tty: true": ("run", "--all"),
        "command: [--one]": ("run", "--one"),
        "command: []": ("run",),
        "entrypoint: [other]": ("other",),
        "entrypoint: [other]\n    command: [--two]": ("other", "--two"),
    }
    for more, command in cases.items():
        assert overlaid(service(tmp_path, more), image).command == command
    laid = overlaid(service(tmp_path, "environment: {B: 3}\n    user: web\n    working_dir: /srv"), image)
    assert (dict(laid.env), laid.user, laid.cwd) == ({"A": "1", "B": "3"}, "web", "/srv")
