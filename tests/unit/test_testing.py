"""The tests that an owner's own code must pass: they say what is wrong, and pass what is right."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from stages import prepare

from tabrail import Project, paths
from tabrail.errors import InputError
from tabrail.features import numbers
from tabrail.project import code
from tabrail.testing import check_model, check_project, check_rowwise, sample_rows

FEATURES, PREPARE = Path("src/shops/features.py"), Path("src/shops/prepare.py")


def rows() -> pd.DataFrame:
    """Return four rows."""
    return pd.DataFrame({"age": [20.0, 40.0, np.nan, 90.0], "city": ["Ulm", "Oslo", None, "Ulm"]})


def model() -> Pipeline:
    """Return the unfitted model of the project that one stands in."""
    code.forget("shops")
    found: Pipeline = code.import_module(Path(), "shops.train").model(Project.load())
    return found


def derive(line: str) -> None:
    """Let the project's derive return something else."""
    text = FEATURES.read_text(encoding="utf-8")
    FEATURES.write_text(text.replace("    return rows\n", f"    return {line}\n"), encoding="utf-8")


def clean(line: str) -> None:
    """Let the project's clean return something else."""
    text = PREPARE.read_text(encoding="utf-8")
    PREPARE.write_text(text.replace("    return rows\n", f"    return {line}\n"), encoding="utf-8")
    code.forget("shops")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda rows: rows.assign(age=rows["age"].fillna(rows["age"].mean())),
            r"row 2, column 'age' is 50\.0 in the whole table and nan alone",
        ),
        (
            lambda rows: rows.assign(new=range(len(rows))),
            r"row 1, column 'new' is 1 .* and 0 alone",
        ),
        (lambda rows: rows.assign(new=len(rows)), r"row 0, column 'new' is 4 .* and 1 alone"),
        (
            lambda rows: rows.drop_duplicates("city"),
            r"row 3 is kept alone and left out in the whole",
        ),
        (
            lambda rows: rows[rows["age"] >= rows["age"].max()],
            r"row 0 is kept alone and left out in the whole table",
        ),
    ],
)
def test_what_is_not_rowwise_is_named(function: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=rf"^<lambda> is not row-wise: {message}"):
        check_rowwise(function, rows())


def test_an_order_that_matters_is_found_where_single_rows_are_not_enough() -> None:
    many = pd.DataFrame({"age": np.arange(100.0)})
    with pytest.raises(AssertionError, match="in a part of the table"):
        check_rowwise(lambda rows: rows.assign(new=len(rows) == 50), many)


