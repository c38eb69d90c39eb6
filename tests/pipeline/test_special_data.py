"""Full names, birth dates and special categories stay out of all that a new project says."""

import contextlib
import json
import logging
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from support.in_process import call, record_model, run_stages, succeed, write_project

from tabrail import paths
from tabrail.data.schema import load_schema
from tabrail.ingest import ingest
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import load_release
from tabrail.serving import create_app
from tabrail.serving.service import Setup

ROWS, FEW = 900, 12
SPECIAL = {
    *("contact", "seen by", "date_of_birth", "religion", "diagnosis", "hiv", "depression_score"),
    *("medical_history", "lat", "long"),
}
SECRETS = (
    *(
        "Byronova",
        "Ketteringham",
        "Müllerová",
        "1950-",
        "1951-",
        "Zarathustra",
        "Huntington",
        "Gaucher",
        "77.7",
        "illness",
    ),
    *("47.11", "13.77"),
)
BAD = "Nyarlathotep"  # what a request has in a column, and no answer repeats


def visits() -> pd.DataFrame:
    """Return a table of people, with all that is special of them."""
    random = np.random.default_rng(0)
    first = ["Ada", "Bob", "Carl", "Eva", "Anna", "Jan", "Lara", "Maria"]
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(random.integers(0, 700, ROWS), "D")
    faiths = random.choice(["many", "others", "some"], ROWS).astype("object")
    faiths[:FEW] = "Zarathustra"
    stay = random.integers(1, 30, ROWS)
    return pd.DataFrame(
        {
            "visit": [f"v{number:05d}" for number in range(ROWS)],
            "contact": [f"{random.choice(first)} Byronova{number}" for number in range(ROWS)],
            "seen by": random.choice(["Ketteringham, Anna", "Müllerová, Eva"], ROWS),
            "date_of_birth": born.strftime("%Y-%m-%d"),
            "religion": faiths,
            "diagnosis": random.choice(["Huntington", "Gaucher"], ROWS),
            "hiv": random.choice(["yes", "no"], ROWS),
            "depression_score": 77.7 + random.integers(0, 9, ROWS) / 100,
            "medical_history": [f"had illness number {number} in May" for number in range(ROWS)],
            "lat": 47.11 + random.integers(0, 9, ROWS) / 1000,
            "long": 13.77 + random.integers(0, 9, ROWS) / 1000,
            "stay": stay,
            "ward": random.choice(["north", "south"], ROWS),
            "back": np.where(stay + random.normal(0, 6, ROWS) > 15, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Stand in the project of the table, as `ingest` left it, after its three stages."""
    folder = tmp_path_factory.mktemp("special")
    table = folder / "visits.csv"
    visits().to_csv(table, index=False)
    write_project(folder, project_name="Visits", project_slug="visits", target="back")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "_dvc_add", lambda: None)
        said = succeed("ingest", str(table), "--target", "back", "--yes")
        table.unlink()
        assert not secrets_in(said), said
        run_stages()
        yield folder


def secrets_in(text: str) -> list[str]:
    """Return which secrets a text has."""
    return [one for one in (*SECRETS, BAD) if one in text]


def test_such_columns_are_sensitive_and_the_model_learns_without_them(project: Path) -> None:
    columns = load_schema().columns
    assert {name for name, column in columns.items() if column.sensitive} == SPECIAL
    assert load_schema().features == ["stay", "ward"]
    score = json.loads(paths.EVALUATION.read_text())["test"]["metrics"]["roc_auc"]
    assert score["value"] > 0.8
    assert "Zarathustra" in visits()["religion"].to_numpy()


def test_no_file_but_the_schema_has_a_value(project: Path) -> None:
    files = [
        *Path("reports").rglob("*"),
        *Path("docs").rglob("*"),
        *paths.MODEL.parent.rglob("*"),
        *(file for file in Path("data/prepared").rglob("*") if file.suffix == ".json"),
        Path("README.md"),
    ]
    texts = {file: file.read_bytes().decode("latin-1") for file in files if file.is_file()}
    assert {"data.json", "model_card.md", "datasheet.md"} <= {file.name for file in texts}
    assert any(file.name == "distributions.json" for file in texts)
    assert {file: found for file, text in texts.items() if (found := secrets_in(text))} == {}
    slices = json.loads(paths.EVALUATION.read_text())["test"]["slices"]
    assert set(slices["religion"]) <= {"many", "others", "some"}  # of 20 groups and more
    assert slices["religion"]


def test_no_description_no_answer_and_no_log_has_a_value(
    project: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tabrail")
    record_model()
    row: dict[str, Any] = json.loads(visits().drop(columns="back").iloc[0].to_json())
    file = tmp_path / "log.sqlite"
    with PredictionLog(f"sqlite:///{file}") as log:
        application = create_app(Setup(load_release(Path()), None, 0.0, log, ""))
        with TestClient(application, "http://localhost") as client:
            said = [client.get(path).text for path in ("/openapi.json", "/docs", "/", "/model")]
            answered = client.post("/predict", json={"rows": [row]})
            assert answered.status_code == 200, answered.text
            said += [answered.text, client.post("/explain", json={"row": row}).text]
            for name in SPECIAL:
                for value in (BAD, [BAD], {BAD: BAD}, 31337.5, True):
                    answer = client.post("/predict", json={"rows": [row | {name: value}]})
                    assert answer.status_code < 500
                    said.append(answer.text)
            said += [client.get(path).text for path in ("/reviews?most=1000", "/metrics")]
    text = "\n".join([*said, caplog.text])
    assert not secrets_in(text)
    assert "31337" not in text
    assert not secrets_in(file.read_bytes().decode("latin-1"))


def test_the_command_of_the_readme_asks_for_a_prediction_of_nobody(
    project: Path, tmp_path: Path
) -> None:
    (command,) = re.findall(r"^curl .*/predict .*$", Path("README.md").read_text(), re.MULTILINE)
    asked = json.loads(shlex.split(command)[-1])
    assert not SPECIAL & set(asked["rows"][0])
    with PredictionLog(f"sqlite:///{tmp_path / 'log.sqlite'}") as log:
        application = create_app(Setup(load_release(Path()), None, 0.0, log, ""))
        with TestClient(application, "http://localhost") as client:
            answer = client.post("/predict", json=asked)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["predictions"]) == 1


def test_no_message_about_new_rows_has_a_value(project: Path, tmp_path: Path) -> None:
    rows = visits().assign(visit=lambda rows: "w" + rows["visit"])
    new = tmp_path / "new.csv"
    for name in sorted(SPECIAL - {"contact", "seen by", "medical_history"}):
        wrong = rows.astype("object")
        wrong.loc[: ROWS // 2, name] = BAD
        wrong.to_csv(new, index=False)
        for command in (["validate", str(new)], ["ingest", str(new), "--dry-run"]):
            outcome = call_any(*command)
            assert name in outcome, outcome
            assert not secrets_in(outcome), outcome


def call_any(*arguments: str) -> str:
    """Run a command that may fail, and return what it prints."""
    done = call(*arguments)
    assert done.crash is None
    return done.output
