"""What came true is recorded from tables, however the values are written."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from conftest import edit
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.log import outcomes
from tabrail.log.database import BUSY_S
from tabrail.log.entries import Prediction, utc_now
from tabrail.log.prediction_log import PredictionLog


def predicted(count: int) -> list[str]:
    """Log some predictions; return their ids."""
    now, ids = utc_now(), [uuid4().hex for _ in range(count)]
    with PredictionLog() as log:
        log.write(
            [
                Prediction(one, "champion", now, "m", True, {}, [0.5], "yes", False, 1.0, one)
                for one in ids
            ]
        )
    return ids


def known(ids: list[str]) -> list[str | None]:
    now = utc_now()
    with PredictionLog() as log:
        found = log.predictions(now - timedelta(days=1), now + timedelta(days=1))
    values = found.set_index("id")["outcome"]
    return [None if pd.isna(values[one]) else str(values[one]) for one in ids]


def test_values_are_read_as_the_contract_says(project: Path) -> None:
    ids = predicted(6)
    given = ["yes", "FALSE", "1.0", "", "maybe", " n "]
    pd.DataFrame({"id": ids, "bought": given, "more": 1}).to_csv("true.csv", index=False)
    done = outcomes.outcomes([Path("true.csv")])
    assert known(ids) == ["yes", "no", "yes", None, None, "no"]
    assert (done.recorded, done.without_value, done.invalid, done.unknown) == (4, 1, 1, 0)
    assert "such as 'maybe'" in done.text()


def test_values_of_a_sensitive_target_are_not_told(project: Path) -> None:
    edit(Path("schema.yaml"), lambda c: c["columns"]["bought"].update(sensitive=True))
    pd.DataFrame({"id": predicted(1), "bought": "maybe"}).to_csv("true.csv", index=False)
    said = outcomes.outcomes([Path("true.csv")]).text()
    assert "1 rows have a value" in said
    assert "maybe" not in said


def test_a_later_word_replaces_an_earlier_one(project: Path) -> None:
    ids = predicted(2)
    for word in (True, False):
        pd.DataFrame({"id": ids, "bought": word}).to_parquet("true.parquet")
        assert outcomes.outcomes([Path("true.parquet")]).recorded == 2
    assert known(ids) == ["no", "no"]


def test_unknown_ids_are_counted_and_listed(project: Path) -> None:
    """Ids of digits only, which are no numbers."""
    ids = predicted(1)
    strange = ["12345678901234567890123456789012", "123e4567890123456789012345678901", "x"]
    pd.DataFrame({"key": [*ids, *strange], "bought": "no"}).to_csv("true.csv", index=False)
    done = CliRunner().invoke(cli.app, ["outcomes", "true.csv", "--id", "key"])
    assert done.exit_code == 0
    assert "1 outcomes recorded\n3 ids belong to no prediction in the log" in done.stdout
    assert strange[0] in done.stdout
    pd.DataFrame({"id": strange, "bought": "no"}).to_csv("true.csv", index=False)
    done = CliRunner().invoke(cli.app, ["outcomes", "true.csv"])
    assert done.exit_code == 1


def test_files_are_read_in_chunks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "MOST_ROWS", 10)
    ids = predicted(35)
    pd.DataFrame({"id": ids, "bought": "yes"}).to_csv("true.csv", index=False)
    assert outcomes.outcomes([Path("true.csv")]).recorded == 35
    assert known(ids) == ["yes"] * 35


def test_numbers_have_to_be_within_the_contract(project: Path) -> None:
    edit(Path("schema.yaml"), lambda c: c.update(task="regression", target="age"))
    ids = predicted(3)
    pd.DataFrame({"id": ids, "age": [40, 400, 0.1]}).to_csv("true.csv", index=False)
    done = outcomes.outcomes([Path("true.csv")])
    assert known(ids) == ["40.0", None, "0.1"]
    assert done.invalid == 1


def test_what_is_no_table_in_a_folder_is_named(project: Path) -> None:
    Path("true").mkdir()
    pd.DataFrame({"id": predicted(3), "bought": "yes"}).to_csv("true/a.csv", index=False)
    Path("true/notes.txt").touch()
    done = outcomes.outcomes([Path("true")])
    assert done.recorded == 3
    assert "notes.txt: left out" in done.text()


@pytest.mark.parametrize(
    ("columns", "advice"),
    [
        (["id", "sold"], "has no column 'bought'.* Rename the column"),
        (["nr", "bought"], "has no column 'id' .* It has: nr, bought.*name it with: --id COLUMN"),
    ],
)
def test_a_table_without_the_columns_is_refused(
    columns: list[str], advice: str, project: Path
) -> None:
    pd.DataFrame([["a", "yes"]], columns=columns).to_csv("true.csv", index=False)
    with pytest.raises(InputError, match=advice):
        outcomes.outcomes([Path("true.csv")])


def test_two_that_record_at_once_wait_for_each_other(project: Path) -> None:
    """The other one takes longer than a server would wait."""
    ids = predicted(2)
    pd.DataFrame({"id": ids, "bought": "yes"}).to_csv("true.csv", index=False)
    other = sqlite3.connect(paths.PREDICTION_LOG, isolation_level=None, check_same_thread=False)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        ending = threading.Timer(BUSY_S + 0.2, other.execute, ["COMMIT"])
        ending.start()
        assert outcomes.outcomes([Path("true.csv")]).recorded == 2
        ending.join()
    assert known(ids) == ["yes", "yes"]


def test_classes_are_recorded_by_their_names(project: Path) -> None:
    edit(Path("schema.yaml"), lambda c: c.update(task="multiclass", target="city", slices=[]))
    ids = predicted(3)
    pd.DataFrame({"id": [*ids[:2], None], "city": ["Ulm", "Rome", "NO"]}).to_csv(
        "true.csv", index=False
    )
    done = outcomes.outcomes([Path("true.csv")])
    assert known(ids) == ["Ulm", None, None]
    assert (done.recorded, done.invalid, done.without_value) == (1, 1, 1)


def test_the_target_is_no_column_of_ids(project: Path) -> None:
    with pytest.raises(InputError, match=r"^'bought' is the target; --id names the column of the"):
        outcomes.outcomes([Path("true.csv")], "bought")


def test_a_log_that_stays_locked_is_said_with_how_many_are_recorded(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "BUSY_S", 0.05)
    monkeypatch.setattr(outcomes, "MOST_ROWS", 2)
    record, calls = PredictionLog.record, [0]

    def locked(log: PredictionLog, table: Any, values: dict[str, str]) -> list[str]:
        calls[0] += 1
        if calls[0] < 2:
            return record(log, table, values)
        with closing(sqlite3.connect(paths.PREDICTION_LOG, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            return record(log, table, values)

    monkeypatch.setattr(PredictionLog, "record", locked)
    pd.DataFrame({"id": predicted(3), "bought": "yes"}).to_csv("true.csv", index=False)
    message = r"cannot be written \(OperationalError\); 2 outcomes are recorded; repeat"
    with pytest.raises(InputError, match=message):
        outcomes.outcomes([Path("true.csv")])
