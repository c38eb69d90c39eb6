"""Stage 3: score the model on validation and test, beside a baseline, overall and per slice."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from tqdm import tqdm

from . import model, model_card, params, paths, plots, schema, tables
from .documents import write_csv, write_json, write_text
from .errors import run_stage
from .metrics import METRICS, BinaryScores, Score, score
from .split import row_hashes

SCORERS = {"log_loss": "neg_log_loss", "brier": "neg_brier_score"}


def main() -> None:
    """Read the model and the prepared tables; write metrics, plots and the model card.

    Raises:
        InputError: a file is missing, damaged or not trusted.
    """
    knobs, contract = params.load(), schema.load()
    pipeline, facts = model.load(paths.MODEL)
    base_rate = _base_rate(contract)
    results: dict[str, Any] = {}
    with tqdm(desc="evaluate", total=3, unit=" steps", delay=1, disable=None) as progress:
        for split, path in {"validation": paths.VALIDATION, "test": paths.TEST}.items():
            table = tables.read(path)
            truth = schema.positive(table[contract.target], contract)
            probability = pipeline.predict_proba(table[contract.features])[:, 1]
            entities = _entities(table, contract)
            results[split] = {
                "metrics": _metrics(truth, probability, base_rate, entities, knobs.evaluate),
                "slices": _slices(table, truth, probability, entities, contract, knobs.evaluate),
            }
            if split == "validation":
                curves = {
                    "roc": plots.roc(truth, probability),
                    "precision_recall": plots.precision_recall(truth, probability),
                    "calibration": plots.calibration(truth, probability),
                    "confusion": plots.confusion(truth, probability, knobs.evaluate.threshold),
                }
                validation = table.assign(**{contract.target: truth})
            progress.update()
        curves["importance"] = _importance(pipeline, validation, contract, knobs.evaluate)
        progress.update()
    write_json(paths.METRICS, _flat(results))
    write_json(paths.EVALUATION, results)
    for name, curve in curves.items():
        write_csv(paths.PLOTS / f"{name}.csv", curve)
    data = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    card = model_card.render(knobs, contract, facts, data, results, curves["importance"])
    write_text(paths.MODEL_CARD, card)
    print(_summary(results, knobs.evaluate.main_metric))


def _base_rate(contract: schema.Schema) -> float:
    """Return what the baseline says of every row: the share of positives in training."""
    table = tables.read(paths.TRAIN, [contract.target])
    truth = schema.positive(table[contract.target], contract)
    baseline = DummyClassifier(strategy="prior").fit(np.zeros((len(truth), 1)), truth)
    return float(baseline.predict_proba([[0]])[0, 1])


def _entities(table: pd.DataFrame, contract: schema.Schema) -> np.ndarray:
    """Number the entities of a table: the rows' keys, or the rows themselves without a key."""
    if not contract.key:
        return np.arange(len(table))
    return pd.factorize(row_hashes(table[contract.key]))[0]


def _metrics(
    truth: np.ndarray,
    probability: np.ndarray,
    base_rate: float,
    entities: np.ndarray,
    knobs: params.Evaluate,
) -> dict[str, dict[str, float]]:
    """Return every metric of the model and of the baseline, with intervals."""
    both = {
        "": BinaryScores(truth, probability, knobs.threshold),
        "baseline_": BinaryScores(truth, np.full(len(truth), base_rate), knobs.threshold),
    }
    metrics: dict[str, dict[str, float]] = {name: {} for name in METRICS}
    for prefix, scores in both.items():
        found = score(scores, list(METRICS), entities, knobs.resamples, knobs.seed)
        for name, result in found.items():
            for bound, number in asdict(result).items():
                metrics[name][f"{prefix}{bound}"] = number
    return metrics


def _slices(
    table: pd.DataFrame,
    truth: np.ndarray,
    probability: np.ndarray,
    entities: np.ndarray,
    contract: schema.Schema,
    knobs: params.Evaluate,
) -> dict[str, dict[str, dict[str, float | int]]]:
    """Return the main metric for each value of the slice columns, with row counts."""
    slices: dict[str, dict[str, dict[str, float | int]]] = {}
    for column in contract.slices:
        slices[column] = {}
        for value, rows in sorted(table.groupby(column).indices.items()):
            result = Score(np.nan, np.nan, np.nan)
            if len(rows) >= knobs.min_slice_rows:
                scores = BinaryScores(truth[rows], probability[rows], knobs.threshold)
                numbered = pd.factorize(entities[rows])[0]
                found = score(scores, [knobs.main_metric], numbered, knobs.resamples, knobs.seed)
                result = found[knobs.main_metric]
            counts = {"rows": len(rows), "positive": int(truth[rows].sum())}
            slices[column][str(value)] = {**counts, **asdict(result)}
    return slices


def _importance(
    pipeline: Any, validation: pd.DataFrame, contract: schema.Schema, knobs: params.Evaluate
) -> pd.DataFrame:
    rows = validation.sample(min(len(validation), knobs.importance_rows), random_state=knobs.seed)
    scorer = SCORERS.get(knobs.main_metric, knobs.main_metric)
    truth = rows[contract.target].to_numpy()
    return plots.importance(pipeline, rows[contract.features], truth, scorer, knobs.seed)


def _flat(results: dict[str, Any]) -> dict[str, float]:
    """Return the values alone: few enough for a glance at `dvc metrics diff`."""
    return {
        f"{split}.{name}": numbers["value"]
        for split, result in results.items()
        for name, numbers in result["metrics"].items()
    }


def _summary(results: dict[str, Any], metric: str) -> str:
    numbers = results["validation"]["metrics"][metric]
    return (
        f"validation {metric}: {numbers['value']:.3f} "
        f"(95% interval {numbers['low']:.3f} to {numbers['high']:.3f}; "
        f"baseline {numbers['baseline_value']:.3f})"
    )


if __name__ == "__main__":
    run_stage(main)
