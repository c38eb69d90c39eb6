"""Errors for users: one message that says what to do, and an exit code for scripts."""

import difflib
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tabrail.files import FULL
from tabrail.terminal import visible_output

MAKE_ROOM = "make room on the disk, then repeat the command"


class InputError(Exception):
    """An input of the user cannot be used.

    The message names the file, column or key. It says what was given, what was expected, and what
    to do.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word closest to a wrong one, or nothing."""
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def missing_output(path: Path) -> InputError:
    """Return the error for a missing output of the pipeline."""
    return InputError(
        f"{path} is missing; make it with: uv run dvc repro, or fetch it with: uv run dvc pull"
    )


@contextmanager
def one_message(code: int = 1) -> Iterator[None]:
    """End the program with one message and an exit code if the input is bad or the disk fails.

    A command for which Python's own exit code is a verdict passes another code. Unexpected errors
    then end with that code, too, after their traceback. Control characters in the output are shown.
    """
    with visible_output():
        try:
            yield
        except InputError as error:
            message = str(error)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            message = f"{where}{os.strerror(error.errno) if error.errno else error}"
            message += f"; {MAKE_ROOM}" if error.errno in FULL else ""
        except MemoryError as error:
            message = f"not enough memory: {error}"
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception:
            if code == 1:
                raise
            traceback.print_exc()
            sys.exit(code)
        else:
            return
        print(f"error: {message}", file=sys.stderr)
        sys.exit(code)
