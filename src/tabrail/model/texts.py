"""Find texts that are unlike those of training, whose predictions are not reliable.

A text is unusual if it is much longer than all of training, or if few of its words are known.
Both numbers have distributions, so that `monitor` sees when texts change.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline

from tabrail.model.derived import derive

LONGER = 2  # multiple of the longest text of training
LOWEST = 0.01  # the share of training texts that may have fewer known words
FEWER = 0.5  # times the median share of known words
MOST_PLACES = 0.05  # of the hashes of words, so that few unknown words collide with a known one
TWO_ROWS = np.log(2.5)  # between the change in weight of words in one row and in two

LENGTH, KNOWN = "length", "known words"  # the measures of a text

Usual = dict[str, dict[str, float]]  # by column
Measures = dict[str, np.ndarray]  # by column and what is measured, as `measure` names them


def usual(pipeline: Pipeline, rows: pd.DataFrame, columns: list[str]) -> Usual:
    """Return the usual measures of the texts of training.

    Args:
        pipeline: the fitted model.
        rows: the training rows, as the model is given them.
        columns: those of text.

    Returns:
        For each column with any text, `longest`, the number of characters of the longest one. If
        `tabrail.features.words` encodes the column, also `weight`, the largest weight of a known
        word, and `known`, the least usual share of known words.
    """
    found: Usual = {}
    for name in columns:
        filled = rows[rows[name] != ""]
        if filled.empty:
            continue
        found[name] = {"longest": float(filled[name].str.len().max())}
        if steps := _words(pipeline, name):
            weight = _weight(steps[1].idf_)
            shares = _known(steps, derive(pipeline, filled)[name], weight)
            least, middle = np.nanquantile(shares, [LOWEST, 0.5])
            known = round(float(min(least, FEWER * middle)), 9)
            found[name] |= {"weight": weight, "known": known}
    return found


def measure(column: str, what: str) -> str:
    """Return the name of a measure of a column's texts: LENGTH or KNOWN."""
    return f"{column}: {what}"


def measured(
    pipeline: Pipeline,
    rows: pd.DataFrame,
    expected: Usual,
    derived: Callable[[], pd.DataFrame],
) -> Measures:
    """Return the measures of the texts of rows.

    Args:
        pipeline: the fitted model.
        rows: n_rows rows, as the model is given them.
        expected: the result of `usual` in training.
        derived: returns the rows with the columns that the model derives.

    Returns:
        For each column of texts, its LENGTH in characters, shape (n_rows,). If training knows words
        of the column, also the share of KNOWN words, NaN for an empty text, shape (n_rows,). The
        names are those of `measure`.
    """
    found: Measures = {}
    for name, known in expected.items():
        lengths = rows[name].str.len().to_numpy(np.float64)
        found[measure(name, LENGTH)] = lengths
        if "known" in known and (steps := _words(pipeline, name)):
            shares = np.full(len(rows), np.nan)
            if lengths.any():
                shares = _known(steps, derived()[name], known["weight"])
                shares[lengths == 0] = np.nan
            found[measure(name, KNOWN)] = shares
    return found


def by_row(texts: Measures, rows: int) -> list[dict[str, float]]:
    """Return the measures of the texts of each row, without those that an empty text lacks."""
    if not texts:
        return [{}] * rows
    lists = {name: numbers.tolist() for name, numbers in texts.items()}
    whole = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    return [{name: value for name, value in one.items() if value == value} for one in whole]


def unusual(texts: Measures, expected: Usual) -> dict[int, list[str]]:
    """Return descriptions of unusual texts, by the position of the row.

    Args:
        texts: the result of `measured` for the rows.
        expected: the result of `usual` in training.
    """
    found: dict[int, list[str]] = {}
    for name, known in expected.items():
        lengths = texts[measure(name, LENGTH)]
        for place in np.flatnonzero(lengths > LONGER * known["longest"]):
            found.setdefault(int(place), []).append(
                f"{name}: {lengths[place]:,.0f} characters, and the longest text in training has "
                f"{known['longest']:,.0f}"
            )
        if (shares := texts.get(measure(name, KNOWN))) is None:
            continue
        for place in np.flatnonzero(shares < known["known"]):  # which no empty text is
            found.setdefault(int(place), []).append(
                f"{name}: {shares[place]:.0%} of its words are known from training, where "
                f"{known['known']:.0%} or more is usual"
            )
    return found


def _words(pipeline: Pipeline, column: str) -> tuple[HashingVectorizer, TfidfTransformer] | None:
    """Return the steps of `tabrail.features.words` for a column, if the model has them."""
    for _, step in pipeline.steps:
        if not isinstance(step, ColumnTransformer):
            continue
        for _, transformer, columns in step.transformers_:
            names = [columns] if isinstance(columns, str) else columns
            is_named = not isinstance(names, slice) and list(names) == [column]
            if not is_named or not isinstance(transformer, Pipeline):
                continue
            first: list[Any] = [one for _, one in transformer.steps[:2]]
            kinds = [type(one) for one in first]
            if kinds == [HashingVectorizer, TfidfTransformer]:
                return first[0], first[1]
    return None


def _weight(idf: np.ndarray) -> float:
    """Return the largest inverse document frequency of a known word.

    A word is known if two rows of training have it, since one row would always know its own words.
    It also has to be among the most frequent ones, because a rare hash may belong to another word.
    """
    return float(min(idf.max() - TWO_ROWS, np.nextafter(np.quantile(idf, MOST_PLACES), 0.0)))


def _known(
    steps: tuple[HashingVectorizer, TfidfTransformer], texts: pd.Series, weight: float
) -> np.ndarray:
    """Return the share of known words in each text; 0 in a text without words; shape (n_rows,)."""
    vectorizer, weights = steps
    single = HashingVectorizer(**vectorizer.get_params() | {"ngram_range": (1, 1)})
    counts = single.transform(texts)
    total = np.asarray(counts.sum(axis=1)).ravel()
    counts.data *= weights.idf_[counts.indices] <= weight
    known = np.asarray(counts.sum(axis=1)).ravel()
    shares: np.ndarray = known / np.maximum(total, 1.0)
    return shares
