"""Check that a compiled model predicts the same as the pipeline before it is used."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np
from sklearn.pipeline import Pipeline

from tabrail.data.distributions import Distributions
from tabrail.data.schema import Column, Schema
from tabrail.model import reference
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.fitted import UnknownError
from tabrail.model.compiled.plain import LARGEST, from_json, to_json
from tabrail.model.compiled.scorer import Compiled
from tabrail.model.limits import Predicted
from tabrail.model.metadata import Metadata
from tabrail.model.predict import score

T = TypeVar("T")
Scorer = Callable[[Columns], Predicted]

DRAWN = 1000  # rows
RARE = 0.05  # share of values of each unusual kind
UNSEEN = "a category that training has not seen"
FAR = (np.datetime64("0014-03-02T00:00:00", "us"), np.datetime64("9999-12-31T00:00:00", "us"))
FARTHEST = 1e6  # for a column without limits
WORDS = np.array(["example", "of", "a", "text", "with", "some", "words", "2024", "é", ""])


class UnequalError(Exception):
    """The compiled model and the pipeline give different predictions."""


def compile_pipeline(
    pipeline: Pipeline,
    metadata: Metadata,
    schema: Schema,
    distributions: Distributions,
    *,
    singly: bool = True,
) -> tuple[Compiled | None, str]:
    """Return the compiled form of a fitted pipeline, if it predicts the same.

    Both predict the reference rows and 1,000 random ones, with missing values, unknown categories
    and extremes. The compiled form gets them one by one and all together. All predictions must be
    equal in all 9 digits.

    Args:
        pipeline: the fitted model.
        metadata: the model's metadata.
        schema: the schema.
        distributions: content of reports/distributions.json.
        singly: whether to compare single rows, too, and not only all rows together.

    Returns:
        The compiled form and a blank text; or None and the reason.
    """
    return _proved(
        lambda compiled: (compiled, compiled.score),
        *(pipeline, metadata, schema, distributions),
        singly=singly,
    )


def plain_numbers(
    pipeline: Pipeline, metadata: Metadata, schema: Schema, distributions: Distributions
) -> tuple[bytes | None, str]:
    """Return a fitted pipeline as a document of plain numbers, if these predict the same.

    The rows and the digits are those of `compile_pipeline`.

    Args:
        pipeline: the fitted model.
        metadata: the model's metadata.
        schema: the schema.
        distributions: content of reports/distributions.json.

    Returns:
        A document for `plain.from_json` and a blank text; or None and the reason.
    """

    def made(compiled: Compiled) -> tuple[bytes, Scorer]:
        content = to_json(compiled.plain())
        if len(content) > LARGEST:
            raise UnknownError(f"its numbers take more than {LARGEST:,} bytes")
        return content, partial(from_json(content).score, metadata=metadata, schema=schema)

    return _proved(made, pipeline, metadata, schema, distributions, singly=False)


def _proved(
    made: Callable[[Compiled], tuple[T, Scorer]],
    pipeline: Pipeline,
    metadata: Metadata,
    schema: Schema,
    distributions: Distributions,
    *,
    singly: bool,
) -> tuple[T | None, str]:
    """Return what is made of the compiled form, if it predicts the same as the pipeline."""
    try:
        found, scorer = made(Compiled(pipeline, metadata, schema))
        for rows in (_reference(schema, distributions), drawn(schema, distributions)):
            expected = score(pipeline, metadata, rows.frame(), schema)
            require_equal(scorer, expected, rows, singly=singly)
    except UnknownError as error:
        return None, f"the pipeline cannot be compiled: {error}"
    except UnequalError as error:
        return None, str(error)
    except Exception as error:  # the pipeline itself may fail on an artificial row
        return None, f"the pipeline cannot be compiled: {type(error).__name__}: {error}"
    return found, ""


def require_equal(compiled: Scorer, expected: Predicted, rows: Columns, *, singly: bool) -> None:
    """Check that a compiled model predicts the same as the pipeline, for rows together and singly.

    Raises:
        UnequalError: a prediction differs.
    """
    together = compiled(rows)
    found = {"together": together.numbers}
    if singly:
        each = [compiled(rows.row(place)).numbers for place in range(len(rows))]
        found["one by one"] = np.concatenate(each)
    for how, numbers in found.items():
        if not np.array_equal(numbers, expected.numbers, equal_nan=True):
            unequal = ~np.isclose(numbers, expected.numbers, rtol=0, atol=0, equal_nan=True)
            wrong = int(unequal.reshape(len(rows), -1).any(axis=1).sum())
            raise UnequalError(
                f"compiled, the model predicts {wrong} of {len(rows)} rows, given {how}, unlike "
                "the pipeline"
            )
    if together.unusual != expected.unusual:
        raise UnequalError("the compiled model finds other texts unusual than the pipeline does")


def drawn(schema: Schema, distributions: Distributions, rows: int = DRAWN) -> Columns:
    """Return random rows that conform to the schema for scoring.

    Args:
        schema: names the columns.
        distributions: content of reports/distributions.json.
        rows: how many.
    """
    random = np.random.default_rng(0)
    values = {
        name: _drawn(schema.columns[name], reference.known(name, distributions), random, rows)
        for name in schema.inputs
    }
    return Columns(values, rows)


def _drawn(column: Column, known: Mapping[str, Any], random: np.random.Generator, rows: int) -> Any:
    """Return random values of a column, some of them missing, unknown or extreme."""
    is_gap = random.random(rows) < (RARE if column.nullable else 0)
    is_rare = random.random(rows) < RARE
    match column.kind:
        case "numeric":
            return np.where(is_gap, np.nan, _numbers(column, known, random, is_rare))
        case "boolean":
            return np.where(is_gap, np.nan, random.integers(0, 2, rows).astype(np.float64))
        case "datetime":
            first, *_, last = np.array(known.get("dates", reference.YEAR), "datetime64[us]")
            span = int((last - first).astype(np.int64)) + 1
            dates = first + random.integers(0, span, rows).astype("timedelta64[us]")
            dates = np.where(is_rare, random.choice(np.array(FAR), rows), dates)
            return np.where(is_gap, np.datetime64("NaT", "us"), dates)
        case "text":
            texts = [" ".join(random.choice(WORDS, size=6)) for _ in range(rows)]
            return ["" if gap else text for text, gap in zip(texts, is_gap, strict=True)]
        case _:
            words = random.choice(np.array(column.categories or ["1", "2"], object), rows)
            words[is_rare] = UNSEEN
            words[is_gap] = None
            return words.tolist()


def _numbers(
    column: Column, known: Mapping[str, Any], random: np.random.Generator, is_rare: np.ndarray
) -> np.ndarray:
    """Return numbers in the range of training, some of them at the limits or far beyond."""
    among = np.array(known.get("values", [0.0, 1.0]), np.float64)
    rows = len(is_rare)
    found = random.choice(among, rows)
    between = random.random(rows) < 0.5
    found = np.where(between, random.uniform(among.min(), among.max(), rows), found)
    least, most = column.min, column.max
    ends = [-FARTHEST if least is None else least, FARTHEST if most is None else most]
    found = np.where(is_rare, random.choice(np.array(ends, np.float64), rows), found)
    return np.clip(found, -np.inf if least is None else least, np.inf if most is None else most)


def _reference(schema: Schema, distributions: Distributions) -> Columns:
    """Return the reference rows."""
    table = reference.table(reference.rows(schema, distributions), schema)
    return Columns.of(table[schema.inputs])
