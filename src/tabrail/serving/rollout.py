"""Champion and challenger: both score every row, and one of them answers.

A challenger with the same code and schema gets the champion's cleaned rows. One with other code or
another schema gets the original rows, and cleans and checks them itself. If the process of a
challenger ends or does not answer in time, the challenger is switched off.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any
from uuid import uuid4

import pandas as pd

from tabrail.data.conform import conform, usable
from tabrail.errors import InputError
from tabrail.log.entries import CLOSE, DRAWN, TEXT, Prediction, Role, utc_now
from tabrail.model.compiled.columns import Columns, TableColumns
from tabrail.model.limits import HELD
from tabrail.model.release import Release
from tabrail.model.scoring import for_scoring
from tabrail.model.worker import EndedError
from tabrail.serving.answers import Scores, predict
from tabrail.serving.cleaning import clean_rows
from tabrail.serving.explain import explain
from tabrail.serving.request import Rows

DIGITS = 8  # of a random identifier, which decide whether a prediction is drawn
ROLES: tuple[Role, Role] = ("champion", "challenger")

logger = logging.getLogger(__name__)


class Rollout:
    """The models that serve, and how rows are divided between them."""

    def __init__(
        self,
        champion: Release,
        challenger: Release | None = None,
        share: float = 0.0,
        failed: Callable[[], None] = lambda: None,
        seconds: float = 5.0,
    ) -> None:
        """Check that both models accept the same rows.

        Args:
            champion: the model that answers.
            challenger: the model that scores the same rows, and answers some of them.
            share: the challenger's share of the groups, from 0 to 1. One model answers all rows of
                a group.
            failed: called for each batch that the challenger does not score.
            seconds: the time after which a challenger's process without an answer is stopped.

        Raises:
            InputError: the challenger cannot use the rows that the champion accepts.
        """
        if challenger:
            require_same_rows(champion, challenger)
        self.champion = champion
        self.challenger = challenger
        self._share = share
        self._failed = failed
        self._seconds = seconds
        self._review_share = champion.params.serve.review_share
        self._is_failing = self._is_off = False
        schema = champion.schema
        columns = for_scoring(schema).used
        self._logged = [name for name, column in columns.items() if not column.sensitive]
        self._key = [name for name in schema.key if name in columns] or list(columns)

    def score(
        self, batch: Sequence[Rows], given: Columns
    ) -> tuple[list[dict[str, Any]], list[Prediction]]:
        """Score the rows of several requests.

        Args:
            batch: the rows of the requests.
            given: the same rows, in the types that a model needs.

        Returns:
            The answer to each request, and the entries for the log.
        """
        champion = predict(self.champion, given, range(len(given)))
        challenger = self._challenge(batch, given)
        now, done = utc_now(), perf_counter()
        found: list[dict[str, Any]] = []
        entries: list[Prediction] = []
        place = 0
        for rows in batch:
            arrival = rows.request.arrival
            latency = 1000 * (done - arrival.began)
            models: list[str] = []
            predictions: list[dict[str, Any]] = []
            for number, warnings in enumerate(rows.warnings):
                identifier, scored = uuid4().hex, [champion]
                if challenger and place in challenger.places:
                    scored.append(challenger)
                answering = scored[-1 if self._is_shared(rows, number) else 0]
                answered = answering.places[place]
                drawn = is_drawn(identifier, self._review_share)
                answer = answering.answers[answered]
                answer = answer | {"review": answer["review"] or drawn}
                warned = {"warnings": [*warnings, *answering.unusual.get(answered, [])]}
                models.append(answering.model)
                predictions.append({"id": identifier} | answer | warned)
                row = {name: rows.values[name][number] for name in self._logged}
                for role, scores in zip(ROLES, scored, strict=False):
                    at = scores.places[place]
                    reasons = (
                        CLOSE if scores.close[at] else "",
                        TEXT if at in scores.unusual else "",
                        DRAWN if drawn else "",
                    )
                    entries.append(
                        Prediction(
                            id=identifier,
                            role=role,
                            at=now,
                            model=scores.model,
                            answered=scores is answering,
                            row=row,
                            numbers=scores.numbers[at],
                            prediction=str(scores.answers[at]["prediction"]),
                            review=any(reasons),
                            reason=" ".join(filter(None, reasons)),
                            held=scores.answers[at].get(HELD, False),
                            texts=scores.texts[at],
                            latency_ms=latency,
                            request=arrival.request,
                            given=arrival.given,
                            trace=arrival.trace,
                        )
                    )
                place += 1
            if len(set(models)) > 1:
                for prediction, version in zip(predictions, models, strict=True):
                    prediction["model"] = version
            found.append({"model": models[0], "predictions": predictions})
        return found, entries

    def explained(self, rows: Rows, given: Columns) -> dict[str, Any]:
        """Return the effect of each value of a row on the prediction of the model that answers it.

        Args:
            rows: one row.
            given: the same row, in the types that the champion needs.
        """
        challenger = self.challenger
        if challenger and not self._is_off and self._is_shared(rows, 0):
            try:
                with self._time_limit(challenger):
                    found, _ = self._input(challenger, [rows], given)
                    if len(found):
                        explained = explain(challenger, found.frame())
                        return {"model": challenger.version, **explained}
            except Exception:  # the champion then answers, so it also explains
                logger.debug("the challenger cannot explain the row", exc_info=True)
        return {"model": self.champion.version, **explain(self.champion, given.frame())}

    def _challenge(self, batch: Sequence[Rows], given: Columns) -> Scores | None:
        """Return the challenger's predictions; None if it fails, and the champion answers."""
        if not self.challenger:
            return None
        try:
            if not self._is_off:
                with self._time_limit(self.challenger):
                    taken, places = self._input(self.challenger, batch, given)
                    found = predict(self.challenger, taken, places) if len(taken) else None
                if self._is_failing:
                    logger.warning("the challenger answers again")
                self._is_failing = False
                return found
        except EndedError as error:
            logger.error("the challenger is switched off, and the champion answers: %s", error)
            self._is_off = True
        except Exception:
            if not self._is_failing:  # report it once: it may fail at every request
                logger.exception("the challenger fails; the champion answers")
            self._is_failing = True
        self._failed()
        return None

    def _time_limit(self, challenger: Release) -> AbstractContextManager[None]:
        worker = challenger.worker
        return worker.time_limit(self._seconds) if worker else nullcontext()

    def _input(
        self, challenger: Release, batch: Sequence[Rows], given: Columns
    ) -> tuple[Columns, Mapping[int, int] | range]:
        """Return the rows that a challenger accepts, and their places there by those in the batch.

        It cleans and checks rows like `predict` does for a table. A row is missing if the cleaning
        function leaves it out or fails on it, or if it breaks the challenger's schema.
        """
        if not challenger.separate and challenger.schema == self.champion.schema:
            return given, range(len(given))
        rows = [row for one in batch for row in one.request.rows]
        schema, tables = for_scoring(challenger.schema), []
        for _, cleaned in clean_rows(rows, challenger.schema, challenger.clean).tables:
            table, violations = conform(cleaned, schema)
            tables.append(table[usable(violations, len(table))])
        whole = pd.concat(tables) if tables else pd.DataFrame()
        places = {place: number for number, place in enumerate(whole.index.tolist())}
        return TableColumns(whole.reset_index(drop=True)), places

    def _is_shared(self, rows: Rows, number: int) -> bool:
        """Return whether the challenger answers a row: the same on every machine, at any time."""
        key = list(rows.typed(number, self._key).values())
        text = json.dumps(key, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).digest()
        return int.from_bytes(digest[:8], "big") < self._share * 2**64


def is_drawn(identifier: str, share: float) -> bool:
    """Return whether a prediction is drawn at random for human review.

    Args:
        identifier: the identifier of the prediction. It is random and does not depend on the row,
            so the drawn rows are a random sample of all rows.
        share: the share of predictions to draw, from 0 to 1.
    """
    return int(identifier[:DIGITS], 16) < share * 16**DIGITS


def require_same_rows(champion: Release, challenger: Release) -> None:
    """Check that two models predict the same thing for the same rows.

    Raises:
        InputError: they do not.
    """
    first, second = champion.schema, challenger.schema
    if (first.task, first.target, first.classes) != (second.task, second.target, second.classes):
        raise InputError(
            f"the challenger {challenger.version} predicts {second.target} ({second.task}), and "
            f"the champion {champion.version} {first.target} ({first.task}), or their classes "
            "differ; choose a challenger that predicts the same thing"
        )
    present = for_scoring(first).used
    missing = [
        name
        for name, column in for_scoring(second).used.items()
        if name not in present and not column.nullable
    ]
    if missing:
        raise InputError(
            f"the challenger {challenger.version} needs columns that requests do not have: "
            f"{', '.join(missing)}; first release a model whose schema has them"
        )
