"""The rows whose outcome is known come back as a table that training takes."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest
from conftest import edit, shops

from tabrail.data import tables
from tabrail.data.cleaning import no_cleaning
from tabrail.data.conform import conform
from tabrail.data.schema import load_schema
from tabrail.errors import InputError
from tabrail.ingest import extend
from tabrail.log import export, reading
from tabrail.log.entries import OUTCOMES, Prediction, utc_now
from tabrail.log.prediction_log import PredictionLog


def fill(table: pd.DataFrame, known: int) -> None:
    """Log predictions of rows, and what came true of the first ones; with a challenger's."""
    rows = json.loads(table.drop(columns="bought").to_json(orient="records", date_format="iso"))
    ids, now = [uuid4().hex for _ in rows], utc_now()
    with PredictionLog() as log:
        for role in ("champion", "challenger"):
            log.write(
                [
                    Prediction(
                        one,
                        role,
                        now - timedelta(days=30) * (len(rows) - place) / len(rows),
                        role,
                        True,
                        row,
                        [0.5],
                        "yes",
                        False,
                        1.0,
                        one,
                    )
                    for place, (one, row) in enumerate(zip(ids, rows, strict=True))
                ]
            )
        values = ["yes" if bought else "no" for bought in table["bought"]]
        log.record(OUTCOMES, dict(list(zip(ids, values, strict=True))[:known]))


def read(path: Path) -> pd.DataFrame:
    schema = load_schema()
    [table] = tables.read_chunks(path, schema, 1000)
    return conform(table, schema)[0]


@pytest.mark.parametrize("name", ["new.csv", "new.csv.gz", "new.parquet"])
def test_what_is_exported_is_what_came_in(name: str, project: Path) -> None:
    table = shops(100, seed=1)
    fill(table, known=80)
    assert export.export(Path(name)).startswith("80 rows with their outcomes, of 100 ")
    expected, _ = conform(table.iloc[:80], load_schema())
    pd.testing.assert_frame_equal(read(Path(name)), expected, check_dtype=False)
    assert extend.changes([Path(name)], load_schema(), no_cleaning) == []


def test_dates_are_written_as_the_contract_says(project: Path) -> None:
    edit(Path("schema.yaml"), lambda c: c["columns"]["seen"].update(format="%d.%m.%Y"))
    table = shops(40, seed=1)
    fill(table.assign(seen=table["seen"].dt.strftime("%d.%m.%Y")), known=40)
    export.export(Path("new.csv"))
    assert extend.changes([Path("new.csv")], load_schema(), no_cleaning) == []
    assert pd.read_csv("new.csv")["seen"].iloc[0] == "01.01.2024"


def test_a_long_log_is_read_in_parts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shops(90, seed=1), known=60)
    whole = export.export(Path("whole.csv"))
    monkeypatch.setattr(reading, "PART", 7)
    assert export.export(Path("parts.csv")) == whole.replace("whole", "parts")
    assert Path("parts.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_a_span_can_be_chosen(project: Path) -> None:
    fill(shops(90, seed=1), known=90)
    assert export.export(Path("new.csv"), since="10.1d").startswith("30 rows")
    assert export.export(Path("old.csv"), until="10.1d").startswith("60 rows")


def test_rows_that_no_longer_conform_are_left_out(project: Path) -> None:
    table = shops(90, seed=1)
    fill(table, known=90)
    edit(Path("schema.yaml"), lambda c: c["columns"]["age"].update(max=50))
    left = int((table["age"] > 50).sum())
    said = export.export(Path("new.csv"))
    assert f"{left} rows were left out, because schema.yaml no longer allows" in said
    assert len(pd.read_csv("new.csv")) == 90 - left


def test_what_the_log_does_not_keep_cannot_be_exported(project: Path) -> None:
    edit(Path("schema.yaml"), lambda c: c["columns"]["city"].update(sensitive=True))
    edit(Path("schema.yaml"), lambda c: c.update(slices=[]))
    with pytest.raises(InputError, match="requires city"):
        export.export(Path("new.csv"))
    edit(Path("schema.yaml"), lambda c: c["columns"]["city"].update(nullable=True))
    fill(shops(20, seed=1).drop(columns="city"), known=20)
    export.export(Path("new.csv"))
    assert pd.read_csv("new.csv")["city"].isna().all()
    assert extend.changes([Path("new.csv")], load_schema(), no_cleaning) == []


def test_nothing_is_overwritten_or_left_half_written(project: Path) -> None:
    with pytest.raises(InputError, match="has no row with an outcome"):
        export.export(Path("new.csv"))
    assert not list(Path().glob("new.csv*"))
    fill(shops(20, seed=1), known=20)
    export.export(Path("new.csv"))
    with pytest.raises(InputError, match="already exists"):
        export.export(Path("new.csv"))
    export.export(Path("new.csv"), overwrite=True)
    with pytest.raises(InputError, match=r"\(it has some from 20\d\d-\d\d-\d\d to 20"):
        export.export(Path("old.csv"), until="2021-01-01")
    with pytest.raises(InputError, match="cannot be written"):
        export.export(Path("new.json"))
