"""A data schema for tables that nobody has described: each column's kind, with the reason."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.data.schema import Column, Csv, Schema, Task
from tabrail.errors import InputError
from tabrail.ingest import gaps, leaks, roles
from tabrail.ingest.beliefs import Beliefs, Leak
from tabrail.ingest.describe import describe
from tabrail.ingest.draft import Draft
from tabrail.ingest.goal import goal, no_number
from tabrail.ingest.kinds import Banned, Guess, guess
from tabrail.ingest.look import Look, look, names, present, written
from tabrail.ingest.naming import counts_rows
from tabrail.ingest.numerals import READABLE, locale
from tabrail.ingest.survey import Survey, Tally, survey


def infer(
    files: Sequence[Path],
    target: str,
    task: Task | None = None,
    name: str = "",
    clean: Clean = no_cleaning,
) -> Draft:
    """Find the schema of tables by looking at all of their rows.

    Kinds are guessed from the first rows and checked against all of them, again and again until
    nothing has to be changed.

    Args:
        files: CSV or Parquet files of one table.
        target: the column to predict.
        task: what to learn, if not what the target's values suggest.
        name: what the data is called.
        clean: the owner's cleaning function: the schema describes the cleaned rows.

    Raises:
        InputError: the files are no table, or the target cannot be learned from it.
    """
    form = written(files)
    work = _Work(files, target, task, form, look(files, names(files, form, target), form, clean))
    while work.revise(found := survey(files, work.schema(), clean)):
        pass
    return describe(work.beliefs, found, name)


class _Work:
    """Guesses that are revised until all rows agree with them."""

    def __init__(
        self, files: Sequence[Path], target: str, task: Task | None, form: Csv, first: Look
    ) -> None:
        if target in first.known:
            kind = first.known[target].reason
            raise InputError(f"target {target!r} is {kind}; a number, a word or a yes is needed")
        self._wanted, self._look = task, first
        self._banned: dict[str, Banned] = {}
        self._looked_for_leaks = False
        texts = {name: words for name, words in first.words.items() if name not in first.numbers}
        rest = {name: gaps.rest(words) for name, words in texts.items()}
        form, reason = locale(rest, form)
        self.beliefs = Beliefs(list(files), target, form, reason, list(gaps.MISSING))
        gaps.keep_classes(self.beliefs, texts)
        for name in sorted(texts, key=lambda name: name != target):  # the target's classes first
            if len(rest[name]) < len(texts[name]):
                known = guess(name, rest[name], first.rows, form) if len(rest[name]) > 1 else None
                gaps.adopt(self.beliefs, name, texts[name], known.kind if known else None)
        for name, words in first.words.items():
            self.beliefs.guesses[name] = first.known.get(name) or self._guess(name, words)
        self._thin = {
            name
            for name, words in first.words.items()
            if name not in first.known and len(present(words, self.beliefs.missing)) <= 1
        }
        if target not in self._thin:
            self._set_goal(first.words[target])

    def schema(self) -> Schema:
        """Return the schema to count all rows by: nothing may be missing, so that it is noted."""
        beliefs = self.beliefs
        columns = {
            name: Column(kind=one.kind, format=one.format, sensitive=one.sensitive)
            for name, one in beliefs.guesses.items()
        }
        columns[beliefs.target] = Column(kind=beliefs.goal.kind)
        return Schema.model_construct(
            task=beliefs.goal.task,
            target=beliefs.target,
            csv=beliefs.form,
            missing=beliefs.missing,
            columns=columns,
        )

    def revise(self, found: Survey) -> bool:
        """Change what all rows contradict; return whether anything was changed."""
        beliefs, changed = self.beliefs, False
        for name, tally in found.columns.items():
            kind = beliefs.guesses[name].kind
            changed |= gaps.adopt(beliefs, name, tally.words or tally.levels, kind)
        if changed:
            return True
        for name, tally in found.columns.items():
            hold = self._hold_target if name == beliefs.target else self._hold
            changed |= hold(name, tally, found.rows)
        if not changed and found.faulty > (1 - READABLE) * found.rows:
            faults = {n: t.unreadable for n, t in found.columns.items() if self._may_change(n)}
            worst = max(faults, key=lambda name: faults[name], default="")
            if faults.get(worst):
                self._ban(worst, found.columns[worst])
                return True
        return changed or self._find_leaks(found)

    def _hold_target(self, name: str, tally: Tally, rows: int) -> bool:
        """Hold the task against what all rows say; return whether it was changed."""
        before = self.beliefs.goal
        words: Mapping[str, int] = tally.levels
        if before.kind != "categorical":
            words = self._all(name, tally)
            share = tally.unreadable / max(1, rows - tally.missing)
            if share <= 1 - READABLE:
                return False
            if before.kind == "numeric":
                raise no_number(name, list(tally.words), share)
        if len(words) > 1:
            self._set_goal(words)
        return (before.task, before.kind) != (self.beliefs.goal.task, self.beliefs.goal.kind)

    def _hold(self, name: str, tally: Tally, rows: int) -> bool:
        """Hold one guess against what all rows say; return whether it was changed."""
        guesses = self.beliefs.guesses
        if name in self._thin and len(tally.levels) > 1:
            self._thin.discard(name)
            guesses[name] = self._guess(name, tally.levels)
            return guesses[name].kind != "categorical"
        if tally.unreadable > (1 - READABLE) * (rows - tally.missing) and self._may_change(name):
            self._ban(name, tally)
            return True
        if rows > self._look.rows and guesses[name].kind == "numeric":
            counts = tally.low in (0, 1) and tally.high == tally.low + rows - 1
            words = self._look.words[name]
            if counts and not tally.missing and len(words) == self._look.rows:
                guesses[name] = Guess("identifier", f"numbers the rows from {tally.low:.0f}")
        return False

    def _find_leaks(self, found: Survey) -> bool:
        """Set features aside that alone tell the target; return whether there are any."""
        if self._looked_for_leaks:
            return False
        self._looked_for_leaks = True
        beliefs = self.beliefs
        key, _ = roles.key(beliefs.guesses, beliefs.target, found)
        schema = self.schema().model_copy(update={"key": key})
        scores = leaks.find(found.sample, schema)
        if len(scores) == len(schema.features):  # there would be nothing left to learn from
            beliefs.suspects = scores
            return False
        for name, score in scores.items():
            gaps_too = found.columns[name].missing > 0
            beliefs.leaks[name] = Leak(score, beliefs.guesses[name], gaps_too)
            beliefs.guesses[name] = Guess("ignored", "")
        return bool(scores)

    def _guess(self, name: str, words: Mapping[str, int]) -> Guess:
        given = present(words, self.beliefs.missing)
        if counts_rows(name, given):
            return Guess("ignored", "row numbers")
        if len(given) <= 1:
            return Guess("categorical", "")
        return guess(
            name, given, self._look.rows, self._form(name), self._banned.get(name, frozenset())
        )

    def _set_goal(self, words: Mapping[str, int]) -> None:
        beliefs, name = self.beliefs, self.beliefs.target
        given = present(words, beliefs.missing)
        beliefs.goal = goal(name, given, self._form(name), self._wanted)

    def _form(self, name: str) -> Csv:
        return Csv() if name in self._look.numbers else self.beliefs.form

    def _ban(self, name: str, tally: Tally) -> None:
        """Guess again what a column is, without the kind that it was believed to be."""
        old = self.beliefs.guesses[name]
        self._banned[name] = self._banned.get(name, frozenset()) | {(old.kind, old.format)}
        self.beliefs.guesses[name] = self._guess(name, self._all(name, tally))

    def _all(self, name: str, tally: Tally) -> dict[str, int]:
        """Return the values of the first rows, and those of later ones that were unreadable."""
        return dict(self._look.words[name] + tally.words)

    def _may_change(self, name: str) -> bool:
        is_fixed = name in self._look.known or name == self.beliefs.target
        return not is_fixed and self.beliefs.guesses[name].kind in gaps.MEASURED
