"""The files of a project come from one table, in any Python that has Jinja2."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from generated import ANSWERS, made
from jinja2 import Environment, UndefinedError
from ruamel.yaml import YAML

from tabrail import rendering, results
from tabrail.config import load_params
from tabrail.evaluation.metrics import METRICS
from tabrail.review import checklist

VARIANTS: dict[str, dict[str, Any]] = {
    "sample": {},
    "own table": {"data_file": "/home/ada/a.csv", "target": " price "},
    "gitlab": {"ci": "gitlab", "license": "Proprietary"},
    "no ci": {"ci": "none", "dvc_remote": "s3://bucket/folder"},
}
TASKS = ("binary", "multiclass", "regression")


def with_task(task: str) -> dict[str, Any]:
    """Return the record of a project with an own table."""
    record = made(data_file="a.csv", target="price")
    return {**record, "data": {**record["data"], "task": task}}


def test_rendering_imports_no_heavy_module() -> None:
    code = (
        "import runpy, sys; "
        f"runpy.run_path({rendering.__file__!r}); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "pydantic", "ruamel", "tomlkit", "tabrail"} & set(
        done.stdout.split()
    )


@pytest.mark.parametrize("answers", VARIANTS.values(), ids=list(VARIANTS))
def test_every_file_of_every_variant_can_be_read(answers: dict[str, Any]) -> None:
    record = {**made(**answers), "parts": list(rendering.PARTS)}
    texts = rendering.files(record) | rendering.files(record, rendering.OWNERS_FILES)
    for name, text in texts.items():
        assert text.endswith("\n"), name
        if name.endswith((".yaml", ".yml")):
            list(YAML(typ="safe").load_all(text))
        elif name.endswith((".json", ".ipynb")):
            json.loads(text)
        elif name.endswith(".toml"):
            tomllib.loads(text)


@pytest.mark.parametrize(
    ("threshold", "margin"), [(0.3, 0.02), (0.5, 0.02), (0.1, 0.01), (0.01, 0.001), (0.95, 0.005)]
)
def test_a_rare_class_does_not_send_every_row_to_a_person(threshold: float, margin: float) -> None:
    record = with_task("binary")
    text = rendering.files({**record, "data": {**record["data"], "threshold": threshold}})
    params = YAML(typ="safe").load(text["params.yaml"])
    assert params["serve"]["review_margin"] == margin
    assert params["evaluate"]["threshold"] == threshold


def test_every_template_is_in_the_table() -> None:
    sources = {file.source for file in (*rendering.FILES, *rendering.OWNERS_FILES)}
    there = {
        path.relative_to(rendering.TEMPLATES).as_posix()
        for path in rendering.TEMPLATES.rglob("*")
        if path.is_file()
    }
    assert there == sources


def test_a_package_has_its_place_in_the_path() -> None:
    table = [rendering.File("src/{package}/curve.json", "plots/curve.json")]
    (path,) = rendering.files(made(), table)
    assert path == "src/flight_delays/curve.json"


def test_an_unknown_name_in_a_template_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = made()
    (tmp_path / "a.txt.jinja").write_text("{{ project_nmae }}")
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    with pytest.raises(UndefinedError, match="project_nmae"):
        rendering.files(record, [rendering.File("a.txt", "a.txt.jinja")])


@pytest.mark.parametrize("task", TASKS)
def test_the_parameters_are_those_of_the_task(task: str, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(rendering.files(with_task(task))["params.yaml"], encoding="utf-8")
    found = load_params(file)
    kind = "Regressor" if task == "regression" else "Classifier"
    assert found.train.estimator.endswith(kind)
    others = {"LogisticRegression", "Ridge"}
    named = set(found.train.options) | set(found.train.search.values)
    assert all(name.endswith(kind) for name in named - others)
    assert named & others == ({"Ridge"} if task == "regression" else {"LogisticRegression"})
    main_metric = {"binary": "roc_auc", "multiclass": "roc_auc_ovr", "regression": "mae"}[task]
    code = rendering.files(with_task(task))["src/flight_delays/evaluate.py"]
    assert ('on="values"' in code, 'on="decisions"' in code) == (
        task == "regression",
        task != "regression",
    )
    (metrics,) = (n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.List))
    names = ast.literal_eval(metrics)
    assert names[0] == main_metric
    flattered_by_a_rare_class = {"accuracy"} if task == "binary" else set()
    assert set(names) == set(METRICS[task]) - flattered_by_a_rare_class  # type: ignore[index]


@pytest.mark.parametrize("task", TASKS)
def test_comments_begin_where_they_began(task: str) -> None:
    lines = rendering.files(with_task(task))["params.yaml"].splitlines()
    for key in ("min_slice_rows", "threshold"):
        if key == "threshold" and task != "binary":
            continue
        line = next(line for line in lines if line.strip().startswith(f"{key}: "))
        assert line.index("#") == max(28, len(line.partition("#")[0].rstrip()) + 2)


def test_each_template_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rendering.files(made())
    monkeypatch.setattr(Environment, "compile", lambda *_, **__: pytest.fail("compiled again"))
    assert rendering.files(made()) == before


def test_the_record_holds_no_path_of_a_machine_and_no_setting_of_the_run() -> None:
    record = made(data_file="/home/ada/prices.csv", target=" price ")
    assert "/home" not in rendering.record_text(record)
    assert "setup" not in record["answers"]
    assert record["data"]["target"] == "price"
    assert record["data"]["sample"] is False


def test_the_record_has_the_hash_of_each_file() -> None:
    record = made()
    texts = rendering.files(record)
    assert record["files"] == {path: rendering.fingerprint(text) for path, text in texts.items()}
    crlf = texts["dvc.yaml"].replace("\n", "\r\n")
    assert rendering.fingerprint(crlf) == record["files"]["dvc.yaml"]


def test_the_pipeline_depends_on_the_numbers_of_results() -> None:
    record = made()
    pipeline = YAML(typ="safe").load(rendering.files(record)["dvc.yaml"])
    project = tomllib.loads(rendering.files(record, rendering.OWNERS_FILES)["pyproject.toml"])
    assert project["tool"]["tabrail"]["results"] == results.RESULTS
    for stage, described in pipeline["stages"].items():
        assert {"pyproject.toml": [f"tool.tabrail.results.{stage}"]} in described["params"]


def test_another_version_tells_all_it_has_as_json() -> None:
    record = made(ci="gitlab")
    done = subprocess.run(
        [sys.executable, "-m", "tabrail.rendering"],
        input=rendering.record_text(record).encode(),
        capture_output=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["files"] == rendering.files(record)
    assert found["results"] == results.RESULTS
    assert set(found["owners_files"]) == {"README.md", "pyproject.toml"}


def test_the_template_has_a_stub_for_each_file() -> None:
    template = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"
    calls = []
    for path in template.rglob("*"):
        if path.is_file() and ".parquet" not in path.name:
            text = path.read_text(encoding="utf-8")
            if "library_file(" in text:
                given = text.partition("library_file(")[2].partition(") -}}")[0]
                assert text == f"{{{{ cookiecutter | library_file({given}) -}}}}\n"
                name = given.strip("'")
                calls.append(name)
                shown = path.relative_to(template).as_posix()
                shown = shown.replace(
                    "{{cookiecutter.project_slug.replace('-', '_')}}", "{package}"
                )
                assert all(part in shown for part in name.split("/"))
    table = (*rendering.FILES, *rendering.OWNERS_FILES)
    assert sorted(calls) == sorted(file.target for file in table if not file.part)


@pytest.mark.parametrize("answers", VARIANTS.values(), ids=list(VARIANTS))
def test_nothing_of_cookiecutter_is_left(answers: dict[str, Any]) -> None:
    for name, text in rendering.files(made(**answers)).items():
        assert "cookiecutter." not in text, name


def test_answers_that_are_kept_are_asked_for() -> None:
    assert set(rendering.ANSWERS) <= set(ANSWERS)


@pytest.mark.parametrize("task", TASKS)
def test_each_answer_that_a_plan_waits_for_is_a_sentence_to_be_replaced(task: str) -> None:
    """What tells a person to replace them must not be taken for one: the checklist counts them."""
    plan = rendering.files(with_task(task))["docs/plan.md"]
    ends = [plan[found.end()] for found in checklist.UNWRITTEN.finditer(plan)]
    assert len(ends) == 12
    assert set(ends) <= {".", " "}
    assert '"' not in plan.partition("## Problem")[0].replace('"not written down yet"', "")


def test_the_samples_papers_are_written() -> None:
    texts = rendering.files(made())
    for name in ("docs/plan.md", "docs/datasheet.md", "params.yaml"):
        assert not checklist.UNWRITTEN.search(texts[name]), name
