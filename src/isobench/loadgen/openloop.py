"""Open-loop load: requests are due at a fixed rate, whether or not earlier ones were answered.

Latency counts from the instant at which a request was due, so a stall is charged to every request that it delays
(Tene: coordinated omission). Prints one JSON object; run as ``python -m isobench.loadgen.openloop``.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import time
from collections import deque
from contextlib import ExitStack

LEAST_FOR_P99 = 300


def measure(
    connections: list[socket.socket], request: bytes, reply_bytes: int, rate: float, seconds: float
) -> list[float]:
    """Offer ``rate`` requests a second for ``seconds`` over the connections in turn; return latencies in seconds."""
    poller = select.poll()
    pending: dict[int, deque[float]] = {}
    partial: dict[int, int] = {}
    by_descriptor = {sock.fileno(): sock for sock in connections}
    for descriptor in by_descriptor:
        poller.register(descriptor, select.POLLIN)
        pending[descriptor], partial[descriptor] = deque(), 0
    latencies: list[float] = []
    total = int(rate * seconds)
    begin = time.monotonic() + 0.01
    sent = 0
    deadline = begin + seconds + 10.0
    while len(latencies) < total and time.monotonic() < deadline:
        now = time.monotonic()
        while sent < total and begin + sent / rate <= now:
            sock = connections[sent % len(connections)]
            pending[sock.fileno()].append(begin + sent / rate)
            sock.sendall(request)
            sent += 1
        due = begin + sent / rate if sent < total else deadline
        for descriptor, _ in poller.poll(max((due - time.monotonic()) * 1000, 0)):
            data = by_descriptor[descriptor].recv(65536)
            at = time.monotonic()
            if not data:
                raise ConnectionError("the service closed a connection")
            partial[descriptor] += len(data)
            while partial[descriptor] >= reply_bytes and pending[descriptor]:
                partial[descriptor] -= reply_bytes
                latencies.append(at - pending[descriptor].popleft())
    return latencies


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="openloop", description=__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--request", required=True)
    parser.add_argument("--reply-bytes", type=int, required=True)
    args = parser.parse_args(argv)
    try:
        with ExitStack() as stack:
            connections = [
                stack.enter_context(socket.create_connection((args.address, args.port), timeout=5))
                for _ in range(args.connections)
            ]
            for sock in connections:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            latencies = sorted(measure(connections, args.request.encode(), args.reply_bytes, args.rate, args.seconds))
    except OSError as error:
        sys.stderr.write(f"openloop: {args.address}:{args.port}: {error}\n")
        return 1
    offered = int(args.rate * args.seconds)
    if len(latencies) < offered:
        sys.stderr.write(f"openloop: {len(latencies)} of {offered} requests were answered\n")
        return 1
    report: dict[str, float] = {"requests": len(latencies), "latency_p50": latencies[len(latencies) // 2]}
    if len(latencies) >= LEAST_FOR_P99:
        report["latency_p99"] = latencies[int(len(latencies) * 0.99)]
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
