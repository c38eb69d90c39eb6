"""Guess the kind of each column of new tables, and correct the guesses by all rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from tabrail.data.cleaning import Clean, cleaned
from tabrail.data.conform import conform
from tabrail.data.schema import Column, Csv, Kind, Schema, Task
from tabrail.errors import InputError
from tabrail.ingest import giveaways, honest, missing_values, roles, separators
from tabrail.ingest.belonging import Belonging
from tabrail.ingest.column_names import counts_rows
from tabrail.ingest.first_rows import FirstRows
from tabrail.ingest.kinds import Guess, guess, is_boolean
from tabrail.ingest.leaks import Alone
from tabrail.ingest.look import Look
from tabrail.ingest.missing_values import MEASURED, RARE, present
from tabrail.ingest.number_format import READABLE, find_number_format
from tabrail.ingest.profile import ColumnProfile, Profile
from tabrail.ingest.target import Target, infer_target, not_numeric, refuse_hidden_class


class Inference:
    """Guesses about tables, to be corrected by all rows.

    Attributes:
        files: where the tables are.
        form: how the files are written.
        form_reason: the reason for the number format.
        own: the form of each column with another number format.
        missing: the words for a missing value.
        missing_in: for unusual words, the column in which they were found.
        name: the column to predict.
        target: the task and the target's kind.
        guesses: the kind of each column.
        leaks: notes on columns that are ignored because they leak the target, alone or with another
            one.
        suspects: notes on possible leaks that are used.
        sample: distinct rows with a target, in the schema's types.
        blocks: by column, the number of blocks of rows that it numbers.
        belonging: columns whose rows seem to belong together, though their names do not show it.
        types: the types of each column in Parquet files.
        alone: how well each feature predicts the target by itself.
    """

    def __init__(
        self,
        files: Sequence[Path],
        target: str,
        task: Task | None,
        form: Csv,
        first: FirstRows,
        before: Schema | None = None,
        ignored: Collection[str] = (),
    ) -> None:
        """Guess the kind of each column from the first rows.

        Raises:
            InputError: the target cannot be learned.
        """
        if target in first.typed:
            kind = first.typed[target].reason
            raise InputError(
                f"target {target!r} is {kind}; expected numbers, categories, or two values such as "
                "yes and no"
            )
        self.files, self.name, self._task, self._first = list(files), target, task, first
        self.types = first.types
        self.leaks: dict[str, str] = {}
        self.suspects: list[str] = []
        self.sample = pd.DataFrame()
        self.belonging: list[Belonging] = []
        self.alone: dict[str, Alone] = {}
        self.blocks = {name: len(first.values[name]) for name in first.blocks}
        texts = {name: words for name, words in first.values.items() if name not in first.numbers}
        given = {name: missing_values.surely_present(words) for name, words in texts.items()}
        form, is_known, written = separators.written(form, before, first.values)
        self.form, self.form_reason, own = find_number_format(given, form, is_known=is_known)
        self.own = own | written
        self.missing = missing_values.usual_words(texts, target)
        self.missing_in: dict[str, str] = {}
        self._classes: set[str] = set()
        for name in sorted(texts, key=lambda name: name != target):  # the target's classes first
            if len(given[name]) < len(texts[name]):
                several = len(given[name]) > 1
                look = Look(name, given[name], first.rows, self._form(name))
                known = guess(look) if several else None
                self._find_missing(name, texts[name], known.kind if known else None)
        self.guesses = {
            name: Guess("ignored", "as before")
            if name in ignored
            else first.typed.get(name) or self._guess(name, words)
            for name, words in first.values.items()
        }
        # Columns with at most one value in the first rows: any value may follow.
        self._unknown = {
            name
            for name, words in first.values.items()
            if name not in {*first.typed, *ignored} and len(present(words, self.missing)) <= 1
        }
        self.target = Target("binary", "categorical", "")
        if target not in self._unknown:
            self._set_target(first.values[target])

    def schema(self, key: Sequence[str] = ()) -> Schema:
        """Return the schema to profile all rows with: nothing is nullable, to count missing values.

        Args:
            key: the columns of the key, once it is chosen.
        """
        columns = {
            name: Column.model_validate(
                {"kind": one.kind, "format": one.format, "sensitive": one.sensitive}
                | separators.keys(self, name, one.kind)
            )
            for name, one in self.guesses.items()
        }
        columns[self.name] = Column.model_validate(
            {"kind": self.target.kind, "format": self.target.format}
            | separators.keys(self, self.name, self.target.kind)
        )
        return Schema.model_construct(
            task=self.target.task,
            target=self.name,
            csv=self.form,
            key=list(key),
            missing=self.missing,
            columns=columns,
        )

    @property
    def first_rows(self) -> int:
        """The number of first rows that were read."""
        return self._first.rows

    def texts(self) -> Iterator[Mapping[str, int]]:
        """Yield the distinct values of each column that is text in the file."""
        yield from (words for name, words in self._first.values.items() if words)

    def words(self, name: str) -> Mapping[str, int]:
        """Return the different values of a column in the first rows."""
        return self._first.values[name]

    def words_for_missing(self, name: str) -> dict[str, int]:
        """Return the words for a missing value in a column's first rows, with their counts."""
        words = self._first.values[name]
        return {word: words[word] for word in self.missing if word and words[word]}

    def correct(self, found: Profile, clean: Clean) -> bool:
        """Correct guesses that rows contradict, and ignore leaks; return whether anything changed.

        Raises:
            InputError: the target cannot be learned.
        """
        before = self._state()
        for name, column in found.columns.items():
            words = column.unreadable_values or column.levels
            self._find_missing(name, words + column.odd_dates, self.guesses[name].kind)
        self.check_target(found.columns[self.name], found.rows)
        for name in (self._unknown - {self.name}) & found.columns.keys():
            levels = present(found.columns[name].levels, self.missing)
            if len(levels) > 1:
                self.guesses[name] = self._guess(name, levels)
                self._find_missing(name, levels, self.guesses[name].kind)
        self._correct_kinds(found)
        changed = self._state() != before
        self._find_row_numbers(found)
        return self._find_leaks(found, clean) or changed or bool(self.leaks)

    def check_target(self, column: ColumnProfile, rows: int) -> None:
        """Decide on the task again if all rows contradict it.

        Raises:
            InputError: the target cannot be learned.
        """
        words: Mapping[str, int] = column.levels
        if self.target.kind != "categorical":
            unreadable = self._unreadable(column)
            share = unreadable / max(1, rows - column.missing)
            if share <= 1 - READABLE:
                return
            if self.target.kind == "numeric":
                raise not_numeric(self.name, list(column.unreadable_values), share)
            words = self._values(self.name, column)
        if len(words) > 1:
            self._set_target(words)

    def _correct_kinds(self, found: Profile) -> None:
        """Guess again if too many values are unreadable, or too many rows have one."""
        rows = found.unreadable
        order = sorted(found.columns, key=lambda name: -found.columns[name].unreadable)
        for name in filter(self._may_change, order):
            column = found.columns[name]
            unreadable, filled = self._unreadable(column), found.rows - column.missing
            limit = 1 - READABLE
            if unreadable > limit * filled or (unreadable and rows > limit * found.rows):
                wrong = self.guesses[name].kind, self.guesses[name].format
                self.guesses[name] = self._guess(name, self._values(name, column), wrong)
            rows -= column.unreadable

    def _find_row_numbers(self, found: Profile) -> None:
        """Make whole numbers identifiers if they number all rows, in any order."""
        for name, column in found.columns.items():
            if self.guesses[name].kind != "numeric" or name == self.name or column.missing:
                continue
            numbered = column.low in (0, 1) and column.high == column.low + found.rows - 1
            if numbered and len(self._first.values[name]) == self._first.rows < found.rows:
                reason = f"numbers the rows from {column.low:.0f}"
                self.guesses[name] = Guess("identifier", reason)

    def _state(self) -> tuple[object, ...]:
        kinds = {name: (one.kind, one.format) for name, one in self.guesses.items()}
        return kinds, list(self.missing), self.target.task, self.target.kind

    def _find_missing(self, name: str, words: Mapping[str, int], kind: Kind | None) -> None:
        """Add the words for a missing value in a column."""
        is_target = name == self.name
        if is_target and kind != "numeric":
            total = sum(words.values())
            self._classes |= {word for word in words if words[word] >= RARE * total}
        for word in missing_values.find(words, kind, is_target=is_target):
            if word not in self.missing and word not in self._classes:
                self.missing.append(word)
                self.missing_in[word] = name

    def _find_leaks(self, found: Profile, clean: Clean) -> bool:
        """Ignore the features that leak the target, unless there are no others.

        Returns:
            Whether a column has become the key.
        """
        rows = cleaned(found.sample.reset_index(drop=True), clean)
        schema = self.schema()
        table, _ = conform(rows, schema)
        self.sample = table.dropna(subset=[self.name]).drop_duplicates(ignore_index=True)
        before, _ = roles.key(self.guesses, self.name, found)
        key = honest.key_by_values(self, found, self.schema(before))
        giveaways.leave_out(self, found, self.schema(key))
        giveaways.ask(self, honest.doubt(self, found, self.schema(key)))
        return key != before

    def _guess(
        self, name: str, words: Mapping[str, int], wrong: tuple[Kind, str | None] | None = None
    ) -> Guess:
        given = present(words, self.missing)
        if counts_rows(name, given):
            return Guess("ignored", "row numbers")
        if len(given) <= 1:
            return Guess("categorical", "")
        is_category = name in self._first.categories
        rows, form = self._first.rows, self._form(name)
        return guess(Look(name, given, rows, form, wrong, is_category))

    def _set_target(self, words: Mapping[str, int]) -> None:
        refuse_hidden_class(self.name, words, self.missing)
        given = present(words, self.missing)
        task = self._task
        if task is None and self.name in self._first.categories and not is_boolean(given):
            task = "binary" if len(given) == 2 else "multiclass"
        self.target = infer_target(self.name, given, self._form(self.name), task)

    def _form(self, name: str) -> Csv:
        return Csv() if name in self._first.numbers else self.own.get(name, self.form)

    def _values(self, name: str, column: ColumnProfile) -> dict[str, int]:
        """Return the values of the first rows, and unreadable values of later rows."""
        return dict(self._first.values[name] + column.unreadable_values)

    def _unreadable(self, column: ColumnProfile) -> int:
        """Return the number of unreadable values that are not missing."""
        missing = sum(column.unreadable_values[word] for word in self.missing)
        return column.unreadable - missing

    def _may_change(self, name: str) -> bool:
        is_fixed = name in self._first.typed or name == self.name
        return not is_fixed and self.guesses[name].kind in MEASURED
