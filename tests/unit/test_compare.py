"""A challenger and a champion are compared on the same rows, which neither has seen."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from sklearn.metrics import roc_auc_score
from stages import evaluate, prepare, train
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.data import tables
from tabrail.data.schema import Task, load_schema
from tabrail.errors import InputError
from tabrail.evaluation.intervals import Score
from tabrail.model.release import Release, load_release
from tabrail.project import code
from tabrail.review import compare as module
from tabrail.review.compare import compare, fresh, raw_rows, require_same_question
from tabrail.review.comparison import Compared, Comparison, verdict


def champion_of(project: Path) -> Path:
    """Return a copy of the project, which stays as it is."""
    return Path(shutil.copytree(project, project.with_name(f"{project.name}-champion")))


def more_rows(rows: int = 600) -> None:
    """Let as many rows again come in, and train with them."""
    table = shops(rows, seed=1)
    table["customer"] = "new " + table["customer"]
    table.assign(income=table["age"] * 1.5).to_csv("data/raw/more.csv", index=False)
    for stage in (prepare, train, evaluate):
        stage.main()


@pytest.mark.parametrize("task", get_args(Task))
def test_each_task_is_compared_on_fresh_rows(task: Task, project: Path) -> None:
    stand_in(task, project)
    champion = champion_of(project)
    more_rows()
    found = compare(champion)
    before = tables.read(champion / paths.TEST)
    now = tables.read(paths.TEST)
    assert found.fresh == len(now) - len(before) > 50
    one, both = found.parts["fresh rows"], found.parts["all rows"]
    assert (one.rows, both.rows) == (found.fresh, len(now))
    for part in (one, both):
        assert part.difference.value == pytest.approx(part.challenger.value - part.champion.value)
        assert part.difference.low <= part.difference.value <= part.difference.high
        if task == "binary":  # both models err on the same rows
            widths = [score.high - score.low for score in (part.challenger, part.difference)]
            assert widths[1] < widths[0] / 2
    assert found.notes == ["Neither model has trained on any of these rows."]
    assert found.champion.startswith("md5:")
    assert found.champion != found.challenger


def test_the_scores_are_those_of_each_model_alone(project: Path) -> None:
    stand_in("binary", project)
    champion = champion_of(project)
    more_rows()
    found = compare(champion).parts["fresh rows"]
    rows = tables.read(paths.TEST)
    rows = rows[rows["customer"].str.startswith("new")]
    for folder, score in ((Path(), found.challenger), (champion, found.champion)):
        expected = roc_auc_score(rows["bought"], load_release(folder).predict(rows))
        assert score.value == pytest.approx(expected)


def test_equal_models_without_fresh_rows_cannot_be_told_apart(project: Path) -> None:
    stand_in("binary", project)
    found = compare(champion_of(project))
    assert found.fresh == 0
    assert list(found.parts) == ["all rows"]
    assert found.parts["all rows"].difference == Score(0.0, 0.0, 0.0)
    assert found.verdict.startswith("⚪ There is no clear difference")
    assert found.notes[0].startswith("There are no fresh rows")


def test_slices_with_rows_enough_are_compared(project: Path) -> None:
    stand_in("binary", project)
    champion = champion_of(project)
    more_rows()
    edit(Path("schema.yaml"), lambda content: content.update(slices=["city", "member"]))
    edit(Path("params.yaml"), lambda content: content["evaluate"].update(min_slice_rows=40))
    found = compare(champion)
    rows = tables.read(paths.TEST)
    counts = rows[rows["customer"].str.startswith("new")].groupby("city").size()
    expected = {f"city {name}": count for name, count in counts.items() if count >= 40}
    assert expected
    assert {n: part.rows for n, part in found.parts.items() if "city" in n} == expected
    assert {name for name in found.parts if "member" in name} == {"member no", "member yes"}


def test_each_model_reads_the_rows_by_its_own_contract(project: Path) -> None:
    stand_in("binary", project)
    champion = champion_of(project)

    def wider(content: dict[str, Any]) -> None:
        content["columns"]["city"]["categories"].append("Bonn")
        content["columns"]["height"] = {"kind": "numeric", "nullable": True}

    edit(Path("schema.yaml"), wider)
    table = pd.read_csv("data/raw/shops.csv", dtype="str")
    table.assign(height="1.7").to_csv("data/raw/shops.csv", index=False)
    for stage in (prepare, train, evaluate):
        stage.main()
    found = compare(champion)
    assert found.parts["all rows"].champion.value > 0.5
    # The other way round, the rows lack what the champion needs.
    with pytest.raises(InputError, match="needs columns that the rows here lack: height"):
        compare_from(champion, project)


def test_a_class_that_is_new_counts_as_one_that_the_champion_never_predicts(project: Path) -> None:
    stand_in("multiclass", project)
    champion = champion_of(project)
    edit(Path("schema.yaml"), lambda c: c["columns"]["city"]["categories"].insert(0, "Bonn"))
    table = shops()
    table["income"] = table["age"] * 1.5
    table.loc[::7, "city"] = "Bonn"
    table.to_csv("data/raw/shops.csv", index=False)
    for stage in (prepare, train, evaluate):
        stage.main()
    rows = tables.read(paths.TEST)
    right = load_release(champion)
    expected = np.array(right.schema.classes)[right.predict(rows).argmax(axis=1)]
    found = compare(champion)
    whole = found.parts["all rows"]
    assert whole is not None
    assert whole.champion.value == pytest.approx(np.mean(expected == rows["city"]))
    with pytest.raises(InputError, match=r"knows classes that schema\.yaml lacks: Bonn"):
        compare_from(champion, project)


def compare_from(folder: Path, other: Path) -> Compared:
    """Compare from within another folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        code.forget("shops")
        return compare(other)


