"""Tests that a project's own code must pass."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.data import tables
from tabrail.data.cleaning import cleaned
from tabrail.errors import InputError
from tabrail.evaluation.slices import require_known
from tabrail.model import file, reference
from tabrail.model.derived import finite, finite_inside, first_steps
from tabrail.model.failing import failing_limit
from tabrail.model.predict import predict
from tabrail.model.saving import describe
from tabrail.project import code, pipeline
from tabrail.project.project import PREPARED, Project

__all__ = ["check_model", "check_project", "check_rowwise", "sample_rows"]

ROWS = 200
ALONE = 25  # rows to try one by one
AGAIN = "when called on its own result"
COPIES = 8  # of the reference rows, to fit a model on

Function = Callable[[pd.DataFrame], pd.DataFrame]


def sample_rows(project: Project, *, raw: bool = False, count: int = ROWS) -> pd.DataFrame:
    """Return some rows of the project's data to try code on.

    If the data is not on this machine, the rows are made from schema.yaml and
    reports/distributions.json.

    Args:
        project: the project.
        raw: whether to return rows as they came in data/raw, instead of prepared ones.
        count: the most rows to return.

    Returns:
        Raw rows with all their columns, or prepared rows with the features, at most `count`.

    Raises:
        InputError: there is no data and no report, or a file is damaged.
    """
    schema = project.schema
    if raw and any((project.root / paths.RAW).rglob("*.*")):
        path = tables.find(project.root / paths.RAW)[0]
        names = tables.columns(path, schema.csv)
        return next(tables.read_chunks(path, schema, count, names))
    prepared = project.root / PREPARED["train"]
    if not raw and prepared.exists():
        return tables.read(prepared, schema.inputs).head(count)
    made = reference.rows(schema, _distributions(project))
    return pd.DataFrame(made) if raw else reference.table(made, schema)[schema.inputs]


def check_rowwise(function: Function, rows: pd.DataFrame) -> None:
    """Check that a function's result for a row depends on that row alone.

    The result for a row must be the same in the whole table, in a part of it, alone, in another
    order, and on a second call. The function must not change its own result, because rows from the
    prediction log have been cleaned already.

    Args:
        function: such as `clean` or `derive`; it gets and returns a DataFrame.
        rows: rows to try it on, n_rows of them.

    Raises:
        AssertionError: the result differs. The message names the first row and column, and both
            values.

    Example:
        >>> import pandas as pd
        >>> from tabrail.testing import check_rowwise
        >>> rows = pd.DataFrame({"age": [20.0, 40.0, 90.0]})
        >>> check_rowwise(lambda rows: rows.assign(age=rows["age"].clip(upper=80)), rows)
        >>> check_rowwise(lambda rows: rows.assign(age=rows["age"] - rows["age"].mean()), rows)
        Traceback (most recent call last):
        ...
        AssertionError: <lambda> is not row-wise: row 0, column 'age' is -30.0 in the whole table \
