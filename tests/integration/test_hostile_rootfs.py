"""A hostile root file system: unpacked, listed and packed, it reaches nothing outside its folder, and is bounded."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isobench.errors import HarnessError, IsobenchError, UsageError
from isobench.images import disk, manifest, unpack
from isobench.images.rootfs import ensure_rootfs
from isobench.images.types import Image
from isobench.images.unpack import Bounds

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="owners and devices need root"), pytest.mark.beside]

MIB = 1 << 20
NOBODY = 65_534
SECRET = b"not the image's business"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder on a disk, with ``tree`` to unpack into and ``outside``, which must stay as it is."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir="/var/tmp"))
    folder.chmod(0o755)
    (folder / "tree").mkdir()
    (folder / "outside").mkdir()
    (folder / "outside" / "secret").write_bytes(SECRET)
    yield folder
    left = sorted(path.name for path in (folder / "outside").iterdir())
    assert left == ["secret"], "something was written outside"
    secret = folder / "outside" / "secret"
    assert secret.read_bytes() == SECRET
    assert (secret.stat().st_nlink, stat.S_IMODE(secret.stat().st_mode)) == (1, 0o644)
    subprocess.run(["rm", "-rf", folder], check=True)


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def tar(*members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> Iterator[bytes]:
    """Yield a tar in chunks, as an engine's export comes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for each in members:
            one, data = each if isinstance(each, tuple) else (each, b"")
            one.size = one.size or len(data)
            archive.addfile(one, io.BytesIO(data) if data else None)
    buffer.seek(0)
    yield from iter(lambda: buffer.read(3000), b"")


def unpacked(place: Path, stream: Iterable[bytes], bounds: Bounds = unpack.BOUNDS) -> Path:
    unpack.unpack(stream, place / "tree", "the image", bounds)
    return place / "tree"


def refusal(place: Path, stream: Iterable[bytes], bounds: Bounds = unpack.BOUNDS) -> IsobenchError:
    with pytest.raises(IsobenchError) as caught:
        unpacked(place, stream, bounds)
    assert caught.value.line().isprintable()
    assert len(caught.value.line()) < 1500
    return caught.value


PWNED = b"written by the image"


@pytest.mark.parametrize(
    "escape",
    [
        ["../outside/new"],
        ["a/../../outside/new"],
        ["out -> {outside}", "out/new"],
        ["out -> ../outside", "out/new"],
        ["a/", "a -> {outside}", "a/new"],
        ["b -> ../outside", "a -> b", "a/new"],
        ["up -> ..", "up/outside/new"],
        ["out -> {outside}", "out/secret"],
        ["secret => {outside}/secret", "secret"],
        ["secret => ../outside/secret", "secret"],
        ["out -> {outside}", "secret => out/secret", "secret"],
        ["f -> {outside}/new", "f"],
    ],
    ids=" ".join,
)
def test_nothing_gets_out_and_nothing_gets_in(place: Path, escape: list[str]) -> None:
    members: list[Any] = []
    for words in (step.format(outside=place / "outside") for step in escape):
        if " -> " in words:
            name, _, target = words.partition(" -> ")
            members.append(member(name, tarfile.SYMTYPE, linkname=target))
        elif " => " in words:
            name, _, target = words.partition(" => ")
            members.append(member(name, tarfile.LNKTYPE, linkname=target))
        elif words.endswith("/"):
            members.append(member(words, tarfile.DIRTYPE))
        else:
            members.append((member(words), PWNED))
    try:
        unpacked(place, tar(*members))
    except HarnessError as error:
        assert "tar could not extract it" in error.line()  # it refuses the member, and the image with it
    for path in manifest.paths(place / "tree"):
        found = place / "tree" / path
        assert found.is_symlink() or not found.is_file() or found.read_bytes() != SECRET
    # What the fixture looks at afterwards: nothing outside is new, changed, or has one more link.


def test_an_absolute_name_is_made_relative(place: Path) -> None:
    tree = unpacked(place, tar((member(f"{place}/outside/new"), PWNED)))
    assert (tree / str(place)[1:] / "outside" / "new").read_bytes() == PWNED


def test_links_that_lead_out_are_kept_as_they_are_and_never_followed(place: Path) -> None:
    outside = str(place / "outside")
    tree = unpacked(
        place,
        tar(
            member("etc", tarfile.DIRTYPE),
            member("etc/abs", tarfile.SYMTYPE, linkname=f"{outside}/secret"),
            member("folder", tarfile.SYMTYPE, linkname=outside),
            member("up", tarfile.SYMTYPE, linkname="../outside"),
        ),
    )
    lines = list(manifest.manifest(tree))
    assert [line.split()[1] for line in lines] == ["dir", "link", "link", "link"]
    assert not any("secret' file" in line for line in lines)
    assert manifest.sizes(tree)[0] == 0
    packed = _packed(place, tree, 16 * MIB)
    assert f'"{outside}"' in _debugfs(packed, "stat folder") and "symlink" in _debugfs(packed, "stat folder")
    assert "secret" not in _debugfs(packed, "ls -l /")