def test_models_of_two_tasks_are_not_compared(project: Path) -> None:
    schema = load_schema()
    other = schema.model_copy(update={"target": "income", "task": "regression"})
    message = r"one predicts bought \(binary\), the other income \(regression\)"
    with pytest.raises(InputError, match=message):
        require_same_question(schema, other)
    require_same_question(schema, schema)


def test_a_folder_without_a_model_is_named(project: Path) -> None:
    stand_in("binary", project)
    champion = champion_of(project)
    (champion / paths.MODEL).unlink()
    done = CliRunner().invoke(cli.app, ["compare", str(champion)])
    assert done.exit_code == 2
    assert f"error: {champion / paths.MODEL} is missing" in done.output


def test_another_split_is_said(project: Path) -> None:
    stand_in("binary", project)
    champion = champion_of(project)
    edit(champion / "params.yaml", lambda c: c["prepare"]["split"].update(validation=0.1))
    assert "The champion may have trained on some of these rows" in compare(champion).notes[-1]
    for folder in (champion, project):
        split = {"method": "time", "validation": 0.2}
        edit(folder / "params.yaml", lambda c, s=split: c["prepare"]["split"].update(s))  # type: ignore[misc]
    assert compare(champion).notes[-1].startswith("The split is by time")


def test_rows_are_fresh_by_the_columns_of_both_tables() -> None:
    rows = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "x", "x"], "c": [0.0, 0.0, 0.0]})
    before = pd.DataFrame({"b": ["x", "y"], "a": [1.0, 2.0]})
    assert fresh(rows, before).tolist() == [False, True, True]


def test_the_verdict_follows_the_interval_of_the_difference() -> None:
    for metric, sign in (("roc_auc", 1), ("rmse", -1)):
        better = verdict(metric, Score(sign * 0.2, *sorted((sign * 0.1, sign * 0.3))))
        assert better.startswith("✅ The challenger is better")
        worse = verdict(metric, Score(-sign * 0.2, *sorted((-sign * 0.1, -sign * 0.3))))
        assert worse.startswith("❌ The challenger is worse")
        assert "no clear difference" in verdict(metric, Score(0.2, -0.1, 0.5))
        nothing = verdict(metric, Score(0.2, float("nan"), float("nan")))
        assert nothing.endswith(", because there are too few rows or keys")


