"""The owner's cleaning function cleans the rows of each request, and a challenger's its own."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from conftest import edit, shops
from serving import (
    PATIENCE_S,
    body,
    command,
    logged,
    refusals,
    served,
    typical,
    wait_for,
)
from stages import evaluate, prepare, train
from support.folders import of_this_process
from trained import LINEAR, stand_in

from tabrail.batch import predict
from tabrail.data.cleaning import changes_nothing, no_cleaning
from tabrail.data.schema import Column, Schema
from tabrail.log.export import export
from tabrail.log.outcomes import outcomes
from tabrail.model import reference
from tabrail.model.compiled.columns import TableColumns
from tabrail.model.release import Release, load_release
from tabrail.monitoring.monitor import monitor
from tabrail.project import code
from tabrail.serving.batching import Batcher
from tabrail.serving.cleaned_columns import changed_columns
from tabrail.serving.cleaning import clean_rows, json_cells
from tabrail.serving.request import Request, RequestReader, Rows
from tabrail.serving.rollout import Rollout

JSON = {"Content-Type": "application/json"}
FOLDER = of_this_process("cleaned")

CLEAN = """
    # Cities are written in two ways, "ja" is a yes, nobody is so old, and some incomes are cursed.
    if "city" in rows:
        rows = rows.assign(city=rows["city"].replace({"oslo": "Oslo"}))
    if "member" in rows:
        rows = rows.assign(member=rows["member"].replace({"ja": "yes"}))
    if "income" in rows and (rows["income"].astype("str") == "13").any():
        raise ValueError("a secret income")
    if "age" in rows:
        rows = rows[~(pd.to_numeric(rows["age"], errors="coerce") > 110)]
    return rows
"""
OTHER = """
    # All of Oslo moves to Ulm, and of the young nothing is known.
    if "city" in rows:
        rows = rows.assign(city=rows["city"].replace({"oslo": "Ulm", "Oslo": "Ulm"}))
    if "age" in rows:
        rows = rows[~(pd.to_numeric(rows["age"], errors="coerce") < 30)]
    return rows
"""


def make(folder: Path, clean: str) -> Path:
    """Let a project be trained with a cleaning function; return its folder."""
    module = Path("src/shops/prepare.py")
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace("\n    return rows\n", clean, 1), encoding="utf-8")
    edit(Path("schema.yaml"), lambda content: content["columns"]["note"].update(kind="ignored"))
    edit(
        Path("params.yaml"),
        lambda content: content["train"].update(estimator=LINEAR["binary"]),
    )
    table = shops()
    table["city"] = table["city"].mask(table.index % 7 == 0, "oslo")
    table.to_csv("data/raw/shops.csv", index=False)
    for stage in (prepare, train, evaluate):
        stage.main()
    shutil.copytree(".", folder)
    return folder


@pytest.fixture
def cleaning(project: Path) -> Path:
    """Stand in a trained project that has the first cleaning function above."""
    kept = FOLDER / "first"
    if not kept.exists():
        make(kept, CLEAN)
    shutil.copytree(kept, project, dirs_exist_ok=True)
    code.forget("shops")
    return project


@pytest.fixture
def other(cleaning: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone of the project, trained with the second cleaning function above."""
    kept = FOLDER / "second"
    if not kept.exists():
        place = of_this_process("making")
        shutil.copytree(cleaning, place, dirs_exist_ok=True)
        module = place / "src/shops/prepare.py"
        text = module.read_text(encoding="utf-8").replace(CLEAN, "\n    return rows\n")
        module.write_text(text, encoding="utf-8")
        with monkeypatch.context() as there:
            there.chdir(place)
            make(kept, OTHER)
    code.forget("shops")
    shutil.copytree(kept, cleaning / "other")
    return Path("other")


def post(client: httpx.Client, *rows: Any) -> httpx.Response:
    """Ask for predictions."""
    return client.post("/predict", content=body(*rows), headers=JSON)