def test_a_function_that_changes_its_own_result_is_named() -> None:
    message = (
        r"^<lambda> changes its own result: row 0, column 'age' is 21\.0 when called once and 22"
    )
    with pytest.raises(AssertionError, match=message):
        check_rowwise(lambda rows: rows.assign(age=rows["age"] + 1), rows())

    def shrinks(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(age=rows["age"] - 35)[rows["age"] > 30]

    with pytest.raises(AssertionError, match=r"row 1 is kept when called once and left out when c"):
        check_rowwise(shrinks, rows())


def test_memory_of_earlier_calls_is_found() -> None:
    calls: list[int] = []

    def counts(rows: pd.DataFrame) -> pd.DataFrame:
        calls.append(1)
        return rows.assign(new=len(calls))

    with pytest.raises(AssertionError, match=r"counts is not row-wise: row 0, column 'new' is 1"):
        check_rowwise(counts, rows())


@pytest.mark.parametrize(
    "function",
    [
        lambda rows: rows,
        lambda rows: rows[rows["age"] > 30],
        lambda rows: rows.assign(old=rows["age"] > 30, town=rows["city"].str.upper()),
        lambda rows: rows.iloc[:0],
        lambda rows: rows.assign(city=rows["city"].fillna("none")),
    ],
)
def test_what_is_rowwise_passes(function: Any) -> None:
    check_rowwise(function, rows())
    check_rowwise(function, rows().iloc[:1])


def test_a_new_project_passes(project: Path) -> None:
    for _ in ("before", "after"):
        loaded = Project.load()
        check_project(loaded, model())
        check_model(loaded, model())
        check_rowwise(loaded.clean, sample_rows(loaded, raw=True))
        prepare.main()
    assert not list(Path("models").glob("check*"))


def test_it_can_be_checked_from_another_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfitted = model()
    monkeypatch.chdir("src")
    check_project(Project.load(), unfitted)
    check_model(Project.load(), unfitted)


def test_rows_to_try_are_the_data_or_made_of_the_schema(project: Path) -> None:
    loaded = Project.load()
    raw = sample_rows(loaded, raw=True, count=7)
    assert len(raw) == 7
    assert list(raw) == list(shops())
    assert raw["age"].tolist() == shops()["age"].astype("str").tolist()[:7]  # as they came
    made = sample_rows(loaded)
    assert list(made) == loaded.schema.inputs
    prepare.main()
    assert len(sample_rows(loaded)) == 200
    assert len(sample_rows(loaded, count=3)) == 3
    (paths.RAW / "shops.csv").unlink()
    assert set(sample_rows(loaded, raw=True)) >= set(loaded.schema.features)


def test_a_module_that_dvc_does_not_list_is_named(project: Path) -> None:
    edit(
        paths.PIPELINE,
        lambda p: p["stages"]["train"].update(
            deps=["src/shops/__init__.py", "src/shops/train.py", {"src/shops/prepare.py": None}]
        ),
    )
    with pytest.raises(AssertionError, match=r"add under stages\.train\.deps, .*: src/shops/feat"):
        check_project(Project.load(), model())


def test_a_derived_column_that_nothing_takes_is_named(project: Path) -> None:
    derive("rows.assign(decade=rows['age'] // 10)")
    with pytest.raises(AssertionError, match=r"nothing uses the derived columns decade; name"):
        check_project(Project.load(), model())
    text = FEATURES.read_text(encoding="utf-8")
    taken = text.replace('features_of("numeric", "boolean")', 'features_of("numeric") + ["decade"]')
    FEATURES.write_text(taken, encoding="utf-8")
    check_project(Project.load(), model())
    FEATURES.write_text(text, encoding="utf-8")
    edit(paths.SCHEMA, lambda s: s.update(slices=["decade"]))
    check_project(Project.load(), model())


@pytest.mark.parametrize(
    ("columns", "remainder"),
    [
        (make_column_selector(dtype_include="number"), "drop"),
        (slice(0, None), "drop"),
        ("age", "passthrough"),
        (["age", "decade"], "drop"),
    ],
    ids=["a selector", "places", "the remainder", "names"],
)
def test_a_derived_column_may_be_taken_by_any_way_to_choose_columns(
    project: Path, columns: Any, remainder: str
) -> None:
    derive("rows.assign(decade=rows['age'] // 10)")
    built = model()
    build = ColumnTransformer([("all", "passthrough", columns)], remainder=remainder)
    steps = [(name, step) for name, step in built.steps if not isinstance(step, ColumnTransformer)]
    check_project(Project.load(), Pipeline([steps[0], ("build", build), *steps[1:]]))


def test_a_slice_that_is_neither_in_the_schema_nor_derived_is_named(project: Path) -> None:
    derive("rows.assign(decade=rows['age'] // 10)")
    edit(paths.SCHEMA, lambda s: s.update(slices=["decad"]))
    message = r"slices: no column 'decad' \(did you mean 'decade'\?\).*the model derives: decade$"
    with pytest.raises(AssertionError, match=message):
        check_project(Project.load(), model())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rows.assign(decade=1)", r"shops\.prepare\.clean adds decade"),
        ("rows.drop(columns='city')", r"shops\.prepare\.clean loses city"),
        ("rows.assign(bought=rows['bought'])", r"shops\.prepare\.clean failed: KeyError: 'bought'"),
        ("rows.assign(bought='yes')", r"shops\.prepare\.clean adds bought"),
        ("rows.reset_index(drop=True)[::2].reset_index()", "adds index"),
        ("None", "returned a NoneType"),
    ],
)
def test_a_clean_that_cannot_serve_is_named(line: str, message: str, project: Path) -> None:
    clean(line)
    with pytest.raises(AssertionError, match=message):
        check_project(Project.load(), model())