def test_of_many_slices_the_worst_are_shown() -> None:
    score = Score(0.5, 0.4, 0.6)
    part = Comparison(100, score, score, score)
    parts = {"fresh rows": part}
    for number in range(600):
        difference = Score(number / 600 if number else float("nan"), -1.0, 1.0)
        parts[f"{'city' * 50} {number}"] = replace(part, difference=difference)
    parts |= {"last": replace(part, difference=Score(-0.5, -1.0, 1.0)), "all rows": part}
    shown = Compared("new", "old", "roc_auc", 100, "Well", parts, []).markdown()
    lines = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(shown) < 16_000
    assert lines[2].startswith("| **fresh rows** | ")
    assert lines[3].startswith("| all rows | ")
    assert lines[4].startswith("| last | ")
    assert lines[5].endswith("| +0.002 [-1.000, +1.000] |")
    assert lines[-1].startswith("| and 563 more slices | ")
    assert Compared("new", "old", "rmse", 100, "", parts, []).markdown().count("| last |") == 0


def test_the_comparison_is_for_people_and_for_programs(project: Path, tmp_path: Path) -> None:
    stand_in("binary", project)
    champion = champion_of(project)
    more_rows()
    found = compare(champion)
    hostile = replace(found, parts={"city @ada \\| x": next(iter(found.parts.values()))})
    assert "@ada" not in hostile.markdown()
    markdown = found.markdown()
    assert markdown.startswith("<!-- model comparison -->\n\n## ")
    assert f"| **fresh rows** | {found.fresh} | " in markdown
    out = tmp_path / "comparison.md"
    done = CliRunner().invoke(cli.app, ["compare", str(champion), "--output", str(out)])
    assert (done.exit_code, done.output) == (0, "")
    assert out.read_text(encoding="utf-8") == markdown
    done = CliRunner().invoke(cli.app, ["compare", str(champion), "--json"])
    content = json.loads(done.output)
    assert content["parts"]["all rows"]["rows"] == found.parts["all rows"].rows


def released(patch: pytest.MonkeyPatch, champion: Path, **changes: Any) -> None:
    """Let the release in a folder have other attributes, as if its code were another."""

    def load(folder: Path = Path(), *, untrusted: bool = False) -> Release:
        found = load_release(folder, untrusted=untrusted)
        return replace(found, **changes) if folder == champion else found

    patch.setattr(module, "load_release", load)


def test_a_champion_of_other_code_cleans_the_rows_itself_as_they_came(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a release runs in a process of its own: see test_worker.py."""
    stand_in("binary", project)
    champion = champion_of(project)
    more_rows()
    alike = compare(champion)
    seen: list[pd.DataFrame] = []

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        seen.append(rows)
        kept = rows[pd.to_numeric(rows["age"]) < 80]
        return kept.assign(city=kept["city"].replace({"Ulm": "Atlantis"})).iloc[::-1]

    released(monkeypatch, champion, worker=object(), clean=clean)
    found = compare(champion)
    rows = tables.read(paths.TEST)
    raw = raw_rows(load_release())
    assert raw["customer"].tolist() == rows["customer"].tolist()
    assert raw["age"].astype(float).tolist() == rows["age"].tolist()
    pd.testing.assert_frame_equal(seen[0], raw)
    lost = int((rows["age"] >= 80).sum())
    assert found.notes[-1] == f"{lost} rows are not compared, because the champion refuses them."
    assert found.parts["all rows"].rows == len(rows) - lost
    assert alike.parts["all rows"].rows == len(rows)
    taken = rows[(rows["age"] < 80) & rows["customer"].str.startswith("new")]
    moved = taken.assign(city=taken["city"].replace({"Ulm": "Atlantis"}))
    part = found.parts["fresh rows"]
    assert part.rows == len(taken)
    for folder, given, score in (
        (Path(), taken, part.challenger),
        (champion, moved, part.champion),
    ):
        expected = roc_auc_score(taken["bought"], load_release(folder).predict(given))
        assert score.value == pytest.approx(expected)


def test_models_that_share_no_metric_are_not_compared(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("binary", project)
    champion = champion_of(project)
    edit(Path("params.yaml"), lambda content: content["evaluate"].update(main_metric=""))
    content = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    content |= {"main_metric": "cost", "metrics": {"cost": {"better": "lower", "unit": "unknown"}}}
    content["validation"]["metrics"] = {"cost": content["validation"]["metrics"]["roc_auc"]}
    paths.EVALUATION.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="cannot be compared: cost is the project's own"):
        compare(champion)
