"""The predictions of a model for a batch of rows, and the API's answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tabrail.data.schema import Schema
from tabrail.model.compiled.columns import Columns
from tabrail.model.limits import HELD
from tabrail.model.release import Release
from tabrail.model.scoring import close_calls, decided
from tabrail.model.texts import by_row


@dataclass(frozen=True)
class Scores:
    """The predictions of a model.

    Attributes:
        model: its version.
        numbers: the result of `model.predict` for each row, as a list.
        answers: the client's answer for each row.
        places: each row's place here, by its place in the batch, for rows that the model accepts.
        unusual: what is unusual about the texts of a row, by its place here.
        texts: the measures of the texts of each row, if the model uses texts.
        close: whether each prediction is within `serve.review_margin` of another one.
    """

    model: str
    numbers: list[list[float]]
    answers: list[dict[str, Any]]
    places: Mapping[int, int] | range
    unusual: Mapping[int, list[str]]
    texts: list[dict[str, float]]
    close: list[bool]


def predict(release: Release, rows: Columns, places: Mapping[int, int] | range) -> Scores:
    """Return a model's predictions; `places` maps a row's place in the batch to its place here."""
    scored = release.score_columns(rows)
    numbers = scored.numbers
    schema, params = release.schema, release.params
    threshold, classes = params.evaluate.threshold, schema.classes
    predictions = (
        numbers.tolist()
        if schema.task == "regression"
        else [classes[place] for place in decided(numbers, schema, threshold).tolist()]
    )
    close = close_calls(numbers, schema, threshold, params.serve.review_margin)
    reviews = scored.review(close).tolist()
    lists = numbers.reshape(len(rows), -1).tolist()
    answers = [
        {"prediction": prediction} | probabilities(each, schema) | {"review": review}
        for prediction, each, review in zip(predictions, lists, reviews, strict=True)
    ]
    if release.metadata.limits:
        for answer, mark in zip(answers, scored.held.tolist(), strict=True):
            answer[HELD] = mark
    texts = by_row(scored.texts, len(rows))
    return Scores(release.version, lists, answers, places, scored.unusual, texts, close.tolist())


def probabilities(numbers: list[float], schema: Schema) -> dict[str, Any]:
    """Return the probabilities of a prediction, in the form of an answer."""
    match schema.task:
        case "binary":
            return {"probability": numbers[0]}
        case "multiclass":
            return {"probabilities": dict(zip(schema.classes, numbers, strict=True))}
        case _:
            return {}


def fits(entry: Mapping[str, Any], schema: Schema) -> bool:
    """Return whether a logged prediction, maybe of an earlier model, is of the same kind."""
    if schema.task == "regression":
        return len(entry["numbers"]) == 1 and entry["prediction"] == str(entry["numbers"][0])
    width = len(schema.classes) if schema.task == "multiclass" else 1
    return len(entry["numbers"]) == width and entry["prediction"] in schema.classes
