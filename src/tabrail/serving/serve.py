"""Start the REST API: one process, or several that share a port, a log and their metrics."""

import gc
import json
import logging
import math
import os
import signal
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI

from tabrail.errors import InputError, one_message
from tabrail.log.database import VARIABLE
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import load_release
from tabrail.serving import connections, supervisor
from tabrail.serving.app import create
from tabrail.serving.hosts import is_any, is_local
from tabrail.serving.metrics import FOLDER
from tabrail.serving.service import Setup
from tabrail.serving.workers import end_with_parent, fingerprint, require_same

KEY = "API_KEY"  # environment variable
REPLICAS = "SERVE_REPLICAS"  # environment variable: the most servers that share the log
WORKER = "SERVE_WORKER"  # environment variable: the arguments of the workers' parent
BACKLOG = 2048
START_S = 60  # a worker's longest silence: on a busy machine, the start takes long

logger = logging.getLogger(__name__)


class Given(NamedTuple):
    """The settings that a worker gets from the process that starts it.

    Attributes:
        challenger: the folder of the challenger.
        share: the challenger's share of the groups.
        hosts: the names of the server.
        untrusted: whether to load model files that were never recorded.
        workers: the planned number of workers.
        models: the fingerprint of the server's models at the start.
    """

    challenger: str | None
    share: float
    hosts: list[str] | None
    untrusted: bool
    workers: int
    models: str


def serve(
    host: str,
    port: int,
    workers: int = 1,
    challenger: Path | None = None,
    share: float = 0.0,
    *,
    untrusted: bool = False,
    no_key: bool = False,
) -> None:
    """Serve until a signal stops the server, then finish the requests that have begun.

    Args:
        host: the address to listen on.
        port: the port; 0 for any free one.
        workers: the number of processes.
        challenger: a clone of this project with another model, which scores the same rows.
        share: the share of the groups for which the challenger answers.
        untrusted: whether to load model files that were never recorded.
        no_key: whether to answer other machines without a key.

    Raises:
        InputError: the port is in use, other machines could ask without a key, or a model or the
            log cannot be used or shared.
    """
    if share and not challenger:
        raise InputError("--share needs a second model; name it with: --challenger FOLDER")
    listening = _listen(host, port)
    hosts = served_hosts(host, listening.getsockname()[0], no_key=no_key)
    log = PredictionLog()
    require_shared(log, os.environ.get(REPLICAS, "1"))
    setup = prepare(challenger, share, log, hosts, untrusted=untrusted)
    app: FastAPI | str = create(setup)
    print(_greeting(setup, listening), flush=True)
    seconds = setup.champion.params.serve.timeout_seconds
    with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
        if workers > 1:
            os.environ[FOLDER] = folder
            given = Given(
                str(challenger) if challenger else None,
                *(share, hosts, untrusted, workers, fingerprint(_folders(challenger))),
            )
            os.environ[WORKER] = json.dumps(given)
            app = f"{__name__}:worker"
            if setup.challenger and setup.challenger.worker:
                setup.challenger.worker.stop()  # it was checked; each worker starts one
        config = uvicorn.Config(
            app,
            factory=workers > 1,
            workers=workers,
            timeout_worker_healthcheck=START_S,
            backlog=BACKLOG,
            timeout_graceful_shutdown=math.ceil(2 * seconds) + 1,  # for a body, then its answer
            access_log=False,
            log_level="warning",
            server_header=False,
            **connections.settings(setup.champion.params.serve),
        )
        # A server that stops because of a signal has not failed: exit code 0.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        if workers > 1:
            supervisor.run(config, listening)
        else:
            uvicorn.Server(config).run(sockets=[listening])


def worker() -> FastAPI:
    """Return the application of one of several processes; end the process if this fails."""
    end_with_parent()
    given = Given(*json.loads(os.environ[WORKER]))
    log = PredictionLog(create=False)  # its tables exist, but it may not answer now
    folder = Path(given.challenger) if given.challenger else None
    with one_message():  # the supervisor tries again
        setup = prepare(folder, given.share, log, given.hosts, untrusted=given.untrusted)
        require_same(given.models, fingerprint(_folders(folder)))
    return create(replace(setup, workers=given.workers))


def _folders(challenger: Path | None) -> list[Path]:
    return [Path(), *([challenger] if challenger else [])]


def prepare(
    challenger: Path | None,
    share: float,
    log: PredictionLog,
    hosts: list[str] | None,
    *,
    untrusted: bool = False,
) -> Setup:
    """Load what a server needs.

    Raises:
        InputError: a model cannot be loaded, or its predictions differ from its evaluation.
    """
    first = load_release(untrusted=untrusted, compiled=True)
    second = load_release(challenger, untrusted=untrusted, compiled=True) if challenger else None
    for one in (first, second):
        if one and one.uncompiled:
            logger.warning("%s is slower for few rows: %s", one.version, one.uncompiled)
    setup = Setup(first, second, share, log, api_key(), hosts)
    gc.collect()
    gc.freeze()  # models and modules are never garbage; scanning them would delay requests
    return setup


def api_key() -> str:
    """Return the key in the environment; blank if there is none, or only spaces."""
    return os.environ.get(KEY, "").strip()


def served_hosts(host: str, address: str, *, no_key: bool) -> list[str] | None:
    """Return the names that a server without a key answers to; None for any name.

    Args:
        host: the name or address that was given.
        address: where the server listens.
        no_key: whether to answer other machines without a key.

    Raises:
        InputError: other machines could ask without a key, but --no-key is missing; or both a key
            and --no-key are given.
    """
    if no_key and api_key():
        raise InputError(f"--no-key and a key in {KEY} exclude each other; leave out one of them")
    if not api_key() and not no_key and not is_local(address):
        raise InputError(
            f"with --host {host}, other machines can read the prediction log and write to it, "
            f"since {KEY} in the environment is blank; set it to a key, such as the output of "
            "`openssl rand -hex 32`, or answer everybody: --no-key"
        )
    return None if is_any(address) else [host.lower(), address]


def require_shared(log: PredictionLog, replicas: str) -> None:
    """Check that one of several servers on different machines writes to the shared log.

    Raises:
        InputError: the log is a file, or the number is invalid.
    """
    if not (replicas.isascii() and replicas.isdigit() and int(replicas)):
        raise InputError(f"{REPLICAS} is {replicas!r}; expected a number such as 2")
    if int(replicas) > 1 and log.is_file:
        raise InputError(
            f"this server is one of up to {replicas} ({REPLICAS}), and the prediction log {log} is "
            f"a file, which the servers cannot share; set {VARIABLE} to a database such as "
            f"postgresql+psycopg://user@host/database, or run only one server: {REPLICAS}=1, on "
            "Kubernetes minReplicas: 1 and maxReplicas: 1"
        )


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        InputError: the port is in use, or the address does not belong to this machine.
    """
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.socket(family, kind, protocol)
        if os.name != "nt":  # on Windows, two servers could then share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port}: {getattr(error, 'strerror', '') or error}; "
            "choose another one with: --host, --port"
        ) from None
    listening.set_inheritable(True)
    return listening


def _greeting(setup: Setup, listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    shown = f"[{host}]" if ":" in host else host
    lines = [
        f"model  {setup.champion.version}",
        f"at     http://{shown}:{port}  (for programs: /docs)",
        f"log    {setup.log}",
    ]
    if setup.challenger:
        version = setup.challenger.version
        lines.insert(1, f"challenger {version}, answers for {setup.share:.0%} of the groups")
    return "\n".join(lines)