def test_modes_devices_owners_and_attributes_are_the_images_own(place: Path) -> None:
    capability = bytes.fromhex("0100000202000000000000000000000000000000").decode("latin-1")
    tree = unpacked(
        place,
        tar(
            (member("su", mode=0o6755, uid=0), b"#!"),
            (member("mine", mode=0o2640, uid=1234, gid=4321), b"x"),
            (member("ping", pax_headers={"SCHILY.xattr.security.capability": capability}), b"x"),
            member("sda", tarfile.BLKTYPE, devmajor=8, devminor=0, mode=0o666),
            member("null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
            member("pipe", tarfile.FIFOTYPE, mode=0o600),
            member("tmp", tarfile.DIRTYPE, mode=0o1777),
            member("twin", tarfile.LNKTYPE, linkname="su"),
        ),
    )
    lines = {line.split()[0].strip("'"): line for line in manifest.manifest(tree)}
    assert "file 6755 0:0" in lines["su"]
    assert "file 2640 1234:4321" in lines["mine"]
    assert "security.capability=0100000202" in lines["ping"]
    assert "block 0666 0:0 '8:0'" in lines["sda"]
    assert "char 0666 0:0 '1:3'" in lines["null"]
    assert "fifo 0600" in lines["pipe"]
    assert "dir 1777" in lines["tmp"]
    assert (tree / "twin").stat().st_ino == (tree / "su").stat().st_ino
    packed = _packed(place, tree, 16 * MIB)
    assert "Mode:  06755" in _debugfs(packed, "stat su")
    assert "Device major/minor number: 08:00" in _debugfs(packed, "stat sda")
    assert "Links: 2" in _debugfs(packed, "stat twin")
    assert "security.capability" in _debugfs(packed, "ea_list ping")


def test_names_that_are_no_text(place: Path) -> None:
    names = ["new\nline", "'quote", "tab\t", b"\xff\xfe".decode("utf-8", "surrogateescape"), "-rf", "\x1b[2J", "c:x"]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in names:
            archive.addfile(member(name))
    tree = unpacked(place, [buffer.getvalue()])
    assert sorted(path.name for path in tree.iterdir()) == sorted(names)
    lines = list(manifest.manifest(tree))
    assert len(lines) == len(names)
    assert all(line.isprintable() for line in lines)
    assert manifest.digest(iter(lines)).startswith("sha256:")
    told = _debugfs(_packed(place, tree, 16 * MIB), "ls -p /")
    assert told.count("/100644/0/0/") == len(names)


def test_an_attributes_name_cannot_pass_for_two(place: Path) -> None:
    def line(**attributes: bytes) -> str:
        file = place / "tree" / "f"
        file.unlink(missing_ok=True)
        file.touch()
        for name, value in attributes.items():
            os.setxattr(file, name, value)
        [found] = manifest.manifest(place / "tree")
        return found

    two = line(**{"user.a": b"\0", "user.b": b"\1"})
    one = line(**{"user.a=00,user.b": b"\1"})
    assert two != one
    assert line(**{"user.a\n'g' file": b""}).isprintable()


def test_a_sparse_bomb_is_refused_before_it_is_written(place: Path) -> None:
    bomb = place / "bomb"
    with bomb.open("wb") as file:
        file.truncate(1 << 40)
    made = subprocess.run(
        ["tar", "--create", "--sparse", "--directory", place, "bomb"], capture_output=True, check=True, timeout=60
    )
    bomb.unlink()
    assert len(made.stdout) < MIB
    error = refusal(place, [made.stdout])
    assert isinstance(error, UsageError)
    assert "the image: holds files of more than" in error.line() and "at 'bomb'" in error.line()
    assert shutil.disk_usage(place).free > 1 << 20


def test_a_plain_bomb_is_refused_at_its_header(place: Path) -> None:
    header = member("bomb", size=1 << 40).tobuf(tarfile.GNU_FORMAT)
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield header
        while True:
            taken += 1
            yield bytes(MIB)

    error = refusal(place, endless())
    assert "at 'bomb'" in error.line()
    assert taken < 4
    assert manifest.sizes(place / "tree")[1] < 8 * MIB


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (Bounds(file_bytes=1000), "files of more than 1000 bytes, at 'd/2'"),
        (Bounds(paths=3), "more than 3 paths, at 'd/2'"),
        (Bounds(depth=0), "folders more than 0 deep, at 'd/0'"),
    ],
)
def test_each_bound_is_told_in_one_line(place: Path, bounds: Bounds, said: str) -> None:
    files = [(member(f"d/{number}"), b"x" * 400) for number in range(5)]
    error = refusal(place, tar(member("d", tarfile.DIRTYPE), *files), bounds)
    assert (error.exit_code, said in error.line()) == (2, True), error.line()


