"""What is believed of tables while they are looked at."""

from dataclasses import dataclass, field
from pathlib import Path

from tabrail.data.schema import Csv
from tabrail.ingest.goal import Goal
from tabrail.ingest.kinds import Guess


@dataclass(frozen=True)
class Leak:
    """A column that gives the answer away.

    Attributes:
        score: how well it alone tells the target.
        guess: what it would be otherwise.
        nullable: whether it has gaps.
    """

    score: float
    guess: Guess
    nullable: bool


@dataclass
class Beliefs:
    """What is believed of the tables.

    Attributes:
        files: where they are.
        target: the column to predict.
        form: how the files are written.
        form_reason: why numbers are written so.
        missing: the words that stand for no value.
        missing_in: for those beyond the usual ones, the column in which they were found.
        classes: words of the target that stand for themselves.
        goal: what there is to learn.
        guesses: what each column is.
        leaks: columns that alone tell the target.
        suspects: how well those tell it that are all that there is.
    """

    files: list[Path]
    target: str
    form: Csv
    form_reason: str
    missing: list[str]
    missing_in: dict[str, str] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    goal: Goal = Goal("binary", "categorical", "")  # noqa: RUF009
    guesses: dict[str, Guess] = field(default_factory=dict)
    leaks: dict[str, Leak] = field(default_factory=dict)
    suspects: dict[str, float] = field(default_factory=dict)
