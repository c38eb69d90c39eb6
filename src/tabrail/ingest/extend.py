"""Extend the schema for more rows of the same table."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

import pandas as pd

from tabrail import paths
from tabrail.config import load_params
from tabrail.data import date_order, tables
from tabrail.data.checks import checked
from tabrail.data.cleaning import Clean
from tabrail.data.conform import Violation
from tabrail.data.rounding import outward
from tabrail.data.schema import Column, Schema
from tabrail.data.set_aside import SetAside
from tabrail.documents import load_yaml, parse
from tabrail.errors import InputError
from tabrail.ingest import schema_text
from tabrail.ingest.personal_data import is_personal

LONGEST_LIST = 8
MOST_CATEGORIES = 200


@dataclass(frozen=True)
class Change:
    """One line of the schema, before and after."""

    column: str
    key: str
    before: Any
    after: Any
    reason: str
    sensitive: bool = False

    def __str__(self) -> str:
        """Return the change as text for people."""
        if self.sensitive and self.key in ("min", "max"):
            return f"{self.column}: {self.key} ({self.reason}; the column is sensitive)"
        if self.sensitive and self.key == "categories":
            return f"{self.column}: {len(self.after) - len(self.before)} new (sensitive)"
        if self.key == "categories":
            new = [name for name in self.after if name not in self.before]
            shown = ", ".join(new[:LONGEST_LIST]) + (" …" if len(new) > LONGEST_LIST else "")
            return f"{self.column}: {len(new)} new: {shown}"
        return f"{self.column}: {self.key} {self.before} → {self.after} ({self.reason})"


@dataclass
class Needs:
    """The changes to a column's schema that new rows need."""

    missing: int = 0
    least: float = math.inf
    most: float = -math.inf
    names: set[str] = field(default_factory=set)

    def add(self, found: Violation, values: pd.Series) -> None:
        """Add the values of a chunk that violate the schema."""
        if found.kind == "missing":
            self.missing += len(values)
        elif found.kind == "out_of_range":
            self.least = min(self.least, float(values.min()))
            self.most = max(self.most, float(values.max()))
        elif found.kind == "unseen_category":
            self.names.update(values.unique()[: MOST_CATEGORIES + 1])


def changes(
    files: Sequence[Path],
    schema: Schema,
    clean: Clean,
    replaced: Collection[Path] = (),
    aside: SetAside | None = None,
) -> list[Change]:
    """Find the changes to the schema that make all rows of some files conform.

    Args:
        files: the new tables.
        schema: the present schema.
        clean: the owner's cleaning function.
        replaced: their target paths in data/raw; existing files there are ignored.
        aside: counts the lines of the new tables that are not rows.

    Raises:
        InputError: a file is not such a table, or it has more unreadable values, more rows without
            a target, or more duplicates than `prepare` tolerates.
    """
    params = load_params().prepare
    needs: dict[str, Needs] = {name: Needs() for name in schema.used}
    rows, example, counts = 0, "", Counter[str]()
    present = [file for file in tables.find(paths.RAW) if file not in replaced]
    read, all_aside = [*present, *files], SetAside()
    usual: dict[str, list[float]] = {}  # hashes of the existing rows, chunk by chunk
    for chunk in checked(
        read, schema, params.chunk_rows, "ingest", clean, usual=usual, aside=all_aside
    ):
        if chunk.file in present:  # read only to find duplicates
            usual |= date_order.usual_days(chunk.table, schema)
            continue
        rows += len(chunk.raw)
        counts["repeated"] += int(chunk.repeated.sum())
        for found in chunk.violations:
            counts[found.kind] += int(found.rows.sum())
            if found.kind == "date_order":
                raise InputError(
                    f"{chunk.file}: {found.column} is {found.example!r} and the like: "
                    f"{found.hint}; write its dates in the order of the other files"
                )
            needs[found.column].add(found, chunk.table[found.column][found.rows])
            if found.kind == "unreadable" and not example:
                row = int(chunk.raw.index[int(found.rows.argmax())]) + 1
                why = f" ({found.hint})" if found.hint else ""
                example = f"{found.column} is {found.example!r} in row {row:,} of {chunk.file}{why}"
    if aside is not None:
        aside.add_all(all_aside, files)
    if not rows:
        raise InputError(f"{', '.join(map(str, files))}: no rows below the header")
    twice = "are in the data already, or come twice"
    for kind, key, limit, what in (
        ("repeated", "duplicate", params.tolerance.duplicate, twice),
        ("unlabeled", "unlabeled", params.tolerance.unlabeled, f"have no {schema.target}"),
    ):
        if counts[kind] > limit * rows:
            accepted = params.tolerance.accepting({key: counts[kind] / rows})
            raise InputError(
                f"{counts[kind]:,} of {rows:,} rows {what}, and prepare.tolerance in "
                f"{paths.PARAMS} allows {limit:.0%}; to accept it, {accepted}"
            )
    if counts["unreadable"] > params.tolerance.unreadable * rows:
        raise InputError(
            f"{counts['unreadable']:,} values in {rows:,} rows cannot be read, such as: {example}; "
            f"correct them, or the column in {paths.SCHEMA}; to list all of them, run validate"
        )
    return [
        change
        for name, need in needs.items()
        for change in _changes(name, schema.columns[name], need)
    ]


def applied(found: Sequence[Change], path: Path) -> str:
    """Return the schema's text with some changes; the rest stays the same.

    Raises:
        InputError: the changes contradict another part of the schema.
    """
    text = path.read_text(encoding="utf-8")
    for change in found:
        text = schema_text.with_value(text, change.column, change.key, change.after)
    parse(Schema, load_yaml(text), path)  # a key column, for example, must not be nullable
    return text


def _changes(name: str, column: Column, need: Needs) -> list[Change]:
    """Return the changes to one column of the schema.

    Raises:
        InputError: the column would have to list too many values, or personal ones.
    """
    found: list[Change] = []
    if need.missing:
        found.append(Change(name, "nullable", False, True, f"{need.missing:,} missing"))
    ends = [end for end in (column.min, column.max, need.least, need.most) if _is_finite(end)]
    low, high = outward(min(ends), max(ends)) if ends else (0.0, 0.0)  # no row's value
    if column.min is not None and need.least < column.min:
        found.append(Change(name, "min", _whole(column.min), _whole(low), "lower values, rounded"))
    if column.max is not None and need.most > column.max:
        found.append(
            Change(name, "max", _whole(column.max), _whole(high), "higher values, rounded")
        )
    if any(map(is_personal, need.names)):
        raise InputError(
            f"{name} has new values that look personal; {paths.SCHEMA} is in Git and must not list "
            "them. Correct the column, or make it of kind identifier there, with sensitive: true"
        )
    if len(need.names) > MOST_CATEGORIES:
        raise InputError(
            f"{name} has more than {MOST_CATEGORIES} new values; correct the column, or delete its "
            f"categories in {paths.SCHEMA}, which allows any"
        )
    if need.names:
        after = [*(column.categories or []), *sorted(need.names)]
        found.append(Change(name, "categories", column.categories or [], after, "new"))
    return [replace(change, sensitive=column.sensitive) for change in found]


def _is_finite(number: float | None) -> TypeGuard[float]:
    return number is not None and math.isfinite(number)


def _whole(number: float) -> float:
    return int(number) if number.is_integer() else number
