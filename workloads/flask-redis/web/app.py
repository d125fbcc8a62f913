"""A page that counts its visits in Redis, served by Waitress."""

import os

import redis
from flask import Flask
from waitress import create_server

app = Flask(__name__)
counter = redis.Redis(host=os.environ["REDIS_HOST"])


@app.get("/")
def visits() -> str:
    """Count this visit, and say which it was."""
    # Of one length, whatever the count: the client at a fixed rate knows a reply by its size.
    return f"seen {counter.incr('visits'):012d} times\n"


if __name__ == "__main__":
    server = create_server(app, host="0.0.0.0", port=8000, threads=4, ident=None)  # noqa: S104 - inside
    print("serving", flush=True)
    server.run()
