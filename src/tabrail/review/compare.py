"""Two models on the same rows: the challenger, which is here, and that of another clone."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.data import cells, tables
from tabrail.data.schema import Schema, conform
from tabrail.data.split import row_hashes
from tabrail.errors import InputError
from tabrail.evaluation import metrics
from tabrail.evaluation.intervals import FEWEST_GROUPS, Score, draw, interval
from tabrail.evaluation.metrics import shown, sign
from tabrail.evaluation.predictions import Predictions, predict
from tabrail.markdown import plain, table
from tabrail.model.bundle import Bundle, load
from tabrail.review.check import cut

MARKER = "<!-- model comparison -->"
FRESH, EVERY = "**fresh rows**", "**all rows**"
WHOLE = (FRESH, EVERY, "all rows")
MOST_ROWS = 40  # GitHub takes 65,536 characters in all


@dataclass(frozen=True)
class Comparison:
    """How two models do on the same rows.

    Attributes:
        rows: how many there are.
        challenger: the score of the model that is here.
        champion: that of the other one.
        difference: the first less the second, on the same draws of rows.
    """

    rows: int
    challenger: Score
    champion: Score
    difference: Score


@dataclass(frozen=True)
class Compared:
    """A challenger and a champion.

    Attributes:
        challenger: the version of the model that is here.
        champion: that of the other one.
        metric: what they are scored by.
        fresh: how many validation rows the champion's run did not have.
        verdict: better, worse or cannot be told; of the fresh rows, or of all if there are none.
        parts: comparisons by name: fresh rows, slices of them, all rows.
        notes: what to bear in mind, in sentences.
    """

    challenger: str
    champion: str
    metric: str
    fresh: int
    verdict: str
    parts: dict[str, Comparison]
    notes: list[str]

    def content(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)

    def markdown(self) -> str:
        """Return it for people."""
        head = ["validation rows", "rows", "challenger", "champion", "difference"]
        lines = [
            [
                cut(name),
                f"{part.rows:,}",
                *(_shown(self.metric, s) for s in (part.challenger, part.champion)),
                _shown(self.metric, part.difference, signed=True),
            ]
            for name, part in self._worst_first()
        ]
        if (more := len(lines) - MOST_ROWS) > 0:
            lines[MOST_ROWS:] = [[f"and {more} more slices", "", "", "", ""]]
        about = (
            f"{self.metric} of the challenger (`{self.challenger}`) and of the champion "
            f"(`{self.champion}`), in brackets 95% bootstrap intervals; "
            f"{'higher' if sign(self.metric) > 0 else 'lower'} is better. The difference has the "
            "same draws of rows for both."
        )
        # A name in the data is nobody to be called.
        scores = table(head, lines).replace("@", "@\u200b")
        parts = [MARKER, f"## {self.verdict}", about, scores, " ".join(self.notes)]
        return "\n\n".join(parts) + "\n"

    def _worst_first(self) -> list[tuple[str, Comparison]]:
        """Return the parts, the slices in another order if there is no room for all."""
        if len(self.parts) <= MOST_ROWS:
            return list(self.parts.items())

        def place(part: tuple[str, Comparison]) -> tuple[bool, float]:
            name, ahead = part[0], sign(self.metric) * part[1].difference.value
            return name not in WHOLE, ahead if math.isfinite(ahead) else math.inf

        return sorted(self.parts.items(), key=place)


def compare(folder: Path) -> Compared:
    """Score two models on the validation rows that neither has seen.

    Args:
        folder: another clone of the project, with its model and its validation rows.

    Raises:
        InputError: a file is missing or damaged, or the models do not answer the same question.
    """
    challenger, champion = load(), load(folder)
    require_same_question(challenger.schema, champion.schema)
    rows = tables.read(paths.VALIDATION)
    new = fresh(rows, tables.read(folder / paths.VALIDATION))
    ours = predict(rows, challenger.pipeline, challenger.metadata, challenger.schema)
    theirs = replace(ours, prediction=answers(champion, rows, challenger.schema))
    some = np.flatnonzero(new) if new.any() else np.arange(len(rows))
    name = FRESH if new.any() else EVERY
    parts = {name: _compared(challenger, champion, ours.of(some), theirs.of(some))}
    for label, places in slices(rows.iloc[some], challenger):
        pair = (one.of(some[places]) for one in (ours, theirs))
        parts[label] = _compared(challenger, champion, *pair)
    if new.any() and not new.all():
        parts["all rows"] = _compared(challenger, champion, ours, theirs)
    metric = challenger.params.evaluate.main_metric
    return Compared(
        challenger=challenger.version,
        champion=champion.version,
        metric=metric,
        fresh=int(new.sum()),
        verdict=verdict(metric, parts[name].difference),
        parts=parts,
        notes=notes(challenger, champion, int(new.sum())),
    )


def require_same_question(ours: Schema, theirs: Schema) -> None:
    """Check that two schemas ask for the same prediction, from columns that are here.

    Raises:
        InputError: they do not.
    """
    # Of two classes, the last one is that to predict.
    asked = [
        (one.task, one.target, one.classes[-1:] if one.task == "binary" else [])
        for one in (ours, theirs)
    ]
    if asked[0] != asked[1]:
        raise InputError(
            f"the models cannot be compared: one predicts {ours.target} ({ours.task}), the other "
            f"{theirs.target} ({theirs.task}); compare with a model of the same target and task"
        )
    if lost := [name for name in theirs.features if name not in ours.used]:
        raise InputError(
            f"the other model needs columns that the rows here lack: {', '.join(lost)}; keep them "
            f"in {paths.SCHEMA}, or compare reports instead, with: report --base"
        )
    if gone := set(theirs.classes) - set(ours.classes):
        raise InputError(
            f"the other model knows classes that {paths.SCHEMA} lacks: {', '.join(sorted(gone))}; "
            "keep them there"
        )


def fresh(rows: pd.DataFrame, before: pd.DataFrame) -> np.ndarray:
    """Return true for rows that another table lacks, by the columns of both; shape (n_rows,)."""
    shared = [name for name in rows.columns if name in before.columns]
    return ~np.isin(row_hashes(rows[shared]), row_hashes(before[shared]))


def answers(champion: Bundle, rows: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Let a model predict rows that were prepared by another schema, reading them by its own.

    Returns:
        As `model.predict`, with the classes in the other schema's order.
    """
    own = champion.schema
    typed, _ = conform(rows[[name for name in own.used if name in rows]], _lenient(own))
    found = champion.predict(typed)
    if schema.task != "multiclass":
        return found
    placed = np.zeros((len(rows), len(schema.classes)))
    placed[:, [schema.classes.index(name) for name in own.classes]] = found
    return placed


