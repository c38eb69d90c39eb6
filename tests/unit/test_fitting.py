"""What is held out while a model learns is never a part of a group."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, TargetEncoder

from tabrail.errors import InputError
from tabrail.features import FoldsByGroup, numbers, target_mean
from tabrail.model.fitting import fit
from tabrail.project.project import Split

GROUPS, ROWS = 60, 5


def rows(*, weights: np.ndarray | None = None, grouped: bool = True, seed: int = 0) -> Split:
    """Return rows whose column `group` has the number of their group."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(GROUPS), ROWS)
    table = pd.DataFrame(
        {
            "group": group.astype(np.float64),
            "number": random.normal(size=len(group)),
            "city": pd.Series(random.integers(0, 9, len(group))).astype("str"),
        }
    )
    y_true = (random.random(len(group)) < 0.3 + 0.4 * (group % 2)).astype(int)
    known = group if grouped else np.arange(len(group))
    return Split(table, table, y_true, ["no", "yes"], weights, known.astype(np.uint64))


def model(estimator: Any) -> Pipeline:
    """Return a model that encodes the city and hands on the numbers, the group's first."""
    columns = ColumnTransformer(
        [("numbers", "passthrough", ["group", "number"]), ("city", target_mean("binary"), ["city"])]
    )
    return Pipeline([("columns", columns), ("estimator", estimator)])


