"""Compare the model of this project (challenger) with that of a clone on the same rows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.data import tables
from tabrail.data.checks import checked
from tabrail.data.cleaning import cleaned
from tabrail.data.conform import conform, usable
from tabrail.data.identity import row_hashes
from tabrail.data.prepare import splitter
from tabrail.data.schema import GROUP, Schema
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.evaluation import slices
from tabrail.evaluation.intervals import drawn
from tabrail.evaluation.metric_list import Scoring, scoring
from tabrail.evaluation.metrics import Metric
from tabrail.evaluation.predictions import Predictions, predict
from tabrail.model.release import Release, load_release
from tabrail.model.scoring import for_scoring
from tabrail.review.comparison import ALL, FRESH, Compared, Comparison, verdict


def compare(
    folder: Path,
    metrics: Sequence[str | Metric] | None = None,
    *,
    untrusted: bool = False,
) -> Compared:
    """Score two models on the test rows that neither has seen.

    Validation rows do not serve, because each model was chosen on them: their scores are too good.
    If the champion's code differs, it gets the raw rows and cleans them itself.

    Args:
        folder: another clone of the project, with its model and its test rows.
        metrics: the project's METRICS; needed if the main metric is one of them.
        untrusted: whether to load model files that were never recorded.

    Raises:
        InputError: a file is missing or damaged, the models predict different things, or there is
            no metric to compare them by.
    """
    challenger = load_release(untrusted=untrusted)
    champion = load_release(folder, untrusted=untrusted)
    require_same_question(challenger.schema, champion.schema)
    by = _scoring(challenger, metrics)
    rows = tables.read(paths.TEST)
    is_fresh = fresh(rows, tables.read(folder / paths.TEST))
    ours = predict(rows, challenger.score, challenger.schema)
    if champion.separate:
        found, scored = predict_raw(champion, raw_rows(challenger), challenger.schema)
    else:
        found = predict_prepared(champion, rows, challenger.schema)
        scored = np.ones(len(rows), dtype=bool)
    theirs = replace(ours, prediction=found)
    is_fresh &= scored
    some = np.flatnonzero(is_fresh if is_fresh.any() else scored)
    name = FRESH if is_fresh.any() else ALL
    parts = {name: _compared(challenger, champion, by, ours.of(some), theirs.of(some))}
    for label, places in _slices(rows.iloc[some], challenger):
        pair = (one.of(some[places]) for one in (ours, theirs))
        parts[label] = _compared(challenger, champion, by, *pair)
    if is_fresh.any() and not is_fresh.all():
        both = np.flatnonzero(scored)
        parts[ALL] = _compared(challenger, champion, by, ours.of(both), theirs.of(both))
    metric = by.metrics.reported(by.name)
    remarks = [
        *filter(None, [by.remark]),
        *remarks_on_rows(challenger, champion, int(is_fresh.sum())),
    ]
    remarks += [f"{line}." for line in set_aside()]
    if lost := int((~scored).sum()):
        remarks.append(f"{lost:,} rows are not compared, because the champion refuses them.")
    return Compared(
        challenger=challenger.version,
        champion=champion.version,
        metric=metric.name,
        fresh=int(is_fresh.sum()),
        verdict=verdict(metric.name, parts[name].difference, metric),
        parts=parts,
        notes=remarks,
        described=metric,
    )


def set_aside() -> list[str]:
    """Return sentences of the stage prepare about lines in data/raw that are not rows."""
    if not paths.DATA_REPORT.exists():
        return []
    content = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    return SetAside.of(content.get("set_aside", [])).text()


def raw_rows(challenger: Release) -> pd.DataFrame:
    """Return the test rows of data/raw, in the order of the prepared table.

    Raises:
        InputError: data/raw is not here.
    """
    schema, params = challenger.schema, challenger.params.prepare
    files, clean = tables.find(paths.RAW), challenger.clean
    split_of = splitter(files, params, schema, clean)
    found = []
    for chunk in checked(files, schema, params.chunk_rows, "rows as they came", clean):
        good = usable(chunk.violations, len(chunk.table)) & ~chunk.repeated
        split = split_of(chunk.table[good], chunk.groups[good])
        found.append(chunk.raw[good][split == "test"])
    return pd.concat(found, ignore_index=True)


def predict_raw(
    champion: Release, raw: pd.DataFrame, schema: Schema
) -> tuple[np.ndarray, np.ndarray]:
    """Clean, check and predict raw rows with the code and schema of their model.

    Returns:
        The predictions, with the classes in the order of the other schema, shape (n_rows,) or
        (n_rows, n_classes). Then a mask of the rows that have a prediction, shape (n_rows,).
    """
    clean_rows = cleaned(raw, champion.clean)
    own = for_scoring(champion.schema)
    table, violations = conform(clean_rows, own)
    good = usable(violations, len(table))
    numbers = in_class_order(champion, champion.predict(table[good]), schema)
    places = raw.index.get_indexer(clean_rows.index[good])
    predictions = np.zeros((len(raw), *numbers.shape[1:]))
    predictions[places] = numbers
    scored = np.zeros(len(raw), dtype=bool)
    scored[places] = True
    return predictions, scored


def _scoring(challenger: Release, metrics: Sequence[str | Metric] | None) -> Scoring:
    """Choose the metric to compare by.

    Raises:
        InputError: neither the main metric nor another metric can be computed.
    """
    evaluation = challenger.evaluation
    main = challenger.params.evaluate.main_metric or evaluation["main_metric"]
    found = scoring(main, challenger.schema, evaluation, metrics)
    if not found.name:
        raise InputError(f"the models cannot be compared: {found.remark}")
    return found


def require_same_question(ours: Schema, theirs: Schema) -> None:
    """Check that two models predict the same thing, from columns that are here.

    Raises:
        InputError: the models cannot be compared.
    """
    # Of two classes, the last one is the positive class.
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
            f"in {paths.SCHEMA}, or compare reports instead; run: uv run tabrail report --base REV"
        )
    if unknown := set(theirs.classes) - set(ours.classes):
        raise InputError(
            f"the other model knows classes that {paths.SCHEMA} lacks: "
            f"{', '.join(sorted(unknown))}; keep them there"
        )


def fresh(rows: pd.DataFrame, before: pd.DataFrame) -> np.ndarray:
    """Return a mask of the rows that another table lacks, by shared columns; shape (n_rows,)."""
    shared = [name for name in rows.columns if name in before.columns and name != GROUP]
    return ~np.isin(row_hashes(rows, shared), row_hashes(before, shared))


def predict_prepared(champion: Release, rows: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Predict rows that were prepared with another schema than the model's.

    Returns:
        The same as `model.predict`, with the classes in the other schema's order.
    """
    own = champion.schema
    # In prepared cells, no text means a missing value.
    present = rows[[name for name in own.used if name in rows]]
    typed, _ = conform(present, own.model_copy(update={"missing": [""]}))
    return in_class_order(champion, champion.predict(typed), schema)


