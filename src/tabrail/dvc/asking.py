"""Query a remote: each kind of storage fails in its own way, and some never answer."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from tabrail.errors import InputError

Answer = TypeVar("Answer")

SECONDS = 30  # how long a remote may take for its first answer
UNREACHABLE = "the DVC remote cannot be reached"


def cause(error: BaseException) -> str:
    """Return the cause of an error in one line; DVC's own error does not name it."""
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        found.append(following)
    # The outer error says which package lacks the module.
    known = [one for one in reversed(found) if not isinstance(one, ModuleNotFoundError)]
    texts = [" ".join(str(one).split()) for one in known]
    return next((text for text in texts if text), type(error).__name__)


def asked(ask: Callable[[], Answer]) -> Answer:
    """Query a remote.

    Raises:
        InputError: the remote does not answer; the message has the cause.
    """
    try:
        return ask()
    except Exception as error:  # each kind of storage has its own errors
        raise InputError(f"{UNREACHABLE}: {cause(error)}") from error


def answers(ask: Callable[[], Any]) -> None:
    """Check that the remote answers a small query: for some kinds of storage, DVC waits forever.

    Raises:
        InputError: there is no answer in `SECONDS`, or it is an error.
    """
    failed: list[Exception] = []

    def asking() -> None:
        try:
            ask()
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=asking, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if thread.is_alive():
        raise InputError(f"{UNREACHABLE}: no answer within {SECONDS} seconds")
    if failed:
        raise InputError(f"{UNREACHABLE}: {cause(failed[0])}") from failed[0]
