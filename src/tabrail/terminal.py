"""Show control characters in output for people, instead of sending them to the terminal.

A file's name may have any character except a slash. A terminal obeys some of them: it moves the
cursor, changes its title, or shows text in another order.
"""

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

# All control characters except tabs and line breaks, and those that change the text direction.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""Return text with its control characters as JSON writes them, such as `\u001b`.

    Args:
        text: the text to print.

    Example:
        >>> print(visible("late\x1b[2J.csv"))
        late\u001b[2J.csv
    """
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Visible:
    """A stream that shows control characters, and otherwise behaves as the stream behind it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write text; return how long it was."""
        self.stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)


@contextmanager
def visible_output() -> Iterator[None]:
    """Show control characters that the block prints, and a ? for letters that a console lacks."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if not isinstance(sys.stdout, _Visible):
        sys.stdout = cast("TextIO", _Visible(sys.stdout))
        sys.stderr = cast("TextIO", _Visible(sys.stderr))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
