"""Types that differ between the Parquet parts of a table are reconciled, or named with both."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tabrail.data import tables
from tabrail.data.checks import checked
from tabrail.data.cleaning import no_cleaning
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer

ROWS = 120
DRAW = np.random.default_rng(4)
WHOLE = DRAW.integers(0, 900, ROWS)
WORDS = DRAW.choice(["red", "blue"], ROWS)
DAYS = pd.date_range("2024-01-01", periods=ROWS)
NUMBERED = [str(number) for number in WHOLE]


def parts(folder: Path, *columns: Any) -> list[Path]:
    """Write a file for each column `x`."""
    for number, column in enumerate(columns):
        answer = DRAW.choice(["a", "b"], ROWS)
        rows = {"size": DRAW.normal(50, 9, ROWS), "x": column, "y": answer}
        pq.write_table(pa.table(rows), folder / f"{number}.parquet")
    return tables.find(folder)


def inferred(folder: Path, *columns: Any) -> tuple[Draft, list[str]]:
    """Return the draft and its warnings of types."""
    draft = infer(parts(folder, *columns), "y")
    return draft, [one for one in draft.warnings if "it is of type" in one]


RECONCILED: dict[str, tuple[Sequence[Any], str]] = {
    "whole numbers and others": ((WHOLE, DRAW.normal(9, 3, ROWS)), "numeric"),
    "8 and 64 bits": ((pa.array(WHOLE % 100, pa.int8()), WHOLE, WHOLE * 1.0), "numeric"),
    "a decimal": ((WHOLE, pa.array(WHOLE).cast(pa.decimal128(20, 0))), "numeric"),
    "nothing but gaps": ((WHOLE, pa.nulls(ROWS)), "numeric"),
    "short and long texts": ((WORDS, pa.array(WORDS, pa.large_string())), "categorical"),
    "views of texts": ((pa.array(WORDS, pa.string_view()), WORDS), "categorical"),
    "words and a category": ((WORDS, pa.array(WORDS).dictionary_encode()), "categorical"),
    "units of time": ((DAYS, DAYS.astype("datetime64[ms]"), DAYS.date), "datetime"),
}


@pytest.mark.parametrize("case", RECONCILED)
def test_types_of_one_family_are_one(case: str, tmp_path: Path) -> None:
    columns, kind = RECONCILED[case]
    draft, warnings = inferred(tmp_path, *columns)
    assert (draft.schema["columns"]["x"]["kind"], warnings) == (kind, [])
    schema = Schema.model_validate(draft.schema)
    chunks = list(checked(tables.find(tmp_path), schema, 1000, "", no_cleaning))
    assert [chunk.violations for chunk in chunks] == [[]] * len(columns)
    assert len({str(chunk.table["x"].dtype) for chunk in chunks}) == 1


NAMED: dict[str, tuple[Sequence[Any], str, str]] = {
    "numbers and numbers as text": ((WHOLE, NUMBERED), "numeric", "int64 .* string"),
    "numbers and words": ((WHOLE % 9, WORDS), "categorical", "int64 .* string"),
    "codes and codes without zeros": (
        ([f"{number % 90:03}" for number in WHOLE], WHOLE % 90),
        "identifier",
        "string .* int64",
    ),
    "answers and numbers": ((WHOLE % 2 == 0, WHOLE % 2), "boolean", "bool .* int64"),
    "dates and texts": ((DAYS, [str(day) for day in DAYS]), "datetime", "timestamp.* string"),
    "with and without a zone": (
        (DAYS, DAYS.tz_localize("Europe/Vienna")),
        "datetime",
        "timestamp.* timestamp.*tz=Europe/Vienna",
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_types_of_two_families_are_named_with_both_files(case: str, tmp_path: Path) -> None:
    columns, kind, types = NAMED[case]
    draft, [warning] = inferred(tmp_path, columns[0], *columns)
    assert draft.schema["columns"]["x"]["kind"] == kind
    first, second = (str(tmp_path / f"{number}.parquet") for number in (0, 2))
    assert first in warning
    assert second in warning
    found = warning.replace(first, "").replace(second, "")
    assert re.search(types, found), warning
    assert f"It is read as {kind}; if that is wrong, write it the same way" in warning


@pytest.mark.parametrize("other", [WHOLE, WHOLE * 1.0, WHOLE > 9])
def test_dates_beside_what_is_never_one_are_refused(other: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'x' is of type timestamp.*0\.parquet and of type .*1\."):
        infer(parts(tmp_path, DAYS, other), "y")


def test_a_name_with_blanks_around_it_has_its_type(tmp_path: Path) -> None:
    rows = {"seen ": DAYS, "size": DRAW.normal(50, 9, ROWS), "y": DRAW.choice(["a", "b"], ROWS)}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    draft = infer([tmp_path / "a.parquet"], "y")
    assert "of type timestamp" in draft.column_reasons["seen"]
