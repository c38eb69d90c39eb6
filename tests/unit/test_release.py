"""A model is loaded with all that belongs to it, and only if it says what it said before."""

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from conftest import edit
from trained import stand_in

from tabrail import paths
from tabrail.data.conform import conform
from tabrail.data.schema import Task, load_schema
from tabrail.errors import InputError
from tabrail.model import reference
from tabrail.model.release import load_release
from tabrail.model.scoring import for_scoring


@pytest.fixture(params=get_args(Task))
def task(request: pytest.FixtureRequest, project: Path) -> Task:
    """Stand in a trained project of each task."""
    stand_in(request.param, project)
    return request.param


def test_a_folder_has_a_model_with_all_that_belongs_to_it(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path.cwd()
    monkeypatch.chdir("/")
    found = load_release(here)
    assert found.schema.task == task
    assert found.version.startswith("md5:")
    assert found.card.startswith("# Model card: Shops")
    assert found.params.card.title == "Shops"


def test_reference_rows_conform_and_go_through_the_range_of_a_column(task: Task) -> None:
    schema = load_schema()
    known = json.loads(paths.DISTRIBUTIONS.read_text(encoding="utf-8"))
    rows = reference.rows(schema, known)
    table, violations = conform(reference.table(rows, schema), for_scoring(schema))
    assert violations == []
    assert len(table) == reference.ROWS == len(table.drop_duplicates())
    ages = known["columns"]["age"]["values"]
    assert (table["age"].min(), table["age"].max()) == (ages[0], ages[-1])
    assert json.loads(json.dumps(rows)) == rows
    typical = reference.table([reference.typical(schema, known)], schema)
    assert abs(typical["age"].iloc[0] - np.median(ages)) < 10


def test_a_contract_without_distributions_has_reference_rows_too(project: Path) -> None:
    def sparse(content: dict[str, dict[str, dict[str, object]]]) -> None:
        content["columns"]["age"] = {"kind": "numeric", "max": 3}
        content["columns"]["seen"] = {"kind": "datetime", "format": "%d.%m.%Y"}
        content["columns"]["city"] = {"kind": "categorical", "categories": ["NO", "Oslo", "Ulm"]}

    edit(Path("schema.yaml"), sparse)
    schema = load_schema()
    table = reference.table(reference.rows(schema, {"columns": {}}), schema)
    assert table["age"].between(3, 4).all() or (table["age"] <= 3).all()
    assert table["seen"].notna().all()
    assert set(table["city"]) == {"NO", "Oslo", "Ulm"}


def test_reference_rows_are_the_same_beside_a_sensitive_column(project: Path) -> None:
    before = reference.rows(load_schema(), {"columns": {}})
    edit(Path("schema.yaml"), lambda content: content["columns"]["age"].update(sensitive=True))
    after = reference.rows(load_schema(), {"columns": {}})
    assert after == [{name: row[name] for name in row if name != "age"} for row in before]


def test_a_model_that_says_something_else_is_not_loaded(task: Task) -> None:
    content = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    first = np.asarray(content["reference"], dtype=float)
    content["reference"] = (first + 0.001 * np.abs(first).max()).tolist()
    paths.EVALUATION.write_text(json.dumps(content), encoding="utf-8")
    message = r"differ from those of its evaluation by .*; model and reports are of different runs"
    with pytest.raises(InputError, match=message):
        load_release()
    content["model"]["versions"]["numpy"] = "1.0"
    paths.EVALUATION.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=r"trained with numpy 1\.0: .* uv sync --locked"):
        load_release()
    content["reference"] = content["reference"][:-1]
    paths.EVALUATION.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="of different runs"):
        load_release()


@pytest.mark.parametrize(
    ("center", "spread"), [(0.5, 0.4), (1e-6, 1e-6), (1e6, 1.0), (-3e9, 1e9), (0.0, 1e-12)]
)
def test_reference_predictions_are_compared_by_their_spread(center: float, spread: float) -> None:
    found = center + spread * np.linspace(-0.5, 0.5, 20)
    evaluation: dict[str, Any] = {"model": {"versions": {}}}
    expected = reference.stored(found)
    reference.require(expected, found, evaluation)
    reference.require(expected, found + 1e-5 * spread, evaluation)
    for other in (found + 0.01 * spread, found[::-1], found * 0):
        with pytest.raises(InputError, match="differ from those of its evaluation"):
            reference.require(expected, other, evaluation)


def test_reference_predictions_of_a_constant_are_compared_by_their_size() -> None:
    found = np.full(20, 3e-6)
    reference.require(reference.stored(found), found, {"model": {"versions": {}}})
    with pytest.raises(InputError, match="differ from those of its evaluation"):
        reference.require(reference.stored(found), found * 1.01, {"model": {"versions": {}}})


def test_a_folder_that_lacks_a_report_is_refused(project: Path) -> None:
    stand_in("binary", project)
    paths.DISTRIBUTIONS.unlink()
    with pytest.raises(InputError, match=r"is missing; .* git checkout -- reports"):
        load_release()
    for damaged in ("{", ""):
        paths.DISTRIBUTIONS.write_text(damaged, encoding="utf-8")
        with pytest.raises(InputError, match=r"is damaged .* git checkout -- reports"):
            load_release()


def test_a_folder_that_is_no_clone_is_named(project: Path) -> None:
    stand_in("binary", project)
    with pytest.raises(InputError, match="nowhere is not a clone of this project; clone"):
        load_release(Path("../nowhere"))
