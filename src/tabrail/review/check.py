"""The verdict on one question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LONGEST_LIST, LONGEST_ITEM = 5, 80

Verdict = Literal["ok", "FAILED", "accepted", "dry run", "skipped", "disabled"]
Outcome = tuple[bool | None, str]  # None: unknown; and what was found and is allowed


@dataclass(frozen=True)
class Check:
    """A question, its answer, and what to do about it.

    Attributes:
        name: what people call the question.
        verdict: the answer. `accepted` and `dry run` would have failed; `skipped` could not be
            asked here.
        detail: what was got, and what is allowed.
        fix: what to do, if there is something to be done.
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
    """Return the first few of a list as text, each of some length, and how many more there are."""
    more = f" and {len(items) - LONGEST_LIST} more" if len(items) > LONGEST_LIST else ""
    return ", ".join(cut(one, longest) for one in items[:LONGEST_LIST]) + more


def cut(text: str, longest: int = LONGEST_ITEM) -> str:
    """Return the start of a text that is too long to be read at a glance."""
    return text if len(text) <= longest else f"{text[:longest]}…"
