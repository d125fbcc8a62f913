"""The line to a resumed guest: one conversation, although two sockets carried it."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from isobench.errors import SampleError
from isobench.guest import commands
from isobench.guest.frames import Init, Pong, Running
from isobench.targets.saved_state import HeardChannel
from isobench.targets.vm_restore import ResumedChannel

# Saved in the middle of a frame, as a guest that prints without end may be.
BEFORE = b"init 1 6.1.0\nstart 1 42 7\nrunning 1\nout 1 1 3\nup\nout 1 1 6\ntic"
AFTER = b"tacpong resumed\n"


def call(path: Path) -> socket.socket:
    guest = socket.socket(socket.AF_UNIX)
    guest.settimeout(5)
    guest.connect(str(path))
    return guest


def test_all_that_a_guest_said_is_kept_until_it_hangs_up(tmp_path: Path) -> None:
    with HeardChannel(tmp_path / "channel") as channel, call(channel.path) as guest:
        guest.sendall(BEFORE[:20])
        guest.sendall(BEFORE[20:])
        assert channel.wait(Running, 5, run_id=1)[1] == Running(1)
        with pytest.raises(SampleError, match=r"did not hang up within 0\.05 s"):
            channel.whole(0.05)
        guest.close()
        assert channel.whole(5) == BEFORE


def test_the_conversation_goes_on_with_the_first_byte_after_the_resume(tmp_path: Path) -> None:
    with ResumedChannel(tmp_path / "channel", BEFORE, commands.ping("resumed")) as channel, call(channel.path) as guest:
        # Nothing counts as said before the guest speaks again.
        with pytest.raises(SampleError, match="init said nothing within"):
            channel.wait(Init, 0.05)
        channel.send(commands.run(1, ["/bin/never", "twice"]))
        assert guest.recv(100) == b"ping resumed\n"
        guest.sendall(AFTER)
        at = channel.wait(Pong, 5)[0]
        assert channel.wait(Init, 5) == (at, Init(1, "6.1.0"))
        assert channel.wait(Running, 5, run_id=1)[0] == at
        assert channel.wait_output(1, re.compile(b"^up$", re.MULTILINE), 5) == at
        assert channel.output(1).data() == b"up\ntictac"
        channel.send(commands.memory())
        assert guest.recv(100) == b"mem\n"
