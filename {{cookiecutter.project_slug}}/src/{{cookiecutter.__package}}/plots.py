"""The tables behind the plots: few points, so that Git keeps them and DVC overlays commits."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.inspection import permutation_importance
from sklearn.metrics import confusion_matrix, get_scorer, precision_recall_curve, roc_curve
from sklearn.pipeline import Pipeline
from tqdm import tqdm

CURVE_POINTS = 200
CALIBRATION_BINS = 10
IMPORTANCE_REPEATS = 5


def roc(truth: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Return the ROC curve, thinned to 200 points."""
    false, true, _ = roc_curve(truth, probability)
    return _thin(pd.DataFrame({"false_positive_rate": false, "true_positive_rate": true}))


def precision_recall(truth: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Return the precision-recall curve, thinned to 200 points, from recall 0 to 1."""
    precision, recall, _ = precision_recall_curve(truth, probability)
    return _thin(pd.DataFrame({"recall": recall[::-1], "precision": precision[::-1]}))


def calibration(truth: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Return the observed share of positives against the predicted one, in tenths of the rows."""
    observed, predicted = calibration_curve(
        truth, probability, n_bins=CALIBRATION_BINS, strategy="quantile"
    )
    return pd.DataFrame({"predicted": predicted, "observed": observed})


def confusion(truth: np.ndarray, probability: np.ndarray, threshold: float) -> pd.DataFrame:
    """Return how many rows of each class are predicted as which."""
    counts = confusion_matrix(truth, probability >= threshold, labels=[0, 1])
    names = ["no", "yes"]
    return pd.DataFrame(
        [
            {"actual": actual, "predicted": predicted, "rows": int(counts[i, j])}
            for i, actual in enumerate(names)
            for j, predicted in enumerate(names)
        ]
    )


def importance(
    pipeline: Pipeline, columns: pd.DataFrame, truth: np.ndarray, scorer: str, seed: int
) -> pd.DataFrame:
    """Return by how much the score falls when a column is shuffled, most important first.

    Source: https://scikit-learn.org/stable/modules/permutation_importance.html

    Args:
        pipeline: the fitted model.
        columns: the rows to score, shape (n_rows, n_features).
        truth: 1 for the positive class, else 0; shape (n_rows,).
        scorer: scikit-learn's name of the score.
        seed: of the shuffles.
    """
    score = get_scorer(scorer)
    calls = 1 + IMPORTANCE_REPEATS * columns.shape[1]
    with tqdm(desc="importance", total=calls, delay=1, leave=False, disable=None) as progress:

        def counted(*call: Any) -> float:
            progress.update()
            return float(score(*call))

        found = permutation_importance(
            pipeline,
            columns,
            truth,
            scoring=counted,
            n_repeats=IMPORTANCE_REPEATS,
            random_state=seed,
        )
    table = pd.DataFrame({"column": columns.columns, "importance": found.importances_mean})
    return table.sort_values(["importance", "column"], ascending=[False, True], ignore_index=True)


def _thin(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep points at equal distances along the curve, its ends among them."""
    if len(curve) <= CURVE_POINTS:
        return curve
    steps = np.hypot(*np.diff(curve.to_numpy(), axis=0).T)
    travelled = np.r_[0, np.cumsum(steps)]
    kept = np.searchsorted(travelled, np.linspace(0, travelled[-1], CURVE_POINTS))
    return curve.iloc[np.unique(np.r_[0, kept.clip(max=len(curve) - 1), len(curve) - 1])]
