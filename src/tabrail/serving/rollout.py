"""Champion and challenger: both score every row, and one of them answers.

A challenger of the same code and schema gets the cleaned rows of the champion. One of other code or
with another schema gets the rows as they came: it cleans and checks them itself. When the process
of a challenger ends or gives no answer in time, the challenger is switched off.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import pandas as pd

from tabrail.data.conform import conform, usable
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.log.entries import Prediction, Role, utc_now
from tabrail.model.release import Release
from tabrail.model.scoring import close_calls, decided, for_scoring
from tabrail.model.worker import EndedError
from tabrail.serving.cleaning import clean_rows
from tabrail.serving.explain import explain
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


@dataclass(frozen=True)
class Second:
    """What the challenger says.

    Attributes:
        said: of the rows that it takes.
        places: by the place of a row in the batch, its place among those; not of a refused row.
    """

    said: Said
    places: Mapping[int, int]


class Rollout:
    """The models that serve, and how rows are shared among them."""

    def __init__(
        self,
        champion: Release,
        challenger: Release | None = None,
        share: float = 0.0,
        failed: Callable[[], None] = lambda: None,
        seconds: float = 5.0,
    ) -> None:
        """Bring both together.

        Args:
            champion: answers.
            challenger: scores the same rows, and answers some of them.
            share: this share of the keys, from 0 to 1: rows of equal keys have one model.
            failed: is called for each batch that the challenger does not score.
            seconds: after so many without an answer the process of the challenger is stopped.

        Raises:
            InputError: the challenger cannot take the rows that the champion takes.
        """
        if challenger:
            require_same_rows(champion, challenger)
        self.champion = champion
        self.challenger = challenger
        self._cleans = challenger is not None and (
            challenger.separate or challenger.schema != champion.schema
        )
        self._fails = self._off = False
        self._seconds = seconds
        self._share = share
        self._failed = failed
        schema = champion.schema
        columns = for_scoring(schema).used
        self._logged = [name for name, column in columns.items() if not column.sensitive]
        self._whose = [name for name in schema.key if name in columns] or list(columns)

    def score(
        self, batch: Sequence[Rows], frame: pd.DataFrame
    ) -> tuple[list[dict[str, Any]], list[Prediction]]:
        """Score the rows of several requests.

        Args:
            batch: the rows of the requests.
            frame: the same, as a model takes them.

        Returns:
            The answer to each request, and what is to be logged.
        """
        champion = say(self.champion, frame)
        challenger = self._second(batch, frame)
        now, done = utc_now(), perf_counter()
        found: list[dict[str, Any]] = []
        entries: list[Prediction] = []
        start = 0
        for one in batch:
            latency, request = 1000 * (done - one.request.began), uuid4().hex
            models: list[str] = []
            predictions: list[dict[str, Any]] = []
            for number, warnings in enumerate(one.warnings):
                place, identifier = start + number, uuid4().hex
                scored = [(champion, place)]
                if challenger and place in challenger.places:
                    scored.append((challenger.said, challenger.places[place]))
                said, where = scored[-1 if self._shared(one, number) else 0]
                models.append(said.model)
                predictions.append({"id": identifier} | said.shown[where] | {"warnings": warnings})
                row = {name: one.values[name][number] for name in self._logged}
                entries += [
                    Prediction(
                        id=identifier,
                        role=role,
                        at=now,
                        model=model.model,
                        answered=model is said,
                        row=row,
                        numbers=model.numbers[at],
                        prediction=str(model.shown[at]["prediction"]),
                        review=model.shown[at]["review"],
                        latency_ms=latency,
                        request=request,
                    )
                    for role, (model, at) in zip(ROLES, scored, strict=False)
                ]
            if len(set(models)) > 1:
                for prediction, version in zip(predictions, models, strict=True):
                    prediction["model"] = version
            found.append({"model": models[0], "predictions": predictions})
            start += len(one)
        return found, entries

    def _second(self, batch: Sequence[Rows], frame: pd.DataFrame) -> Second | None:
        if not self.challenger:
            return None
        if self._off:
            self._failed()
            return None
        try:
            places: Mapping[int, int] = {place: place for place in range(len(frame))}
            with self._time_limit(self.challenger):
                if self._cleans:
                    rows = [row for one in batch for row in one.request.rows]
                    frame, places = taken(self.challenger, rows)
                found = Second(say(self.challenger, frame), places) if len(frame) else None
        except EndedError as error:
            self._failed()
            self._off = True
            logger.error("the challenger is switched off, and the champion answers: %s", error)
            return None
        except Exception:  # whatever is wrong with it, the champion answers
            self._failed()
            if not self._fails:  # it may fail at every request from now on
                logger.exception("the challenger fails; the champion answers")
            self._fails = True
            return None
        if self._fails:
            logger.warning("the challenger answers again")
        self._fails = False
        return found

    def explained(self, rows: Rows, frame: pd.DataFrame) -> dict[str, Any]:
        """Return what the values of a row do to the prediction of the model that answers it.

        Args:
            rows: one row.
            frame: the same, as the champion takes it.
        """
        challenger = self.challenger
        if challenger and not self._off and self._shared(rows, 0):
            try:
                with self._time_limit(challenger):
                    mine = taken(challenger, rows.request.rows)[0] if self._cleans else frame
                    if len(mine):
                        return {"model": challenger.version, "columns": explain(challenger, mine)}
            except Exception:  # the champion answers, and so it explains
                logger.debug("the challenger explains nothing", exc_info=True)
        return {"model": self.champion.version, "columns": explain(self.champion, frame)}

    def _time_limit(self, challenger: Release) -> AbstractContextManager[None]:
        worker = challenger.worker
        return worker.time_limit(self._seconds) if worker else nullcontext()

    def _shared(self, rows: Rows, number: int) -> bool:
        """Return whether a row is the challenger's: the same on every machine, at any time."""
        key = list(rows.typed(number, self._whose).values())
        text = json.dumps(key, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).digest()
        return int.from_bytes(digest[:8], "big") < self._share * 2**64


def taken(
    release: Release, rows: Sequence[dict[str, Any]]
) -> tuple[pd.DataFrame, Mapping[int, int]]:
    """Clean rows and check them against the schema, as `predict` does with those of a table.

    Args:
        release: the model with its schema and its cleaning function.
        rows: as they came.

    Returns:
        The rows that the model takes, and their places there by their places among those given.
        Missing are those that the cleaning function leaves out or fails on, and those that break
        the schema.

    Raises:
        EndedError: the process of the model has ended.
    """
    schema = for_scoring(release.schema)
    tables = []
    for _, cleaned in clean_rows(rows, release.schema, release.clean).tables:
        table, violations = conform(cleaned, schema)
        tables.append(table[usable(violations, len(table))])
    whole = pd.concat(tables) if tables else pd.DataFrame()
    places = {place: number for number, place in enumerate(whole.index.tolist())}
    return whole.reset_index(drop=True), places


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
    there = for_scoring(first).used
    needed = for_scoring(second).used.items()
    missing = [name for name, column in needed if name not in there and not column.nullable]
    if missing:
        raise InputError(
            f"the challenger {challenger.version} needs columns that requests do not have: "
            f"{', '.join(missing)}; first release a model whose schema has them"
        )
