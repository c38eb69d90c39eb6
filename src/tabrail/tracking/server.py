"""The MLflow server: a client with short timeouts, and one sentence for each error."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from textwrap import shorten
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from tabrail.errors import InputError

if TYPE_CHECKING:
    from mlflow import MlflowClient

VARIABLE = "MLFLOW_TRACKING_URI"
TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
# With MLflow's defaults, the client waits minutes for a missing server. Users can override these.
DEFAULTS = {
    TIMEOUT: "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
SECONDS_TO_STORE = "300"  # after the first answer: a server may pass a large model on
LOCAL = ("", "file")
# The client's messages with a status: at the first try, after retries, and for a file.
STATUS = r"error code (\d{3})|too many (\d{3}) error|^(\d{3}) (?:Client|Server) Error"


@dataclass(frozen=True)
class Server:
    """A server that has answered.

    Attributes:
        address: its address, without a password.
        client: MLflow's client.
    """

    address: str
    client: "MlflowClient"


@contextmanager
def connected() -> Iterator[Server]:
    """Connect to the server that the environment names.

    Raises:
        InputError: MLflow's client is not installed, no server is named, it does not answer, or it
            refuses a request, also one of those that are made with what is yielded.
    """
    before = dict(os.environ)
    address = _address()
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        try:
            import requests
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError:
            raise InputError(
                "MLflow's client is not installed in this environment; run: uv run --group mlflow "
                "tabrail track (uv run tabrail add mlflow adds the group)"
            ) from None
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        try:
            client = MlflowClient(address, address)
            client.search_experiments(max_results=1)
            if TIMEOUT not in before:
                os.environ[TIMEOUT] = SECONDS_TO_STORE
            yield Server(address, client)
        except (MlflowException, requests.RequestException, JSONDecodeError) as error:
            raise InputError(_sentence(str(error), address)) from None
        except ModuleNotFoundError as error:  # of the client, for some kinds of storage
            raise InputError(
                f"the server at {address} stores files where the package {error.name} is needed; "
                f"run: uv add --group mlflow {error.name}"
            ) from None
    finally:
        os.environ.clear()
        os.environ.update(before)


def require_storage(server: Server, location: str) -> None:
    """Check that the server itself stores files, or tells the client where.

    Raises:
        InputError: it names a folder, which would be one of this machine.
    """
    if not location:
        raise InputError(no_server(server.address, "it stores no files"))
    if urlsplit(location).scheme in LOCAL:
        raise InputError(
            f"the server at {server.address} stores files in {location}, a folder on its own "
            "machine; start it with --serve-artifacts, and choose another --model"
        )


def _address() -> str:
    """Return the server's address; its user and password go where the client looks for them."""
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        raise InputError(
            f"{VARIABLE} is not set; set it to the address of the MLflow server, such as "
            "https://mlflow.example.com"
        )
    try:
        parts = urlsplit(given)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # such as a port that is no number
        parts, known = urlsplit(""), False
    if not known:
        raise InputError(
            f"{VARIABLE} is not the address of a server (its scheme is {parts.scheme!r}); expected "
            "one such as https://mlflow.example.com"
        )
    if parts.username:
        os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
        os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(parts.password or "")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


def _sentence(message: str, address: str) -> str:
    """Return the error and what to do, for a message of the client."""
    status = re.search(STATUS, message)
    code = int(status.group(status.lastindex or 0)) if status else 0
    if code == 401 or "UNAUTHENTICATED" in message:
        return (
            f"the MLflow server at {address} refuses the credentials (401); set "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
    if code == 403 or "PERMISSION_DENIED" in message:
        return (
            f"the MLflow server at {address} does not allow this (403); ask for the right to "
            "write to the experiment and the registered model"
        )
    if code >= 500:
        return (
            f"the MLflow server at {address} fails (error {code}); check its log, and run the "
            "command again"
        )
    if re.search("failed with (timeout )?exception", message):
        return f"no server answers at {address} ({_why(message)}); check {VARIABLE}"
    if code or re.search("valid JSON|Expecting value|: Response: ", message):
        return no_server(address, f"error {code}" if code else "its answer is not MLflow's")
    return f"the MLflow server at {address} refuses it: {shorten(message, 200, placeholder=' …')}"


def no_server(address: str, what: str) -> str:
    """Return the sentence for an address where something else answers."""
    return f"the server at {address} is not an MLflow server ({what}); check {VARIABLE}"


def _why(message: str) -> str:
    """Return why there is no connection, from the end of urllib3's message."""
    known = re.findall(r"Connection refused|timed out|Name or service not known|SSL", message)
    return known[-1].lower() if known else "no connection"