def said(client: httpx.Client, *rows: Any) -> list[float]:
    """Return the probabilities that rows get."""
    answer = post(client, *rows)
    assert answer.status_code == 200, answer.text
    return [one["probability"] for one in answer.json()["predictions"]]


def scores(rows: list[dict[str, Any]], folder: Path = Path()) -> list[float]:
    """Return the probabilities that `predict` gives rows in a table."""
    place, out = Path("rows.csv").resolve(), Path("scores.parquet").resolve()
    pd.DataFrame(rows).to_csv(place, index=False)
    if folder == Path():
        predict(place, out, overwrite=True)
    else:  # other code needs a process of its own
        run = f"from tabrail.batch import predict; predict({place!r}, {out!r}, overwrite=True)"
        run = f"from pathlib import Path, PosixPath; {run}"
        subprocess.run([sys.executable, "-c", run], check=True, cwd=folder)
    return list(pd.read_parquet(out)["probability"])


def test_an_unclean_spelling_gets_the_prediction_of_the_clean_one(cleaning: Path) -> None:
    row = typical()
    rows = [row | {"city": city} for city in ("Oslo", "oslo", "Ulm")]
    rows += [row | {"city": "oslo", "age": age} for age in (20, 55.5, 90)]
    with served() as client:
        found = said(client, *rows)
        warnings = [one["warnings"] for one in post(client, *rows).json()["predictions"]]
        answers = [client.post("/explain", json={"row": one}).json()["columns"] for one in rows[:2]]
        ids = [one["id"] for one in post(client, *rows).json()["predictions"]]
    assert found[0] == found[1] != found[2]
    assert found == scores(rows)
    assert not any(warnings)
    assert answers[0] == answers[1]
    assert {one["column"]: one["value"] for one in answers[1]}["city"] == "Oslo"
    assert {entry["row"]["city"] for entry in logged()} == {"Oslo", "Ulm"}
    pd.DataFrame({"id": ids, "bought": "yes"}).to_csv("known.csv", index=False)
    outcomes([Path("known.csv")])
    export(Path("out.csv"))
    exported = pd.read_csv("out.csv", dtype={"customer": "str"})
    assert sorted(exported["city"]) == ["Oslo"] * 5 + ["Ulm"]
    again: Any = exported.drop(columns="bought").to_dict("records")
    assert sorted(scores(again)) == sorted(found)


def test_the_log_and_a_table_are_watched_alike(cleaning: Path) -> None:
    rows = [typical() | {"city": ["oslo", "Ulm"][place % 2]} for place in range(60)]
    with served() as client:
        said(client, *rows)
    pd.DataFrame(rows).to_csv("table.csv", index=False)
    for found in (monitor([]), monitor([Path("table.csv")])):
        assert found.periods[-1].table["city"].value_counts().to_dict() == {"Oslo": 30, "Ulm": 30}
        assert not found.periods[-1].violations


def test_any_scalar_is_cleaned_before_it_is_checked(cleaning: Path) -> None:
    row = typical()
    with served() as client:
        assert said(client, row | {"member": "ja"}) == said(client, row | {"member": True})
        assert said(client, row | {"age": "55"}) == said(client, row | {"age": 55})
        assert said(client, row | {"city": "Oslo"}) == said(client, row | {"city": " Oslo "})
        wrong: list[tuple[dict[str, Any], str, str]] = [
            ({"member": "perhaps"}, "member", "valid boolean, got 'perhaps'"),
            ({"age": "old"}, "age", "valid number, got 'old'"),
            ({"seen": 7}, "seen", "date"),
            ({"city": None}, "city", "needed"),
            ({"city": ["Oslo"]}, "city", "a text, a number, true, false or null"),
            ({"unknown": 1}, "unknown", "no such column"),
            ({"age": -1}, "age", "greater than or equal to 0"),
        ]
        for change, column, message in wrong:
            answer = post(client, row, row | change)
            assert answer.status_code == 422
            [problem] = answer.json()["detail"]
            assert problem["loc"] == ["rows", 1, column]
            assert message in problem["message"]
        lacking = {name: value for name, value in row.items() if name != "income"}
        assert said(client, lacking) == said(client, row | {"income": None})
        for content in (b"{", b'{"rows": []}', b'{"rows": [{"age": NaN}]}', b'{"rows": 1}', b"7"):
            answer = client.post("/predict", content=content, headers=JSON)
            assert answer.status_code == 422, content


