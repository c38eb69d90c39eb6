"""To ask a remote: each kind of storage fails in its own way, and some never answer."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from tabrail.errors import InputError

Answer = TypeVar("Answer")

SECONDS = 30  # how long a remote may take for its first answer
UNREACHABLE = "the DVC remote cannot be reached"


def cause(error: BaseException) -> str:
    """Return what an error comes from, in one line: what DVC wraps it in does not say it."""
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        found.append(following)
    # Which package lacks the module, the error around it says.
    known = [one for one in reversed(found) if not isinstance(one, ModuleNotFoundError)]
    texts = [" ".join(str(one).split()) for one in known]
    return next((text for text in texts if text), type(error).__name__)


def asked(ask: Callable[[], Answer]) -> Answer:
    """Ask a remote something.

    Raises:
        InputError: it does not answer; the message has the cause.
    """
    try:
        return ask()
    except Exception as error:  # each kind of storage has its own
        raise InputError(f"{UNREACHABLE}: {cause(error)}") from error


def answers(ask: Callable[[], Any]) -> None:
    """Ask the remote something small: some kinds of storage are waited for without end.

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