def test_a_clean_that_fails_for_numbers_of_a_request_is_named(project: Path) -> None:
    clean("rows.assign(age=rows['age'].str.replace('[^0-9.-]', '', regex=True))")
    with pytest.raises(AssertionError, match=r"only use .str accessor.*rows as a request has them"):
        check_project(Project.load(), model())


def test_a_clean_that_leaves_numbers_alone_is_fine(project: Path) -> None:
    clean("rows.assign(age=rows['age'].replace('[^0-9.-]', '', regex=True))")
    check_project(Project.load(), model())


def test_metrics_must_be_a_list(project: Path) -> None:
    text = paths.PROJECT.read_text(encoding="utf-8")
    paths.PROJECT.write_text(f'{text}metrics = "shops.evaluate:main"\n', encoding="utf-8")
    with pytest.raises(AssertionError, match=r"shops\.evaluate:main is not a list of metrics"):
        check_project(Project.load(), model())
    paths.PROJECT.write_text(f'{text}metrics = "shops.evaluate:METRIX"\n', encoding="utf-8")
    with pytest.raises(AssertionError, match="has no 'METRIX'"):
        check_project(Project.load(), model())


def with_step(function: Any) -> Pipeline:
    """Return a model with a function of its own."""
    columns = ColumnTransformer([("numbers", numbers(), ["age"])])
    steps = [("own", FunctionTransformer(function)), ("columns", columns)]
    return Pipeline([*steps, ("estimator", LogisticRegression())])


def feature(line: str) -> None:
    """Let the project's derive add a number that its model takes."""
    derive(line)
    text = FEATURES.read_text(encoding="utf-8")
    taken = text.replace('features_of("numeric", "boolean")', 'features_of("numeric") + ["new"]')
    FEATURES.write_text(f"import numpy as np\n{taken}", encoding="utf-8")


def test_a_ratio_that_is_infinite_at_a_limit_is_a_missing_number(project: Path) -> None:
    feature("rows.assign(new=rows['income'] / rows['age'])")
    edit(paths.SCHEMA, lambda s: s["columns"]["age"].update(min=0))
    check_project(Project.load(), model())
    check_model(Project.load(), model())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "rows.assign(new=rows['age'].map(lambda age: 1 / int(age)))",
            "whose age is 0, the min .*: ZeroDivisionError: division by zero; change the feature",
        ),
        (
            "rows.assign(new=np.array([2.0**age for age in rows['age']]))",
            "whose age is 5000, the max .*: OverflowError: ",
        ),
    ],
)
def test_a_limit_that_the_model_cannot_score_is_named(
    line: str, message: str, project: Path
) -> None:
    edit(paths.SCHEMA, lambda s: s["columns"]["age"].update(min=0, max=5000))
    edit_distributions = {"columns": {"age": {"values": [20.0, 40.0]}}, "dates": {}}
    paths.DISTRIBUTIONS.parent.mkdir(exist_ok=True)
    paths.DISTRIBUTIONS.write_text(json.dumps(edit_distributions), encoding="utf-8")
    feature(line)
    with pytest.raises(AssertionError, match=f"cannot score a row {message}"):
        check_model(Project.load(), model())


def test_a_lambda_in_the_model_is_refused_with_a_sentence(project: Path) -> None:
    FEATURES.write_text(FEATURES.read_text(encoding="utf-8") + "\n\nhidden = lambda rows: rows\n")
    hidden = code.import_module(Path(), "shops.features").hidden
    for function in (lambda rows: rows, hidden):
        with pytest.raises(InputError, match=r"the model cannot be stored|cannot be stored safely"):
            check_model(Project.load(), with_step(function))
    assert not list(Path("models").glob("check*"))


def test_a_function_that_is_only_imported_there_is_refused_with_what_to_do(project: Path) -> None:
    model = with_step(None)
    model.steps.insert(2, ("foreign", FunctionTransformer(np.nan_to_num)))
    with pytest.raises(InputError, match=r"it holds numpy\.nan_to_num.*add them to trusted under"):
        check_model(Project.load(), model)


def test_a_function_that_is_defined_there_passes(project: Path) -> None:
    text = FEATURES.read_text(encoding="utf-8")
    FEATURES.write_text(f"{text}\n\ndef same(rows):\n    return rows\n", encoding="utf-8")
    same = code.import_module(Path(), "shops.features").same
    check_model(Project.load(), with_step(same))
