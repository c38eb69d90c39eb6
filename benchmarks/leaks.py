"""What a model learns where rows of one group are alike: folds of rows against folds of groups."""

import numpy as np
import pandas as pd
from common.measure import say
from common.results import Row, show
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline

from tabrail import Split, fit
from tabrail.features import target_mean

GROUPS, ROWS, CATEGORIES = 400, 10, 1_000
RUNS = 10


def rows(random: np.random.Generator, effects: np.ndarray) -> Split:
    """Return rows of new groups: of one category and with an effect of their own, and a number."""
    category = random.integers(0, CATEGORIES, GROUPS)
    number = random.normal(size=GROUPS * ROWS)
    of_group = 1.5 * random.normal(size=GROUPS) + 0.7 * effects[category]
    logit = of_group.repeat(ROWS) + 0.7 * number
    y_true = (random.random(GROUPS * ROWS) < 1 / (1 + np.exp(-logit))).astype(int)
    table = pd.DataFrame(
        {
            "category": pd.Series(category.repeat(ROWS)).astype(str),
            "number": number,
        }
    )
    groups = np.arange(GROUPS, dtype=np.uint64).repeat(ROWS)
    return Split(table, table, y_true, ["no", "yes"], None, groups)


def model() -> Pipeline:
    """Return a model with two places where rows are held out while it learns."""
    columns = [
        ("category", target_mean("binary"), ["category"]),
        ("number", "passthrough", ["number"]),
    ]
    boosting = HistGradientBoostingClassifier(early_stopping=True, max_iter=300, random_state=0)
    return Pipeline([("columns", ColumnTransformer(columns)), ("estimator", boosting)])


def main() -> None:
    """Train by rows and by groups, and score both on groups that neither has seen."""
    say(f"training {2 * RUNS} models")
    found: dict[str, list[tuple[float, float]]] = {"rows": [], "groups": []}
    for run in range(RUNS):
        random = np.random.default_rng(run)
        effects = random.normal(size=CATEGORIES)
        train, new = rows(random, effects), rows(random, effects)
        alone = np.arange(GROUPS * ROWS, dtype=np.uint64)
        by_row = Split(train.table, train.rows, train.y_true, train.classes, None, alone)
        for name, split in (("rows", by_row), ("groups", train)):
            probability = fit(model(), split).predict_proba(new.rows)[:, 1]
            found[name].append(
                (roc_auc_score(new.y_true, probability), log_loss(new.y_true, probability))
            )
    means = {name: np.mean(scores, axis=0) for name, scores in found.items()}
    show(
        f"New groups, after {GROUPS} groups of {ROWS} rows with {CATEGORIES:,} categories",
        [
            Row(f"{metric}, folds of {name}", float(means[name][place]), "")
            for place, metric in enumerate(("AUC", "log loss (a coin: 0.693)"))
            for name in means
        ],
    )


if __name__ == "__main__":
    main()
