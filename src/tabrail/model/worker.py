"""Run a model with other code in a separate process.

Two versions of the project's package have the same import name, so one process can hold only one of
them. The parent sends frames to the process and gets results back, both pickled. That is safe: the
two processes belong to one user on one machine, and nothing else can access their pipe.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pandas as pd

from tabrail.errors import InputError
from tabrail.model.limits import Predicted

LENGTH = 8  # bytes of the length before each message
END_S = 5.0  # seconds for a process to end after SIGTERM, before it is killed


class EndedError(InputError):
    """The process of a model has ended, and gives no more answers."""


class Worker:
    """The model and the cleaning function of a folder, in a separate process."""

    def __init__(self, folder: Path) -> None:
        """Start the process, and wait until it has loaded the model.

        Args:
            folder: the root of a clone of the project.

        Raises:
            InputError: the model of the folder cannot be loaded.
            EndedError: the process has ended, now or at any later call.
        """
        command = [sys.executable, "-m", __name__, str(folder.resolve())]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=folder,
            start_new_session=True,  # Ctrl-C goes to the parent, which then ends this process
        )
        self._folder, self._lock = folder, threading.Lock()
        self._too_slow = ""
        self.stop = weakref.finalize(self, _end, self._process)
        self._answer()

    def score(self, rows: pd.DataFrame) -> Predicted:
        """Predict rows that conform to the schema of the folder."""
        found: Predicted = self._ask("score", rows)
        return found

    def clean(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Clean rows as the code of the folder does."""
        found: pd.DataFrame = self._ask("clean", rows)
        return found

    def derive(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add the columns that the model of the folder derives."""
        found: pd.DataFrame = self._ask("derive", rows)
        return found

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Kill the process if the block takes longer; the call in it then raises EndedError."""
        timer = threading.Timer(seconds, self._kill, [seconds])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kill(self, seconds: float) -> None:
        self._too_slow = f"gave no answer in {seconds:g} seconds and was stopped"
        _kill(self._process)

    def _ask(self, what: str, rows: pd.DataFrame) -> Any:
        with self._lock:
            if self._process.stdin is None:
                raise EndedError(f"the process of {self._folder} accepts no input")
            try:
                _send(self._process.stdin, (what, rows))
            except OSError:  # its end of the pipe is closed
                raise self._ended() from None
            return self._answer()

    def _answer(self) -> Any:
        if self._process.stdout is None:
            raise EndedError(f"the process of {self._folder} gives no answer")
        try:
            is_good, content = _receive(self._process.stdout)
        except EOFError:
            raise self._ended() from None
        if not is_good:
            raise InputError(f"{self._folder}: {content}")
        return content

    def _ended(self) -> EndedError:
        reason = self._too_slow or f"has ended with exit code {self._process.wait()}"
        return EndedError(
            f"the process of the model in {self._folder} {reason}; start the command again"
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process when the parent no longer needs it."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # unread messages, if the process has ended
                pipe.close()
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its children, which would keep the shared pipe open."""
    if os.name == "nt":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _send(pipe: IO[bytes], message: Any) -> None:
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(len(content).to_bytes(LENGTH, "big") + content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """Return the next message.

    Raises:
        EOFError: there is none.
    """
    length = pipe.read(LENGTH)
    if len(length) < LENGTH:
        raise EOFError
    content = pipe.read(int.from_bytes(length, "big"))
    if len(content) < int.from_bytes(length, "big"):
        raise EOFError
    return pickle.loads(content)  # noqa: S301


def main(folder: Path) -> None:
    """Load the model of a folder, and answer requests until the parent closes the pipe."""
    from tabrail.data.cleaning import cleaned
    from tabrail.model.derived import derive
    from tabrail.model.saving import load_model
    from tabrail.project.project import Project

    pipe, output = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what the model prints must not come between the messages
    try:
        project = Project.load(folder)
        model, clean = (
            load_model(project, untrusted=True),
            project.clean,
        )  # the parent has compared it
    except InputError as error:
        _send(output, (False, str(error)))
        return
    functions: dict[str, Callable[[pd.DataFrame], Any]] = {
        "score": model.score,
        "clean": lambda rows: cleaned(rows, clean),
        "derive": lambda rows: derive(model.pipeline, rows),
    }
    _send(output, (True, None))
    while True:
        try:
            what, rows = _receive(pipe)
        except EOFError:
            return
        try:
            _send(output, (True, functions[what](rows)))
        except InputError as error:
            _send(output, (False, str(error)))
        except Exception as error:  # an error of one call; the next one may succeed
            _send(output, (False, f"{what} failed: {type(error).__name__}: {error}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
