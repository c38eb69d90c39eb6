"""A later file with day and month the other way round is refused or told, wherever it comes in."""

import contextlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from support.in_process import call, run_stages, succeed, write_project
from support.projects import shared_folder

from tabrail.ingest import ingest
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import load_release
from tabrail.serving import create_app
from tabrail.serving.service import Setup

ROWS = 600
RANDOM = np.random.default_rng(0)
WRONG = "day and month are the wrong way round in this file"


def table(dates: list[date], form: str) -> pd.DataFrame:
    """Return a table with dates in a format."""
    size = RANDOM.normal(size=len(dates)).round(4)
    noise = RANDOM.normal(size=len(dates))
    opened = [f"{one:{form}}" for one in dates]
    return pd.DataFrame({"opened": opened, "size": size, "y": (3 * size + noise).round(4)})


def days(first: date, count: int, each: int = 3) -> list[date]:
    return [first + timedelta(days=number // each) for number in range(count * each)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose dates have the day first."""
    folder = shared_folder(tmp_path_factory) / f"order-{tmp_path_factory.getbasetemp().name}"
    write_project(folder, data_file="t.csv", target="y", project_slug="date-order")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "_dvc_add", lambda: None)
        random = [date(2021, 1, 1) + timedelta(days=int(d)) for d in RANDOM.integers(0, 900, ROWS)]
        table(random, "%d/%m/%Y").to_csv("../t.csv", index=False)
        succeed("ingest", "../t.csv", "--target", "y", "--yes")
        run_stages()
    return folder


@pytest.fixture
def project(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(trained)
    yield trained
    Path("later.csv").unlink(missing_ok=True)


LATER = {
    "January 1 to 12": days(date(2023, 7, 1), 0) + days(date(2024, 1, 1), 12),
    "one row each day": days(date(2024, 1, 1), 12, each=1),
    "the working days of a week and a half": [
        one for one in days(date(2024, 1, 1), 12) if one.weekday() < 5
    ],
    "the first days of January and of February": days(date(2024, 1, 1), 12)
    + days(date(2024, 2, 1), 12),
    "a week of May": days(date(2024, 5, 2), 7),
}


@pytest.mark.parametrize("dates", LATER.values(), ids=LATER)
def test_a_file_in_the_other_order_is_refused(project: Path, dates: list[date]) -> None:
    table(dates, "%m/%d/%Y").to_csv("later.csv", index=False)
    checked = call("validate", "later.csv")
    assert checked.code == 1, checked
    assert WRONG in checked.output
    predicted = call("predict", "later.csv", "out.csv")
    assert predicted.code == 1, predicted
    assert WRONG in predicted.output
    assert not Path("out.csv").exists()
    brought = call("ingest", "later.csv", "--yes")
    assert brought.code == 1, brought
    assert WRONG in brought.output


def test_monitoring_tells_of_dates_in_the_other_order(project: Path) -> None:
    table(days(date(2024, 1, 1), 12, each=20), "%m/%d/%Y").to_csv("later.csv", index=False)
    watched = call("monitor", "later.csv")
    assert watched.code == 1, watched
    assert "most often opened: unreadable" in watched.output


IN_ORDER = {
    "January 1 to 12": days(date(2024, 1, 1), 12),
    "some months": days(date(2024, 1, 1), 100),
    "a few of the first days of months": [date(2024, month, 1) for month in (1, 3, 4)] * 10,
}


@pytest.mark.parametrize("dates", IN_ORDER.values(), ids=IN_ORDER)
def test_a_file_in_the_right_order_is_not(project: Path, dates: list[date]) -> None:
    table(dates, "%d/%m/%Y").to_csv("later.csv", index=False)
    checked = call("validate", "later.csv")
    assert checked.code == 0, checked
    assert "all conform" in checked.output


def test_a_request_in_the_other_order_is_warned_of(project: Path) -> None:
    log = PredictionLog(f"sqlite:///{project / 'log.sqlite'}")
    application = create_app(Setup(load_release(Path()), None, 0.0, log, ""))
    with log, TestClient(application, "http://localhost") as client:
        for form, told in (("%m/%d/%Y", True), ("%d/%m/%Y", False)):
            rows = table(days(date(2024, 1, 1), 12, each=1), form).drop(columns="y")
            answer = client.post("/predict", json={"rows": rows.to_dict("records")})
            assert answer.status_code == 200, answer.text
            said = "day and month the wrong way round" in answer.text
            assert said == told, answer.text


def test_a_date_that_can_only_be_read_the_other_way_is_told(project: Path) -> None:
    table(days(date(2024, 1, 1), 31), "%m/%d/%Y").to_csv("later.csv", index=False)
    checked = call("validate", "later.csv")
    assert checked.code == 1
    assert "expected %d/%m/%Y; this one has day and month the other way round" in checked.output
