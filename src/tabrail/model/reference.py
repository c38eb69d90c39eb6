"""Reference rows: made of the schema and the distributions, without any person's data.

The model's predictions for them are in reports/evaluation.json. Wherever the model is loaded, its
predictions must be the same. With other versions of libraries, they may differ.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.data.conform import conform
from tabrail.data.distributions import Distributions
from tabrail.data.schema import Column, Schema
from tabrail.errors import InputError
from tabrail.model.scoring import for_scoring
from tabrail.project.environment import installed_version

ROWS = 16  # a power of two, so that odd steps reach every position
TYPICAL = 0.5
YEAR = ["2024-01-01T00:00:00", "2024-04-01T06:00:00", "2024-07-01T12:00:00", "2024-10-01T18:00:00"]
TOLERANCE = 1e-4  # tolerance, as a share of the predictions' spread
DIGITS, FORMER_DIGITS = 9, 6  # digits of stored predictions; fewer until tabrail 2.0.0rc1


def rows(schema: Schema, distributions: Distributions) -> list[dict[str, Any]]:
    """Return rows that cover the range of every column, each column in another order.

    Args:
        schema: names the columns.
        distributions: content of reports/distributions.json.

    Returns:
        Rows with JSON values, which conform to the schema for scoring.
    """
    columns = for_scoring(schema).used
    # A column's order must not depend on other columns: evaluation.json has the predictions of
    # these rows.
    names = [name for name in schema.used if name not in (schema.target, schema.weight)]
    return [
        {
            name: _value(columns[name], known(name, distributions), _place(row, number))
            for number, name in enumerate(names)
            if name in columns
        }
        for row in range(ROWS)
    ]


def typical(schema: Schema, distributions: Distributions) -> dict[str, Any]:
    """Return a row of medians and most frequent categories."""
    columns = for_scoring(schema).used
    row = {}
    for name, column in columns.items():
        found = known(name, distributions)
        shares = found.get("shares", {})
        row[name] = _value(column, found, TYPICAL)
        if shares:
            most = max(shares, key=lambda category: shares[category])
            row[name] = most == "yes" if column.kind == "boolean" else most
    return row


def without_typical(schema: Schema, distributions: Distributions) -> list[str]:
    """Return the columns of texts, and those of categories whose values are not stored."""
    return [
        name
        for name, column in for_scoring(schema).used.items()
        if column.kind == "text"
        or (column.kind == "categorical" and not known(name, distributions).get("shares"))
    ]


def table(given: list[dict[str, Any]], schema: Schema) -> pd.DataFrame:
    """Return rows in the schema's types, for a model."""
    scoring_schema = for_scoring(schema)
    rows = pd.DataFrame(given, columns=list(scoring_schema.used), dtype="object")
    # As text, a number would be read with the decimal mark or the format of the files.
    numbers = [name for name, one in scoring_schema.used.items() if one.kind == "numeric"]
    typed, _ = conform(rows.astype(dict.fromkeys(numbers, "float64")), scoring_schema)
    return typed


def stored(predictions: np.ndarray) -> Any:
    """Return predictions in the form of evaluation.json, for any unit: texts of 9 digits."""
    return np.vectorize(lambda one: f"{one:.{DIGITS}g}", otypes=[object])(predictions).tolist()


def require(expected: list[Any], found: np.ndarray, evaluation: Mapping[str, Any]) -> None:
    """Check that a model's predictions for the reference rows are those of its evaluation.

    Predictions are equal if they differ by no more than a ten-thousandth of their spread, so the
    target may be in any unit.

    Args:
        expected: `reference` of reports/evaluation.json.
        found: the present result of `model.predict`; shape (n_rows,) or (n_rows, n_classes).
        evaluation: content of reports/evaluation.json.

    Raises:
        InputError: the predictions differ.
    """
    before = np.array(expected, dtype=np.float64)
    digits = DIGITS if np.array(expected).dtype.kind == "U" else FORMER_DIGITS
    if before.shape != found.shape:
        raise InputError(
            f"the model gives reference predictions of shape {found.shape}, not {before.shape}; "
            "model, schema and reports are of different runs; run: uv run dvc pull"
        )
    # Without a spread, as for a constant, their size is used.
    spread = float(np.nanmax(before) - np.nanmin(before)) or float(np.nanmax(np.abs(before)))
    room = TOLERANCE * spread
    if not np.allclose(before, found, rtol=10.0 ** (1 - digits), atol=room, equal_nan=True):
        worst = float(np.nanmax(np.abs(before - found)))
        trained = evaluation["model"]["versions"]
        others = [
            f"{name} {old}" for name, old in trained.items() if installed_version(name) != old
        ]
        why = (
            f"it was trained with {', '.join(others)}: install these with: uv sync --locked"
            if others
            else (
                "model and reports are of different runs: check out the version that you want, and "
                f"run: uv run dvc pull --force {paths.MODEL.as_posix()}"
            )
        )
        raise InputError(
            "the model's reference predictions differ from those of its evaluation by "
            f"{worst:.2g}; " + why
        )


def _place(row: int, column: int) -> float:
    """Return a position from 0 to 1; each column goes through all positions in its own order."""
    return ((row * (2 * column + 1) + column) % ROWS) / (ROWS - 1)


def known(name: str, distributions: Distributions) -> Mapping[str, Any]:
    """Return a column's values in training, if they may be shown."""
    dates = distributions.get("dates", {}).get(name)
    return {"dates": dates} if dates else distributions["columns"].get(name, {})


def _value(column: Column, known: Mapping[str, Any], place: float) -> Any:
    """Return a column's value at a position between its lowest and its highest value."""
    match column.kind:
        case "numeric":
            return _number(column, known, place)
        case "boolean":
            return place < TYPICAL
        case "categorical":
            categories = column.categories or ["example"]
            return categories[round(place * (len(categories) - 1))]
        case "datetime":
            dates = known.get("dates", YEAR)
            written = dates[round(place * (len(dates) - 1))]
            moment = datetime.fromisoformat(written)
            return moment.strftime(column.format) if column.format else written
        case "identifier":
            return str(round(place * 1000)).zfill(column.digits or 0)
        case _:
            return "example"


def _number(column: Column, known: Mapping[str, Any], place: float) -> float:
    low = column.min if column.min is not None else column.max
    if values := known.get("values"):
        number = values[round(place * (len(values) - 1))]
    elif low is None:
        number = place
    else:
        high = column.max if column.max is not None else low + 1
        number = low + place * (high - low)
    at_least = number if column.min is None else max(number, column.min)
    return float(at_least if column.max is None else min(at_least, column.max))