and 0.0 alone; the result for a row must depend on that row alone
    """
    whole = function(rows.copy())
    half = len(rows) // 2
    parts = {
        "when called again": [rows],
        "in reverse order": [rows.iloc[::-1]],
        "in a part of the table": [rows.iloc[:half], rows.iloc[half:]],
        "alone": [rows.iloc[[place]] for place in range(min(len(rows), ALONE))],
    }
    for how in ("alone", "in a part of the table", "in reverse order", "when called again"):
        for part in parts[how]:
            if len(part):
                _compare(function, whole, function(part.copy()), part.index, how)
    if set(whole.columns) == set(rows.columns):
        _compare(function, whole, function(whole.copy()), whole.index, AGAIN)


def _compare(
    function: Function, whole: pd.DataFrame, found: pd.DataFrame, index: pd.Index, how: str
) -> None:
    """Compare the rows of a part with the same rows of the whole table."""
    name = getattr(function, "__name__", "the function")
    wrong, where = "is not row-wise", "in the whole table"
    advice = "the result for a row must depend on that row alone"
    if how == AGAIN:
        wrong, where = "changes its own result", "when called once"
        advice = "rows that come back from the prediction log have been cleaned already"
    for row in index:
        if (row in whole.index) != (row in found.index):
            kept, lost = (where, how) if row in whole.index else (how, where)
            raise AssertionError(
                f"{name} {wrong}: row {row} is kept {kept} and left out {lost}; {advice}"
            )
    shared = [row for row in index if row in found.index]
    for column in whole.columns:
        before, after = whole.loc[shared, column], found.loc[shared, column]
        differs = ~((before == after) | (before.isna() & after.isna())).to_numpy(dtype=bool)
        if differs.any():
            place = int(np.flatnonzero(differs)[0])
            raise AssertionError(
                f"{name} {wrong}: row {shared[place]}, column {column!r} is "
                f"{before.iloc[place]!s} {where} and {after.iloc[place]!s} {how}; "
                f"{advice}"
            )


def check_project(project: Project, model: Pipeline) -> None:
    """Check that the project's own parts fit together.

    These are the checks: `clean` keeps the columns, even if those that only training needs are
    absent. dvc.yaml lists every module that a stage imports. `metrics` is a list. The model or a
    slice uses every column that the model's first steps add. Every column of `slices` exists.

    Args:
        project: the project.
        model: the unfitted model.

    Raises:
        AssertionError: a check fails. The message says which, and what to do.
    """
    try:
        raw = sample_rows(project, raw=True)
        cleaned(raw, project.clean)
        needless = [name for name in raw.columns if name not in project.schema.inputs]
        cleaned(raw.drop(columns=needless), project.clean)
        _check_request(project)
        if project.settings.metrics and not isinstance(project.metrics, (list, tuple)):
            raise AssertionError(f"{project.settings.metrics} is not a list of metrics")
    except InputError as error:
        raise AssertionError(str(error)) from error
    for stage in pipeline.stages(root=project.root):
        _check_stage(project, stage)
    _check_derived(project, model)


def _check_request(project: Project) -> None:
    """Check that `clean` takes rows as a request has them.

    Raises:
        AssertionError: it does not.
    """
    rows, columns = sample_rows(project), project.schema.columns
    for name in rows.columns.intersection(list(columns)):
        if columns[name].kind == "boolean":
            words = rows[name].map({0.0: False, 1.0: True})
            rows[name] = words.astype("boolean" if columns[name].nullable else "bool")
        elif columns[name].kind == "datetime":
            rows[name] = rows[name].dt.strftime(columns[name].format or "%Y-%m-%d").astype("str")
    try:
        cleaned(rows, project.clean)
    except InputError as error:
        raise AssertionError(
            f"{error}. This happens with rows as a request has them: numbers come as numbers, and "
            "have no .str. A line that only changes text is: rows[NAME].replace(PATTERN, TEXT, "
            "regex=True)"
        ) from error


def _check_stage(project: Project, stage: str) -> None:
    """Check that dvc.yaml lists the modules that a stage imports."""
    modules = [f"{project.settings.package}.{stage}"]
    imported = code.imported_files(project.root, modules)
    missing = pipeline.unlisted(stage, imported, project.root)
    assert not missing, (  # noqa: S101
        f"dvc.yaml: add under stages.{stage}.deps, so that a change reruns the stage: "
        f"{', '.join(missing)}"
    )


def _check_derived(project: Project, model: Pipeline) -> None:
    """Check that every column that the model's first steps add is used, and that slices exist."""
    rows, steps = sample_rows(project), first_steps(model)
    derived = rows if steps is None else finite(steps.fit_transform(rows))
    new = [name for name in derived.columns if name not in rows.columns]
    try:
        require_known(project.schema, new)
    except InputError as error:
        raise AssertionError(str(error)) from error
    used = {*project.schema.slices, *_taken(model, derived)}
    unused = [name for name in new if name not in used]
    assert not unused, (  # noqa: S101
        f"nothing uses the derived columns {', '.join(unused)}; name them in build, beside the "
        "columns of their kind"
    )


def _taken(model: Pipeline, rows: pd.DataFrame) -> set[str]:
    """Return the names of the columns that the model's ColumnTransformer takes.

    Args:
        model: the model, fitted or not.
        rows: the input of the ColumnTransformer.
    """
    taken: set[str] = set()
    for step in model.named_steps.values():
        if not isinstance(step, ColumnTransformer):
            continue
        if step.remainder != "drop":
            return set(rows.columns)
        for _, _, columns in step.transformers:
            # A callable such as make_column_selector() may choose them; they may be positions, too.
            chosen: Any = columns(rows) if callable(columns) else columns
            names: Any = [chosen] if isinstance(chosen, (str, int)) else chosen
            is_named = not isinstance(names, slice) and all(isinstance(one, str) for one in names)
            taken.update(names if is_named else rows.columns[names])
    return taken


def check_model(project: Project, model: Pipeline) -> None:
    """Check that a model can be fitted, saved and loaded, and then predicts the same.

    The model is fitted on a few rows that are made from schema.yaml and reports/distributions.json.
    It must also score a row whose number is the `min` or the `max` of its column in schema.yaml.

    Args:
        project: the project.
        model: the unfitted model.

    Raises:
        AssertionError: the loaded model gives other predictions, or it cannot score a limit.
        InputError: the model holds a type that is not safe to load.
    """
    schema = project.schema
    made = reference.rows(schema, _distributions(project)) * COPIES
    rows = reference.table(made, schema)[schema.inputs]
    y_true: np.ndarray = np.arange(len(rows)) % max(2, len(schema.classes))
    with finite_inside(model):
        model.fit(rows, y_true.astype(np.float64) if schema.task == "regression" else y_true)
    metadata = describe(project, model, schema.classes, len(rows))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, paths.MODEL.name)
        path.write_bytes(file.dump(model, metadata, project.root))
        loaded, _ = file.load(path, project.root)
    same = np.array_equal(
        predict(model, metadata, rows, schema), predict(loaded, metadata, rows, schema)
    )
    assert same, "the model gives other predictions after it was saved and loaded"  # noqa: S101
    failing = failing_limit(lambda row: predict(loaded, metadata, row, schema), rows, schema)
    assert not failing, failing  # noqa: S101


def _distributions(project: Project) -> dict[str, Any]:
    """Return the distributions of the columns in training; nothing before the first run."""
    path = project.root / paths.DISTRIBUTIONS
    if not path.exists():
        return {"columns": {}}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
