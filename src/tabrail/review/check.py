"""One check and its verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LONGEST_LIST, LONGEST_ITEM = 5, 80

Verdict = Literal["ok", "FAILED", "accepted", "dry run", "skipped", "disabled"]
Outcome = tuple[bool | None, str]  # passed (None: unknown); what was found and is allowed


@dataclass(frozen=True)
class Check:
    """A check, its verdict, and what to do.

    Attributes:
        name: the check's name.
        verdict: the result. `accepted` and `dry run` would have failed; `skipped` could not be
            checked here.
        detail: what was found, and what is allowed.
        fix: what to do, if anything.
    """

    name: str
    verdict: Verdict
    detail: str
    fix: str = ""

    def __str__(self) -> str:
        """Return a line for a terminal."""
        return f"{self.verdict:<8}  {self.name}: {self.detail}" + (
            f"; {self.fix}" if self.fix else ""
        )


def some(items: Sequence[str], longest: int = LONGEST_ITEM) -> str:
    """Return the first items as text, each cut to a length, and how many more there are."""
    return some_whole([cut(one, longest) for one in items])


def some_whole(sentences: Sequence[str], most: int = LONGEST_LIST) -> str:
    """Return the first sentences of a list, uncut, and how many more there are.

    The measured value and the limit are at the end of a sentence, so only names in it may be cut.
    """
    more = f" and {len(sentences) - most} more" if len(sentences) > most else ""
    return ", ".join(sentences[:most]) + more


def cut(text: str, longest: int = LONGEST_ITEM) -> str:
    """Return a text, cut if it is too long to read at a glance."""
    return text if len(text) <= longest else f"{text[:longest]}…"