def test_an_infinite_derived_number_is_a_missing_one_in_training() -> None:
    def ratio(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(ratio=1 / table["group"], number=-1 / table["group"])

    columns = ColumnTransformer([("numbers", numbers(), ["ratio", "number"])])
    steps = [("derive", FunctionTransformer(ratio)), ("columns", columns)]
    found = fit(Pipeline([*steps, ("estimator", LogisticRegression())]), rows())
    assert [name for name, _ in found.steps] == ["derive", "columns", "estimator"]
    imputer = found.named_steps["columns"].named_transformers_["numbers"][0]
    ratios = 1 / np.repeat(np.arange(1, GROUPS), ROWS)
    np.testing.assert_allclose(imputer.statistics_, [np.median(ratios), -np.median(ratios)])
    assert imputer.indicator_.features_.tolist() == [0, 1]


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what boosting is given, and let it only seem to learn."""
    given: list[dict[str, Any]] = []

    def pretend(boosting: Any, X: np.ndarray, y: np.ndarray, **others: Any) -> Any:
        given.append({"X": X, "y": y, **others})
        return boosting

    for kind in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
        monkeypatch.setattr(kind, "fit", pretend)
    return given


@pytest.mark.parametrize("count", [2, 5, 60, 100])
def test_folds_take_no_group_apart(count: int) -> None:
    train = rows()
    seen = np.zeros(len(train.rows), dtype=int)
    folds = list(FoldsByGroup(count, seed=3).split(train.rows, train.y_true, train.groups))
    assert len(folds) == min(count, GROUPS)
    for kept, held in folds:
        assert not set(train.groups[kept]) & set(train.groups[held])
        seen[held] += 1
    assert (seen == 1).all()


def test_without_groups_folds_are_of_single_rows() -> None:
    folds = list(FoldsByGroup(5, seed=0).split(np.zeros(10)))
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(10))
    assert [len(held) for _, held in folds] == [2] * 5


def test_rows_of_one_group_cannot_be_held_out() -> None:
    with pytest.raises(InputError, match="of one group"):
        list(FoldsByGroup(5, seed=0).split(np.zeros(10), None, np.zeros(10)))


def test_the_mean_of_a_category_is_that_of_other_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Any] = []
    split = FoldsByGroup.split

    def watched(folds: FoldsByGroup, X: Any, y: Any = None, groups: Any = None) -> Any:
        used.append(groups)
        return split(folds, X, y, groups)

    monkeypatch.setattr(FoldsByGroup, "split", watched)
    train = rows()
    fit(model(LogisticRegression()), train)
    assert used
    assert all((groups == train.groups).all() for groups in used)


@pytest.mark.parametrize("kind", [HistGradientBoostingClassifier, HistGradientBoostingRegressor])
@pytest.mark.parametrize("weighted", [False, True])
def test_boosting_stops_by_whole_groups(
    kind: Any, weighted: bool, stopping: list[dict[str, Any]]
) -> None:
    weights = np.arange(GROUPS * ROWS) + 1.0 if weighted else None
    fit(model(kind(early_stopping=True)), rows(weights=weights))
    (given,) = stopping
    kept, held = (set(given[name][:, 0]) for name in ("X", "X_val"))
    assert kept | held == set(range(GROUPS))
    assert not kept & held
    assert 0.05 < len(given["y_val"]) / (GROUPS * ROWS) < 0.15  # validation_fraction is a tenth
    if weights is not None:
        assert set(given["sample_weight"]) | set(given["sample_weight_val"]) == set(weights)
        assert len(given["sample_weight_val"]) == len(given["y_val"])
    else:
        assert not {"sample_weight", "sample_weight_val"} & set(given)


@pytest.mark.parametrize(
    ("options", "grouped"),
    [
        ({"early_stopping": "auto"}, True),  # so few rows are all learned from
        ({"early_stopping": False}, True),
        ({"early_stopping": True, "validation_fraction": None}, True),
        ({"early_stopping": True}, False),
    ],
)
def test_nothing_else_changes(
    options: dict[str, Any], grouped: bool, stopping: list[dict[str, Any]]
) -> None:
    fit(model(HistGradientBoostingClassifier(**options)), rows(grouped=grouped))
    assert len(stopping[0]["X"]) == GROUPS * ROWS
    assert "X_val" not in stopping[0]


def test_a_class_that_only_one_group_has_is_learned(stopping: list[dict[str, Any]]) -> None:
    train = rows()
    train.y_true[:] = train.groups == 7
    fit(model(HistGradientBoostingClassifier(early_stopping=True)), train)
    assert set(stopping[0]["y"]) == {0, 1}


def test_a_class_in_every_group_that_could_be_held_out_is_named() -> None:
    train = rows()
    train.groups[:] = train.groups < GROUPS / 2
    train.y_true[:] = train.groups
    with pytest.raises(InputError, match="set early_stopping: false"):
        fit(model(HistGradientBoostingClassifier(early_stopping=True)), train)


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier(early_stopping=True),
        GradientBoostingClassifier(n_iter_no_change=3),
        CalibratedClassifierCV(LogisticRegression()),
        LogisticRegressionCV(cv=3, use_legacy_attributes=False, l1_ratios=(0.0,)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_estimator_that_holds_out_single_rows_is_refused(estimator: Any) -> None:
    with pytest.raises(InputError, match="parts of groups"):
        fit(model(estimator), rows())
    fit(
        model(estimator.set_params(max_iter=1) if hasattr(estimator, "max_iter") else estimator),
        rows(grouped=False),
    )


def test_nothing_of_it_is_left_in_the_model() -> None:
    boosting = HistGradientBoostingClassifier(early_stopping=True)
    fitted = fit(model(boosting), rows(weights=np.ones(GROUPS * ROWS)))
    assert type(fitted[-1]) is HistGradientBoostingClassifier
    assert "_metadata_request" not in vars(fitted[-1])
    encoder = fitted[0].named_transformers_["city"]
    assert isinstance(encoder, TargetEncoder)
    assert vars(encoder.cv) == {"n_splits": 5, "seed": 0}


def test_an_error_leaves_the_model_as_it_was() -> None:
    train = rows()
    broken = Split(train.rows, train.rows, train.y_true[:-1], [], None, train.groups)
    boosting = HistGradientBoostingClassifier(early_stopping=True)
    with pytest.raises(ValueError, match="inconsistent"):
        fit(model(boosting), broken)
    assert type(boosting) is HistGradientBoostingClassifier


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        CalibratedClassifierCV(LogisticRegression()),
        BaggingClassifier(LogisticRegression(), n_estimators=5, random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_weights_count_also_where_another_step_could_take_them(estimator: Any) -> None:
    scaled = ColumnTransformer(
        [("numbers", StandardScaler(), ["number"]), ("city", target_mean("binary"), ["city"])]
    )
    train = rows(weights=np.where(rows().y_true == 1, 5.0, 1.0), grouped=False)
    means = []
    plain = Pipeline([("columns", clone(scaled)), ("last", clone(estimator))])
    plain.fit(train.rows, train.y_true, last__sample_weight=train.weights)
    for split in (train, rows(grouped=False)):
        fitted = fit(Pipeline([("columns", clone(scaled)), ("last", clone(estimator))]), split)
        means.append(fitted.predict_proba(train.rows)[:, 1].mean())
        assert "_metadata_request" not in vars(fitted[-1])
    assert means[0] > means[1] + 0.2
    assert means[0] == pytest.approx(plain.predict_proba(train.rows)[:, 1].mean(), abs=0.01)
