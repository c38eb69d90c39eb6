"""Each verb sets the same lines aside, says so, and treats the others as ever."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import shops
from stages import evaluate, prepare, train
from support.in_process import call
from trained import stand_in

from tabrail import paths
from tabrail.data.schema import load_schema
from tabrail.ingest import ingest
from tabrail.monitoring import monitor
from tabrail.monitoring.page import page
from tabrail.review.compare import compare

NEW = Path("new.csv")
KINDS = ["repeated headers", "totals", "footnotes"]


def spoiled(table: pd.DataFrame, total: str = "Total") -> str:
    """Return a table with the header again, a total and a source, as CSV."""
    header, *rows = table.to_csv(index=False).splitlines()
    last = ",".join(total if name == "city" else "" for name in table)
    return "\n".join([header, *rows[:20], header, *rows[20:], last, "", "Source: us", ""])


def new(**changes: Any) -> None:
    """Write rows of other customers, with lines that are no rows."""
    table = shops(120, seed=9).assign(**changes)
    table["customer"] = "new " + table["customer"]
    NEW.write_text(spoiled(table), encoding="utf-8")


def test_validate_says_it(project: Path) -> None:
    new()
    lines = call("validate", "new.csv").output.splitlines()
    assert lines[0] == "120 rows in new.csv: all conform to schema.yaml"
    assert [kind in line for kind, line in zip(KINDS, lines[1:], strict=False)] == [True] * 3
    content = json.loads(call("validate", "new.csv", "--json").output)
    assert [one["lines"] for one in content["set_aside"]] == KINDS
    assert content["notes"] == []


def test_predict_scores_the_rows_alone_and_says_it(project: Path) -> None:
    stand_in("binary", project)
    new(income=40.0)
    said = call("predict", "new.csv", "scores.csv").output
    assert "totals (row 122 below the header of new.csv)" in said
    assert "120 rows scored" in said
    numbers = pd.read_csv("scores.csv")["row"].tolist()
    assert numbers == [*range(1, 21), *range(22, 122)]


def test_monitor_says_it_in_text_and_page_and_json(project: Path) -> None:
    stand_in("binary", project)
    new()
    result = monitor.monitor([NEW])
    assert sum(period.rows for period in result.periods) == 120
    assert [one["lines"] for one in result.content()["set_aside"]] == KINDS
    for kind in KINDS:
        assert f"1 line is not a row and was set aside: {kind}" in result.text()
        assert f"1 line is not a row and was set aside: {kind}" in page(result)


def test_monitor_of_plain_rows_says_nothing_of_it(project: Path) -> None:
    stand_in("binary", project)
    shops(120, seed=9).to_csv(NEW, index=False)
    result = monitor.monitor([NEW])
    assert result.content()["set_aside"] == []
    assert "set aside" not in result.text() + page(result)


def test_compare_says_it_of_the_rows_it_compares_on(project: Path) -> None:
    stand_in("binary", project)
    champion = Path(shutil.copytree(project, project.with_name(f"{project.name}-champion")))
    table = shops(600, seed=1)
    table["customer"] = "more " + table["customer"]
    Path("data/raw/more.csv").write_text(spoiled(table, "Summe"), encoding="utf-8")
    for stage in (prepare, train, evaluate):
        stage.main()
    found = compare(champion)
    assert "totals (row 602 below the header of more.csv)" in " ".join(found.notes)
    assert "totals" in found.markdown()
    assert json.loads(json.dumps(found.content()))["notes"] == found.notes


@pytest.mark.parametrize("dry_run", [True, False])
def test_ingest_of_more_rows_says_it_of_the_new_ones_alone(
    dry_run: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    present = next(paths.RAW.glob("*.csv"))
    present.write_text(spoiled(pd.read_csv(present, dtype=str, keep_default_na=False)))
    new()
    said: list[str] = []
    ingest.grow([NEW], "", said.append, lambda _: True, dry_run=dry_run)
    for kind in KINDS:
        assert f"1 line is not a row and was set aside: {kind}" in "\n".join(said)
    assert present.name not in "\n".join(said[:-1])
    assert not load_schema().columns["age"].nullable
