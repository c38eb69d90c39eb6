"""Champion and challenger: both score every row, and one of them answers."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import pandas as pd

from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.log.prediction_log import Prediction, Role, utc_now
from tabrail.model.release import Release
from tabrail.model.scoring import close_calls, decided, for_scoring
from tabrail.serving.batching import Waiting
from tabrail.serving.request import Rows

ROLES: tuple[Role, Role] = ("champion", "challenger")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """What a model says of some rows.

    Attributes:
        model: its version.
        numbers: of each row what `model.predict` returns, as a list.
        shown: of each row what a client is told.
    """

    model: str
    numbers: list[list[float]]
    shown: list[dict[str, Any]]


class Rollout:
    """The models that serve, and how rows are shared among them."""

    def __init__(
        self,
        champion: Release,
        challenger: Release | None = None,
        share: float = 0.0,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Bring both together.

        Args:
            champion: answers.
            challenger: scores the same rows, and answers some of them.
            share: this share of the keys, from 0 to 1: rows of equal keys have one model.
            failed: is called when the challenger fails.

        Raises:
            InputError: the challenger cannot take the rows that the champion takes.
        """
        if challenger:
            require_same_rows(champion, challenger)
        self.champion = champion
        self.challenger = challenger
        self._share = share
        self._failed = failed
        schema = champion.schema
        others = challenger.schema.features if challenger else []
        self.needed = list(dict.fromkeys([*schema.features, *others]))
        columns = for_scoring(schema).used
        self._logged = [name for name, column in columns.items() if not column.sensitive]
        self._whose = [name for name in schema.key if name in columns] or list(columns)

    def score(
        self, batch: list[Waiting], frame: pd.DataFrame
    ) -> tuple[list[dict[str, Any]], list[Prediction]]:
        """Score the rows of several requests.

        Args:
            batch: the requests.
            frame: their rows, as a model takes them.

        Returns:
            The answer to each request, and what is to be logged.
        """
        champion = say(self.champion, frame)
        challenger = self._second(frame)
        now, done = utc_now(), perf_counter()
        found: list[dict[str, Any]] = []
        entries: list[Prediction] = []
        start = 0
        for one in batch:
            latency, request = 1000 * (done - one.began), uuid4().hex
            models: list[str] = []
            predictions: list[dict[str, Any]] = []
            for number, warnings in enumerate(one.rows.warnings):
                place, identifier = start + number, uuid4().hex
                said = champion
                if challenger and self._shared(one.rows, number):
                    said = challenger
                models.append(said.model)
                predictions.append({"id": identifier} | said.shown[place] | {"warnings": warnings})
                row = one.rows.row(number, self._logged)
                entries += [
                    Prediction(
                        id=identifier,
                        role=role,
                        at=now,
                        model=model.model,
                        answered=model is said,
                        row=row,
                        numbers=model.numbers[place],
                        prediction=str(model.shown[place]["prediction"]),
                        review=model.shown[place]["review"],
                        latency_ms=latency,
                        request=request,
                    )
                    for role, model in zip(ROLES, (champion, challenger), strict=True)
                    if model
                ]
            if len(set(models)) > 1:
                for prediction, version in zip(predictions, models, strict=True):
                    prediction["model"] = version
            found.append({"model": models[0], "predictions": predictions})
            start += len(one.rows)
        return found, entries

    def _second(self, frame: pd.DataFrame) -> Said | None:
        if not self.challenger:
            return None
        try:
            return say(self.challenger, frame)
        except Exception:  # whatever is wrong with it, the champion answers
            self._failed()
            logger.exception("the challenger failed; the champion answers")
            return None

    def answering(self, rows: Rows) -> Release:
        """Return the model that answers the first of some rows."""
        challenger = self.challenger
        return challenger if challenger and self._shared(rows, 0) else self.champion

    def _shared(self, rows: Rows, number: int) -> bool:
        """Return whether a row is the challenger's: the same on every machine, at any time."""
        key = list(rows.typed(number, self._whose).values())
        text = json.dumps(key, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).digest()
        return int.from_bytes(digest[:8], "big") < self._share * 2**64


def say(release: Release, frame: pd.DataFrame) -> Said:
    """Return what a model says of rows."""
    numbers = release.predict(frame)
    schema, params = release.schema, release.params
    threshold, classes = params.evaluate.threshold, schema.classes
    words = (
        numbers.tolist()
        if schema.task == "regression"
        else [classes[place] for place in decided(numbers, schema, threshold).tolist()]
    )
    near = close_calls(numbers, schema, threshold, params.serve.review_margin)
    lists = numbers.reshape(len(frame), -1).tolist()
    shown = [
        {"prediction": word} | probabilities(each, schema) | {"review": review}
        for word, each, review in zip(words, lists, near.tolist(), strict=True)
    ]
    return Said(release.version, lists, shown)


def probabilities(numbers: list[float], schema: Schema) -> dict[str, Any]:
    """Return the probabilities behind a prediction, as an answer has them."""
    match schema.task:
        case "binary":
            return {"probability": numbers[0]}
        case "multiclass":
            return {"probabilities": dict(zip(schema.classes, numbers, strict=True))}
        case _:
            return {}


def fits(entry: Mapping[str, Any], schema: Schema) -> bool:
    """Return whether a logged prediction, maybe of an earlier model, answers the same question."""
    if schema.task == "regression":
        return len(entry["numbers"]) == 1 and entry["prediction"] == str(entry["numbers"][0])
    width = len(schema.classes) if schema.task == "multiclass" else 1
    return len(entry["numbers"]) == width and entry["prediction"] in schema.classes


def require_same_rows(champion: Release, challenger: Release) -> None:
    """Check that two models answer the same question about the same rows.

    Raises:
        InputError: they do not.
    """
    first, second = champion.schema, challenger.schema
    if (first.task, first.target, first.classes) != (second.task, second.target, second.classes):
        raise InputError(
            f"the challenger {challenger.version} predicts {second.target} ({second.task}), and "
            f"the champion {champion.version} {first.target} ({first.task}), or their classes "
            "differ; choose a challenger that answers the same question"
        )
    kinds = {name: column.kind for name, column in for_scoring(first).used.items()}
    missing = [n for n in second.features if kinds.get(n) != second.columns[n].kind]
    if missing:
        raise InputError(
            f"the challenger {challenger.version} needs columns that requests do not have, or that "
            f"are of another kind in the champion's schema: {', '.join(missing)}; first release "
            "a model whose schema has them"
        )