def in_class_order(champion: Release, predictions: np.ndarray, schema: Schema) -> np.ndarray:
    """Return predictions with the classes in the order of another schema."""
    if schema.task != "multiclass":
        return predictions
    found = np.zeros((len(predictions), len(schema.classes)))
    found[:, [schema.classes.index(name) for name in champion.schema.classes]] = predictions
    return found


def _slices(rows: pd.DataFrame, challenger: Release) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the row numbers of each slice with enough rows for a score."""
    least = challenger.params.evaluate.min_slice_rows
    labels = slices.labels(rows, challenger.schema, challenger.derive)
    for column, values in labels.items():
        for value, places in sorted(rows.groupby(values).indices.items()):
            if len(places) >= least:
                yield f"{column} {value}", np.asarray(places)


def remarks_on_rows(challenger: Release, champion: Release, count: int) -> list[str]:
    """Return remarks that a reader of the comparison needs."""
    remarks = []
    if not count:
        remarks.append("There are no fresh rows: the champion's run also had all these rows.")
    splits = [one.params.prepare.split for one in (challenger, champion)]
    keys = [one.schema.key or one.schema.features for one in (challenger, champion)]
    if splits[0] != splits[1] or (splits[0].method == "hash" and keys[0] != keys[1]):
        remarks.append(
            "The split differs from the champion's. The champion may have trained on some of these "
            "rows, which makes its score too good."
        )
    elif splits[0].method == "time":
        remarks.append(
            "The split is by time. Neither model has trained on any of these rows, unless older "
            "rows were added."
        )
    else:
        remarks.append("Neither model has trained on any of these rows.")
    return remarks


def _compared(
    challenger: Release, champion: Release, by: Scoring, ours: Predictions, theirs: Predictions
) -> Comparison:
    """Score two models on the same rows, and on the same draws of them."""
    params = challenger.params.evaluate
    scorers = [
        by.metrics.scorer(one.y_true, one.prediction, threshold, by.name)
        for one, threshold in (
            (ours, params.threshold),
            (theirs, champion.params.evaluate.threshold),
        )
    ]

    one, other = (
        drawn(scorer, ours.weights, ours.groups, params.resamples)[by.name] for scorer in scorers
    )
    return Comparison(len(ours.y_true), one.score(), other.score(), one.less(other).score())
