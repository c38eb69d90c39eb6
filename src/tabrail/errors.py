"""How the project says no: one message that a person can act on, and an exit code for scripts."""

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
    """Something that a person gave cannot be used.

    The message names the file, column or key, says what was got and what was expected,
    and what to do.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word closest to a wrong one, or nothing."""
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def missing_output(path: Path) -> InputError:
    """Return what is wrong where an output of the pipeline is missing."""
    return InputError(
        f"{path} is missing; make it with: uv run dvc repro, or fetch it with: uv run dvc pull"
    )


@contextmanager
def one_message(code: int = 1) -> Iterator[None]:
    """Let bad input and a failing disk end the program with one message and an exit code.

    Where the code is another than Python's own, which means a verdict there, anything unexpected
    ends with it as well, after its traceback. What is printed shows its control characters.
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
            message = f"the memory does not suffice: {error}"
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