def test_a_row_that_is_left_out_is_refused_with_its_number(cleaning: Path) -> None:
    row = typical()
    with served() as client:
        answer = post(client, row, row | {"age": -5}, row | {"age": 115}, row | {"age": "999"})
        single = client.post("/explain", json={"row": row | {"age": 115}})
        wait_for(lambda: len(refusals()) == 2)
        metrics = client.get("/metrics").text
    assert answer.status_code == single.status_code == 422
    first, *others = answer.json()["detail"]
    assert first["loc"] == ["rows", 1, "age"]
    assert others == [
        {"loc": ["rows", place, "(whole row)"], "message": "left out by clean"} for place in (2, 3)
    ]
    assert single.json()["detail"] == [
        {"loc": ["row", "(whole row)"], "message": "left out by clean"}
    ]
    expected = [(422, "(whole row)", "left_out", 2, 3), (422, "age", "out_of_range", 1, 3)]
    assert sorted(refusals()) == expected
    assert 'rows_refused_total{column="(whole row)",fault="left_out"} 3.0' in metrics
    assert not logged()


def test_an_error_in_clean_is_that_rows_error(
    cleaning: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = typical()
    with served() as client:
        answer = post(client, row, row, row | {"income": "13"}, row)
        wait_for(lambda: len(refusals()) == 1)
    assert answer.status_code == 422
    [problem] = answer.json()["detail"]
    assert problem["loc"] == ["rows", 2, "(whole row)"]
    assert problem["message"].startswith("clean failed: ValueError in line ")
    assert refusals() == [(422, "(whole row)", "clean_failed", 1, 1)]
    [line] = [one for one in caplog.records if one.name.startswith("tabrail")]
    assert line.getMessage().startswith("clean failed: ValueError in line ")
    assert line.getMessage().endswith("rows refused because of such errors: 1")
    assert "secret" not in caplog.text
    assert not line.exc_info


def test_a_row_does_not_hurt_the_other_requests_of_its_batch(
    cleaning: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    go = threading.Event()
    score = Rollout.score
    arrived: list[Any] = []
    answer = Batcher.answer

    async def counted(self: Batcher, request: Any) -> Any:
        arrived.append(request)
        return await answer(self, request)

    def slow(self: Rollout, batch: Any, frame: Any) -> Any:
        sizes.append(len(batch))
        go.wait(PATIENCE_S)
        return score(self, batch, frame)

    row = typical()
    given = [row | {"age": 30 + place} for place in range(6)]
    given += [row | {"income": "13"}, row | {"age": 115}, row | {"age": "40", "city": "oslo"}]
    with served(timeout_seconds=30) as client:
        alone = [post(client, one) for one in given]
        monkeypatch.setattr(Rollout, "score", slow)
        monkeypatch.setattr(Batcher, "answer", counted)
        with ThreadPoolExecutor(10) as clients:
            first = clients.submit(post, client, row)
            wait_for(lambda: sizes)
            waiting = [clients.submit(post, client, one) for one in given]
            wait_for(lambda: len(arrived) > 6)  # one is scored, and at least six wait
            go.set()
            together = [one.result() for one in waiting]
        assert first.result().status_code == 200
    assert max(sizes) > 1
    assert [one.status_code for one in together] == [200] * 6 + [422, 422, 200]
    for one, other_ in zip(alone, together, strict=True):
        assert _said(one) == _said(other_)


def _said(answer: httpx.Response) -> Any:
    content = answer.json()
    return content.get("detail") or [one["probability"] for one in content["predictions"]]


def test_the_description_has_types_where_clean_changes_nothing(cleaning: Path) -> None:
    with served() as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        manual = client.get("/docs").text
    row = schemas["Row"]["properties"]
    assert row["seen"]["type"] == "string"
    identifier = [{"type": "string"}, {"type": "integer"}, {"type": "null"}]
    assert row["customer"]["anyOf"] == identifier
    kinds = ["string", "boolean", "integer", "number", "null"]
    for name in ("city", "age"):
        assert [one["type"] for one in row[name]["anyOf"]] == kinds
        assert "cleaned" in row[name]["description"]
    assert "seen" in schemas["Row"]["required"]
    assert "city" not in schemas["Row"]["required"]
    assert "It is cleaned, and then checked." in manual


COLUMNS = {
    "id": Column(kind="identifier"),
    "age": Column(kind="numeric", min=0, max=120, nullable=True),
    "city": Column(kind="categorical", categories=["Oslo", "Ulm"]),
    "member": Column(kind="boolean", nullable=True),
    "adult": Column(kind="boolean"),
    "old": Column(kind="ignored"),
    "weight": Column(kind="numeric", min=0),
    "y": Column(kind="boolean"),
}
SCHEMA = Schema(name="Any", task="binary", target="y", weight="weight", columns=COLUMNS)
ROW: dict[str, Any] = {"id": "007", "age": 44.0, "city": "Oslo", "member": True, "adult": True}


def test_values_reach_clean_as_they_came() -> None:
    seen: list[pd.DataFrame] = []

    def look(rows: pd.DataFrame) -> pd.DataFrame:
        seen.append(rows)
        return rows

    numbers = [ROW | {"y": True, "weight": 1}, ROW | {"age": None, "member": None}, {"id": 2**60}]
    texts = [ROW | {"age": "44", "old": 1}, ROW | {"age": " NA ", "old": 2.5}]
    clean_rows([*numbers, *texts], SCHEMA, look)
    assert [list(table) for table in seen] == [list(ROW), list(ROW), [*ROW, "old"]]
    assert [table["age"].dtype for table in seen] == ["float64", "float64", "str"]
    assert seen[0]["age"].isna().tolist() == [False, True]
    assert seen[0]["member"].dtype == "boolean"
    assert seen[0]["adult"].dtype == "bool"
    assert seen[1]["id"].tolist() == [str(2**60)]
    assert seen[1].isna().iloc[0].tolist() == [False, True, True, True, True]
    assert seen[2]["age"].tolist() == ["44", " NA "]


def test_what_clean_gets_of_a_row_does_not_depend_on_other_rows() -> None:
    rows = [
        ROW | change
        for change in (
            {},
            {"age": 44},
            {"age": "44"},
            {"age": None},
            {"age": True},
            {"member": None},
            {"member": "yes"},
            {"adult": None},
            {"adult": 1},
            {"city": 7},
            {"city": 7.5},
            {"old": 3},
            {"old": [1]},
            {"city": {"a": 1}},
        )
    ]

    def types(tables: list[Any]) -> dict[int, Any]:
        return {
            place: [(name, str(after[name].dtype), str(after[name][place])) for name in after]
            for _, after in tables
            for place in after.index
        }

    alone = [types(clean_rows([row], SCHEMA, lambda given: given).tables)[0] for row in rows]
    together = types(clean_rows(rows, SCHEMA, lambda given: given).tables)
    assert [together[place] for place in range(len(rows))] == alone


def test_what_clean_changes_is_read_like_a_table() -> None:
    columns = COLUMNS | {"day": Column(kind="datetime", format="%d.%m.%Y")}
    schema = SCHEMA.model_copy(update={"columns": columns})

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(
            age=rows["age"].replace({45.0: 46.0}), day=pd.to_datetime(rows["day"], dayfirst=True)
        )

    ages = [44, 45, "44", " 1e1 ", "NA", None, "old"]
    rows = [ROW | {"age": age, "day": "1.2.2024 14:30", "city": 7} for age in ages]
    found, changed = json_cells(clean_rows(rows, schema, clean), schema, {"age", "member"})
    assert changed == {"age", "day"}
    values = [found[place]["age"] for place in range(len(ages))]
    assert values == [44.0, 46.0, 44.0, 10.0, None, None, "old"]
    assert {row["member"] for row in found.values()} == {True}
    assert {row["city"] for row in found.values()} == {"7"}
    assert {row["day"] for row in found.values()} == {pd.Timestamp("2024-02-01T14:30")}
    strict, _ = json_cells(clean_rows(rows, schema, clean), schema)
    assert strict[2]["age"] == "44"
    assert strict[1]["age"] == 46.0


def test_a_date_of_clean_is_shown_in_its_format_and_scored_as_it_is() -> None:
    columns = COLUMNS | {"day": Column(kind="datetime", format="%d.%m.%Y")}
    schema = SCHEMA.model_copy(update={"columns": columns})

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(day=pd.to_datetime(rows["day"], dayfirst=True))

    row = ROW | {"day": "1.2.2024 14:30"}
    reader = RequestReader(schema, 10, row, clean, [row])
    [found] = reader.check([Request([row])])
    assert isinstance(found, Rows)
    assert found.values["day"] == ["01.02.2024"]
    assert reader.together([found]).frame()["day"].tolist() == [pd.Timestamp("2024-02-01T14:30")]


def test_all_violations_of_a_row_are_reported_at_once(cleaning: Path) -> None:
    row = typical()
    wrong = [
        row | {"unknown": 1, "age": -5, "seen": "soon", "city": "oslo"},
        row | {"income": [1], "age": -5, "member": "perhaps"},
        row | {"unknown": 1, "age": 115},  # which the cleaning function leaves out
        row | {"income": {}, "age": 115},  # so that it does not get the whole row
        7,
        row | {"age": float("nan")},
    ]
    with served() as client:
        problems = post(client, *wrong).json()["detail"]
        single = client.post("/explain", json={"row": wrong[0]}).json()["detail"]
    assert [one["loc"][1:] for one in problems] == [
        [0, "age"],
        [0, "unknown"],
        [0, "seen"],
        [1, "age"],
        [1, "income"],
        [1, "member"],
        [2, "unknown"],
        [2, "(whole row)"],
        [3, "income"],
        [4],
        [5, "age"],
    ]
    assert [one["loc"] for one in single] == [["row", one["loc"][2]] for one in problems[:3]]
    assert [one["message"] for one in single] == [one["message"] for one in problems[:3]]


@pytest.mark.parametrize(
    ("clean", "expected"),
    [
        (lambda rows: rows.copy(), set()),
        (lambda rows: rows.assign(city=rows["city"].astype("str").str.lower()), {"city"}),
        (lambda rows: rows.assign(city=rows["city"].replace("ULM", "Ulm")), {"city"}),
        (lambda rows: rows.assign(city=rows["city"].replace("another one", "Ulm")), {"city"}),
        (lambda rows: rows.assign(age=pd.to_numeric(rows["age"], errors="coerce")), {"age"}),
        (lambda rows: rows.assign(age=rows["age"].fillna(1)), {"age"}),
        (lambda rows: rows[rows["age"].notna()], {"age"}),
        (lambda rows: rows[rows["city"] != "Ulm"], {"city"}),
        (lambda rows: rows[rows["city"] != "another one"], {"city"}),
        (lambda rows: rows.assign(id=rows["id"].str.strip()), {"id"}),
        (lambda rows: rows.iloc[:0], set(ROW)),
        (lambda rows: rows.assign(member=rows["member"].mask(rows["age"] == 0)), {"member"}),
    ],
)
def test_what_clean_changes_is_found_out(clean: Any, expected: set[str]) -> None:
    rows = [ROW | {"age": 40.0 + place, "adult": place % 2 == 0} for place in range(4)]
    rows.append(ROW | {"city": "Ulm"})
    assert changed_columns(rows, ROW, SCHEMA, clean) == expected


def test_a_clean_that_changes_nothing_costs_nothing(project: Path) -> None:
    stand_in("binary", project)
    generated = load_release().clean
    assert generated is not no_cleaning
    assert changes_nothing(generated)
    assert changes_nothing(no_cleaning)
    others: list[Any] = [lambda rows: rows[:1], lambda rows, _=1: rows, pd.DataFrame.copy, print]
    for other_ in others:
        assert not changes_nothing(other_)
    with served() as client:
        row = client.get("/openapi.json").json()["components"]["schemas"]["Row"]["properties"]
        [problem] = post(client, typical() | {"age": "44"}).json()["detail"]
    assert row["age"]["type"] == "number"
    assert problem["message"].endswith("got '44'; write numbers, without quotes")


@contextmanager
def beside(folder: Path, share: float = 0.0) -> Iterator[tuple[httpx.Client, Release]]:
    """Serve with a challenger."""
    rival = load_release(folder)
    assert rival.separate
    with served(challenger=rival, share=share) as client:
        yield client, rival


def test_a_challenger_of_other_code_cleans_and_checks_rows_itself(other: Path) -> None:
    row = typical()
    rows = [row | {"age": age, "city": "oslo"} for age in (20, 35, 50, "60", 70)]
    rows.append(row | {"income": None, "member": "ja", "age": 80})
    with beside(other) as (client, rival):
        found = said(client, *rows)
        assert client.get("/model").json()["challenger"] == rival.version
        metrics = client.get("/metrics").text
    assert found == scores(rows)
    entries = logged()
    theirs = [entry for entry in entries if entry["role"] == "challenger"]
    order = {entry["numbers"][0]: entry["id"] for entry in entries if entry["role"] == "champion"}
    by_id = {entry["id"]: entry["numbers"][0] for entry in theirs}
    # It leaves the first row out, and its schema does not know the "ja" of the last one.
    expected = scores(rows[1:5], other)
    assert [by_id.get(order[one]) for one in found] == [None, *expected, None]
    assert expected != found[1:5]
    assert not any(entry["answered"] for entry in theirs)
    assert "challenger_failures_total 0.0" in metrics


def test_a_share_of_the_keys_is_answered_by_the_challenger_where_it_can(other: Path) -> None:
    row = typical()
    rows = [row | {"age": 20}, row | {"age": 50, "city": "oslo"}]
    with beside(other, 1.0) as (client, rival):
        models = [one["model"] for one in post(client, *rows).json()["predictions"]]
        found = said(client, rows[1])
        why = [client.post("/explain", json={"row": one}).json() for one in rows]
    champion = load_release()
    assert models == [champion.version, rival.version]
    assert [one["model"] for one in why] == models
    assert {one["column"]: one["value"] for one in why[1]["columns"]}["city"] == "Ulm"
    assert found == scores(rows[1:], other)


def test_a_challenger_gets_rows_as_they_came_where_the_champion_cleans_nothing(
    cleaning: Path,
) -> None:
    first = Path("first")
    shutil.copytree(FOLDER / "first", first)
    text = Path("src/shops/prepare.py").read_text(encoding="utf-8")
    Path("src/shops/prepare.py").write_text(text.replace(CLEAN, "\n    return rows\n"))
    raw = Path("data/raw/shops.csv")
    raw.write_text(raw.read_text(encoding="utf-8").replace("oslo", "Oslo"), encoding="utf-8")
    for stage in (prepare, train, evaluate):
        stage.main()
    row = typical()
    with beside(first, 1.0) as (client, rival):
        answer = post(client, row | {"city": "oslo"}).json()
        same = post(client, row | {"city": "Oslo"}).json()
    assert answer["model"] == same["model"] == rival.version
    assert answer["predictions"][0]["probability"] == same["predictions"][0]["probability"]


def test_a_challenger_that_dies_fails_no_answer(
    other: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [typical() | {"age": age} for age in (40, 50)]
    with beside(other, 1.0) as (client, rival):
        assert post(client, *rows).json()["model"] == rival.version
        assert rival.worker
        worker = rival.worker._process
        worker.kill()
        worker.wait()
        for count in (1.0, 2.0, 3.0):
            answer = post(client, *rows)
            assert answer.status_code == 200
            assert answer.json()["model"] == load_release().version
            metrics = client.get("/metrics").text
            assert f"challenger_failures_total {count}" in metrics
        why = client.post("/explain", json={"row": rows[0]}).json()
    assert why["model"] == answer.json()["model"]
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("tabrail")]
    assert len(lines) == 1
    assert lines[0].startswith("the challenger is switched off, and the champion answers: ")
    assert [one["probability"] for one in answer.json()["predictions"]] == scores(rows)


def test_a_challenger_that_hangs_is_switched_off(
    other: Path, caplog: pytest.LogCaptureFixture
) -> None:
    champion, rival = load_release(), load_release(other)
    assert rival.worker
    process = rival.worker._process
    process.send_signal(signal.SIGSTOP)  # it sleeps: it neither answers nor ends
    failures: list[bool] = []
    rollout = Rollout(champion, rival, 1.0, lambda: failures.append(True), seconds=0.1)
    values = {name: [value] for name, value in typical().items()}
    given = Rows(Request([typical()]), values, {}, [[]])
    frame = reference.table([typical()], champion.schema)
    for count in (1, 2):
        [answer], entries = rollout.score([given], TableColumns(frame))
        assert answer["model"] == champion.version
        assert [entry.role for entry in entries] == ["champion"]
        assert len(failures) == count
    assert process.wait() == -signal.SIGKILL
    assert rollout.explained(given, TableColumns(frame))["model"] == champion.version
    [line] = [one.getMessage() for one in caplog.records if one.name.startswith("tabrail")]
    assert "gave no answer in 0.1 seconds and was stopped" in line


@pytest.mark.ci("two workers and their challengers start")
@pytest.mark.parametrize(("workers", "stop"), [(1, signal.SIGINT), (2, signal.SIGTERM)])
def test_no_process_is_left_when_a_server_is_told_to_stop(
    workers: int, stop: signal.Signals, other: Path
) -> None:
    with command("--workers", workers, "--challenger", other) as (process, address):
        assert post(httpx.Client(base_url=address), typical()).status_code == 200
        wait_for(lambda: len(challengers(descendants(process.pid))) == workers)
        if workers > 1:  # the process that only starts the others has no challenger
            assert not challengers(started_by(process.pid))
        children = descendants(process.pid)
        process.send_signal(stop)
        assert process.wait(PATIENCE_S) == 0
    wait_for(lambda: not any(alive(one) for one in children))


def challengers(processes: list[int]) -> list[int]:
    """Return those processes that run a challenger."""
    return [
        one
        for one in processes
        if "tabrail.model.worker" in Path(f"/proc/{one}/cmdline").read_text()
    ]


def started_by(process: int) -> list[int]:
    """Return the processes that a process has started."""
    listed = subprocess.run(
        ["pgrep", "--parent", str(process)], capture_output=True, encoding="utf-8", check=False
    )
    return [int(number) for number in listed.stdout.split()]


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    own = started_by(process)
    return own + [below for one in own for below in descendants(one)]


def alive(process: int) -> bool:
    """Return whether a process runs."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_clean_that_hangs_blocks_nothing_but_predictions_and_is_noticed(
    cleaning: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    check = RequestReader.check  # in which rows are cleaned, in the thread that scores

    def hangs(self: RequestReader, batch: Any) -> Any:
        go.wait(PATIENCE_S)
        return check(self, batch)

    with served(timeout_seconds=0.3) as client:
        assert post(client, typical()).status_code == 200
        monkeypatch.setattr(RequestReader, "check", hangs)
        try:
            for path in ("/ready", "/health", "/reviews"):
                assert client.get(path).status_code == 200
            for _ in range(2):  # the one that hangs, and one that waits behind it
                answer = post(client, typical())
                assert answer.status_code == 503
                assert "no answer in 0.3 seconds" in answer.text
            for path in ("/ready", "/health"):
                wait_for(lambda path=path: client.get(path).status_code == 503)
                assert "does not return" in client.get(path).text
            assert client.get("/reviews").status_code == 200
        finally:
            go.set()
        wait_for(lambda: client.get("/ready").status_code == 200)
        assert client.get("/health").status_code == 200
        assert post(client, typical()).status_code == 200
