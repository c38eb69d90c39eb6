"""A server that runs in a thread of the test, or as the command in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tabrail.log.prediction_log import PredictionLog
from tabrail.model import reference
from tabrail.model.release import Release, load_release
from tabrail.serving import connections
from tabrail.serving.app import create
from tabrail.serving.service import Setup

COMMAND = """
from tabrail.cli.app import app
app()
"""
PATIENCE_S = 150  # a busy machine takes its time


@contextmanager
def served(
    key: str = "",
    challenger: Release | None = None,
    share: float = 0.0,
    loop: Any = "auto",
    hosts: Collection[str] | None = (),
    **changes: Any,
) -> Iterator[httpx.Client]:
    """Serve the project that one stands in from a thread.

    Args:
        key: the API key.
        challenger: a second model.
        share: what it answers.
        loop: uvicorn's name of the event loop.
        hosts: names of the server besides the local ones.
        changes: other values of `serve` in params.yaml.
    """
    champion = loaded(**changes)
    with PredictionLog() as log:
        app = create(Setup(champion, challenger, share, log, key, hosts))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            config = uvicorn.Config(
                app,
                loop=loop,
                log_level="warning",
                timeout_graceful_shutdown=2,
                **connections.settings(champion.params.serve),
            )
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                port = listening.getsockname()[1]
                wait_for(lambda: server.started)
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                    yield client
            finally:
                server.should_exit = True
                thread.join()


def loaded(folder: Path = Path(), **changes: Any) -> Release:
    """Return a project's model, with other values of `serve` in its params.yaml."""
    found = load_release(folder, compiled=True)
    serve = found.params.serve.model_copy(update=changes)
    return replace(found, params=found.params.model_copy(update={"serve": serve}))


@contextmanager
def command(*arguments: object, **extra: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command `serve`; yield its process and the address at which it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", "--port", "0", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=os.environ | extra,
        start_new_session=True,  # so that its workers end with it, however the test ends
    )
    try:
        address = ""
        assert process.stdout
        for line in process.stdout:
            if line.startswith("log "):
                break
            if line.startswith("at "):
                address = line.split()[1]
        assert address, "it did not start"
        wait_for(lambda: ready(address))
        yield process, address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ready(address: str) -> bool:
    """Return whether a server says that it is ready."""
    try:
        return httpx.get(f"{address}/ready").status_code == 200
    except httpx.HTTPError:
        return False


def wait_for(true: Any) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it never became true"
        time.sleep(0.02)


def typical() -> dict[str, Any]:
    """Return a row that conforms to the schema of the project that one stands in."""
    found = load_release()
    return reference.typical(found.schema, found.distributions)


def body(*rows: Any) -> bytes:
    """Return the body of a request for predictions."""
    return json.dumps({"rows": rows}).encode()


def logged() -> list[dict[str, Any]]:
    """Return what is in the log of the project that one stands in."""
    with PredictionLog() as log:
        found = log.predictions(datetime(2000, 1, 1), datetime(2100, 1, 1))
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def refusals() -> list[tuple[int, str, str, int, int]]:
    """Return the status, column, fault, rows and bad rows of each logged refusal."""
    with PredictionLog() as log:
        found = log.refusals(datetime(2000, 1, 1), datetime(2100, 1, 1))
    columns = ["status", "column", "fault", "rows", "bad"]
    return list(found[columns].itertuples(index=False, name=None))