def slices(rows: pd.DataFrame, challenger: Bundle) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the places of the slices that have rows enough for a score."""
    least = challenger.params.evaluate.min_slice_rows
    for column in challenger.schema.slices:
        values = cells.words(rows[column]).fillna("missing")
        for value, places in sorted(rows.groupby(values).indices.items()):
            if len(places) >= least:
                yield plain(f"{column} {value}"), np.asarray(places)


def verdict(metric: str, difference: Score) -> str:
    """Say which model is better, if the interval of their difference leaves no doubt."""
    if not math.isfinite(difference.low):
        return f"⚪ Which model has the better {metric} cannot be told: too few rows or keys"
    ahead = f"by {_shown(metric, difference, signed=True)}"
    low, high = sorted(sign(metric) * bound for bound in (difference.low, difference.high))
    if low > 0:
        return f"✅ The challenger is better: {metric} differs {ahead}"
    if high < 0:
        return f"❌ The challenger is worse: {metric} differs {ahead}"
    return f"⚪ Which model is better cannot be told: {metric} differs {ahead}"


def notes(challenger: Bundle, champion: Bundle, count: int) -> list[str]:
    """Return what to bear in mind when reading a comparison."""
    said = []
    if not count:
        said.append("There are no fresh rows: the champion's run had all of these, too.")
    splits = [one.params.prepare.split for one in (challenger, champion)]
    keys = [one.schema.key or one.schema.features for one in (challenger, champion)]
    if splits[0] != splits[1] or (splits[0].method == "hash" and keys[0] != keys[1]):
        said.append(
            "The split is another one than the champion's: the champion may have trained on some "
            "of these rows, which flatters it."
        )
    elif splits[0].method == "time":
        said.append(
            "The split is by time: rows that only tested the champion may validate here. Unless "
            "older rows have come in, neither model has trained on any of these."
        )
    else:
        said.append("Neither model has trained on any of these rows.")
    return said


def _compared(
    challenger: Bundle, champion: Bundle, ours: Predictions, theirs: Predictions
) -> Comparison:
    """Score two models on the same rows, and on the same draws of them."""
    params = challenger.params.evaluate
    metric = params.main_metric
    scorers = [
        metrics.scorer(challenger.schema.task, one.y_true, one.prediction, threshold)
        for one, threshold in (
            (ours, params.threshold),
            (theirs, champion.params.evaluate.threshold),
        )
    ]

    def both(weights: np.ndarray) -> np.ndarray:
        return np.stack([one.under(weights[:, one.order])[metric] for one in scorers])

    values = both(ours.weights[None])[:, 0]
    drawn = [np.full((2, 1), np.nan)]
    if ours.groups.max() + 1 >= FEWEST_GROUPS:
        drawn = [
            both(times * ours.weights) for times in draw(ours.groups, params.resamples, params.seed)
        ]
    many = np.concatenate(drawn, axis=1)
    one, other = (Score(float(v), *interval([d])) for v, d in zip(values, many, strict=True))
    difference = Score(float(values[0] - values[1]), *interval([many[0] - many[1]]))
    return Comparison(len(ours.y_true), one, other, difference)


def _lenient(schema: Schema) -> Schema:
    """Return a schema that takes prepared cells as they are: none is a word for missing."""
    return schema.model_copy(update={"missing": [""]})


def _shown(metric: str, score: Score, *, signed: bool = False) -> str:
    if not math.isfinite(score.value):
        return "not scored"

    def number(value: float) -> str:
        return f"{'+' if signed and value > 0 else ''}{shown(metric, value)}"

    bounds = f" [{number(score.low)}, {number(score.high)}]" if math.isfinite(score.low) else ""
    return number(score.value) + bounds
