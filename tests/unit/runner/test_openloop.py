"""The open-loop load generator against a real server on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from isobench.loadgen import openloop


def serve(listener: socket.socket, stall_at: int) -> None:
    connection, _ = listener.accept()
    with connection:
        answered = 0
        while data := connection.recv(4096):
            for _ in range(data.count(b"\n")):
                answered += 1
                if answered == stall_at:
                    time.sleep(0.2)
                connection.sendall(b"+PONG\r\n")


def run(stall_at: int, capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, stall_at), daemon=True).start()
        words = [
            "--address=127.0.0.1", f"--port={listener.getsockname()[1]}", "--rate=400", "--seconds=1",
            "--connections=1", "--request=PING\n", "--reply-bytes=7",
        ]  # fmt: skip
        assert openloop.main(words) == 0
    report: dict[str, float] = json.loads(capsys.readouterr().out)
    return report


def test_every_offered_request_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    report = run(0, capsys)
    assert report["requests"] == 400
    assert 0 < report["latency_p50"] < 0.05


def test_a_stall_is_charged_to_the_requests_that_were_due_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    # 0.2 s at 400 requests a second delay 80 of 400: far more than the one that a closed loop would see.
    assert run(50, capsys)["latency_p99"] > 0.1


def test_nobody_listening_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--address=127.0.0.1", "--port=9", "--rate=1", "--seconds=1", "--request=x", "--reply-bytes=1"]
    assert openloop.main(words) == 1
    assert capsys.readouterr().err.count("\n") == 1