def test_folders_without_end_are_refused(place: Path) -> None:
    deep = [member("/".join("d" * count), tarfile.DIRTYPE) for count in range(1, 1500)]
    assert "folders more than 256 deep" in refusal(place, tar(*deep)).line()


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ([], "is no whole tar: empty file"),
        ([b"rubbish" * 1000], "is no whole tar"),
        ([*tar((member("f"), b"x" * 4000))][:1], "is no whole tar: unexpected end of data"),
        ([member("f").tobuf(), bytes(512), member("hidden").tobuf(), bytes(1024)], "bytes behind its end"),
    ],
    ids=["nothing", "rubbish", "cut off", "hidden behind a zero block"],
)
def test_a_damaged_export_is_one_line(place: Path, stream: list[bytes], said: str) -> None:
    error = refusal(place, stream)
    assert (error.exit_code, said in error.line()) == (5, True), error.line()


def test_a_word_on_every_member_does_not_stop_the_pipe(place: Path) -> None:
    tomorrow = int(time.time()) + 86_400
    files = [(member(f"{'n' * 90}{number}", mtime=tomorrow), b"x") for number in range(2000)]
    tree = unpacked(place, tar(*files))
    assert sum(1 for _ in manifest.paths(tree)) == 2000


def test_very_many_files_fit_the_disk_or_are_refused(place: Path) -> None:
    count = 20_000
    tree = unpacked(place, tar(*(member(f"{number // 1000}/{number}") for number in range(count))))
    assert sum(1 for _ in manifest.paths(tree)) == count + count // 1000
    lines = _debugfs(_packed(place, tree, 64 * MIB), "ls -p /7")
    assert lines.count("/100644/") == 1000
    with pytest.raises(HarnessError, match=r"mke2fs failed.*give the workload a larger disk"):
        disk.format_ext4(place / "small.raw", 4 * MIB, tree)


def test_a_tree_larger_than_its_disk_is_refused(place: Path) -> None:
    (place / "tree" / "big").write_bytes(os.urandom(20 * MIB))
    with pytest.raises(HarnessError, match="give the workload a larger disk") as caught:
        disk.format_ext4(place / "small.raw", 8 * MIB, place / "tree")
    assert caught.value.line().isprintable()


def test_a_guests_deepest_folders_are_counted(place: Path) -> None:
    at = os.open(place / "tree", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    assert sum(1 for _ in manifest.paths(place / "tree")) == 1500
    assert manifest.sizes(place / "tree")[1] >= 1500 * 4096


class _Engine:
    """Of Docker's API, what an export takes: the tar given."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self.stream = stream
        self.removed: list[str] = []

    def create_container(self, *_: Any, **__: Any) -> dict[str, str]:
        return {"Id": "c"}

    def export(self, _container: str) -> Iterable[bytes]:
        return self.stream

    def inspect_container(self, _container: str) -> dict[str, Any]:
        return {"GraphDriver": None}

    def remove_container(self, container: str, **_: Any) -> None:
        self.removed.append(container)


IMAGE = Image("sha256:" + "ab" * 32, "hostile:latest", (), "/", "", 0)


def test_no_other_user_can_run_what_is_set_user_id_in_the_cache(place: Path) -> None:
    tool = (member("su", mode=0o4755), Path("/bin/true").read_bytes())
    rootfs = ensure_rootfs(_Engine(tar(tool, member("sda", tarfile.BLKTYPE, mode=0o666, devmajor=8))), IMAGE, place)
    assert (rootfs.tree / "su").stat().st_mode & stat.S_ISUID
    for words in (["test", "-e", str(rootfs.tree / "su")], ["ls", str(rootfs.folder)]):
        done = subprocess.run(words, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False)
        assert done.returncode != 0
    assert disk.ensure_disk(rootfs, 8 * MIB, place).is_file()


def test_a_refused_image_leaves_nothing(place: Path) -> None:
    engine = _Engine(tar((member("ok"), b"x"), member("../outside/new")))
    with pytest.raises(HarnessError, match=r"hostile:latest: tar could not extract it: .*contains '\.\.'"):
        ensure_rootfs(engine, IMAGE, place)
    assert engine.removed == ["c"]
    assert list((place / "rootfs").iterdir()) == []


def _packed(place: Path, tree: Path, size: int) -> Path:
    path = place / "disk.raw"
    disk.format_ext4(path, size, tree)
    checked = subprocess.run(["e2fsck", "-fn", path], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout
    return path


def _debugfs(image: Path, request: str) -> str:
    done = subprocess.run(["debugfs", "-R", request, image], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")
