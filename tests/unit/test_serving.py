"""The REST API answers what the model says, refuses what the schema does, and logs both."""

import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import numpy as np
import pandas as pd
import pytest
from conftest import add_unused, edit
from serving import (
    PATIENCE_S,
    body,
    loaded,
    logged,
    refusals,
    served,
    typical,
    wait_for,
)
from trained import stand_in

from tabrail.curl import ADDRESS
from tabrail.data.schema import Task
from tabrail.log.entries import Prediction
from tabrail.log.prediction_log import PredictionLog
from tabrail.model import reference
from tabrail.model.limits import Predicted
from tabrail.model.release import Release, load_release
from tabrail.serving import rollout
from tabrail.serving.answers import predict
from tabrail.serving.request import Request, Rows
from tabrail.serving.rollout import Rollout

JSON = {"Content-Type": "application/json"}
KEY = "käy"
ESTIMATORS = [
    "sklearn.ensemble.HistGradientBoostingClassifier",
    "sklearn.linear_model.LogisticRegression",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.neural_network.MLPClassifier",
]

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"age": 130}, "age", "less than or equal to 120"),
    ({"age": "old"}, "age", "valid number, got 'old'"),
    ({"age": True}, "age", "valid number"),
    ({"age": None}, "age", "needed"),
    ({"city": " NA "}, "city", "needed"),
    ({"city": 1.5}, "city", "valid string"),
    ({"member": "yes"}, "member", "valid boolean, got 'yes'; write true or false, without quotes"),
    ({"member": 1.0}, "member", "valid boolean, got 1.0; write true or false"),
    ({"age": "44"}, "age", "valid number, got '44'; write numbers, without quotes"),
    ({"age": True}, "age", "valid number, got True; write numbers"),
    ({"seen": "2024-02-30"}, "seen", "got '2024-02-30'"),
    ({"aeg": 1}, "aeg", "no such column (did you mean 'age'?)"),
    ({"income": [1]}, "income", "valid number"),
]
MALFORMED = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"rows"',
    b'{"rows": []}',
    b'{"rows": {}}',
    b'{"rows": [1, null, []]}',
    b'{"rows": [{}], "more": 1}',
    b'{"rows": [{"age": NaN}]}',
    b'{"rows": [{"age": Infinity}]}',
    b'{"rows": [{"age": 1e308}]}',
    b'{"rows": [{"age": ' + b"9" * 5000 + b"}]}",
    b'{"rows": [{"customer": ' + b"9" * 5000 + b"}]}",
    b'{"rows": [{"city": "\\ud800"}]}',
    b'{"rows": [{"city": "\xff"}]}',
    b'{"rows": [{"bought": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
    b"[" * 500_000,
    b'\xef\xbb\xbf{"rows": []}',
]


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a project with a trained model."""
    return stand_in("binary", project)


def rows(number: int) -> list[dict[str, Any]]:
    """Return rows as clients would send them."""
    found = load_release()
    given = reference.rows(found.schema, found.distributions)
    return [given[place % len(given)] | {"age": 20 + place % 70} for place in range(number)]


def send(client: httpx.Client, *given: Any) -> Any:
    """Return the answer to a request that is right."""
    answer = client.post("/predict", content=body(*given), headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("task", get_args(Task))
def test_every_row_gets_what_the_model_says(task: Task, project: Path) -> None:
    model = load_release(stand_in(task, project))
    given = rows(20)
    expected = model.predict(reference.table(given, model.schema))
    with served() as client:
        answer = send(client, *given)
        about = client.get("/model").json()
        page = client.get("/")
    assert answer["model"] == about["version"] == model.version
    assert [column["name"] for column in about["columns"]] == list(given[0])
    assert page.status_code == 200
    assert "script-src" in page.headers["Content-Security-Policy"]
    said = answer["predictions"]
    if task == "binary":
        assert [one["probability"] for one in said] == expected.tolist()
        words = np.where(expected >= 0.3, "yes", "no").tolist()
        assert about["threshold"] == 0.3
    elif task == "multiclass":
        assert [list(one["probabilities"].values()) for one in said] == expected.tolist()
        assert list(said[0]["probabilities"]) == model.schema.classes == about["classes"]
        words = [model.schema.classes[place] for place in expected.argmax(axis=1)]
    else:
        words = expected.tolist()
    assert [one["prediction"] for one in said] == words
    entries = {entry["id"]: entry for entry in logged()}
    for one, row, numbers in zip(said, given, expected, strict=True):
        entry = entries[one["id"]]
        assert entry["numbers"] == np.atleast_1d(numbers).tolist()
        assert entry["prediction"] == str(one["prediction"])
        assert entry["row"] == json.loads(json.dumps(row))
        assert entry["answered"]
        assert entry["role"] == "champion"
        assert entry["model"] == model.version
        assert 0 < entry["latency_ms"] < 60_000


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_rows_that_are_scored_together_get_the_same_scores(estimator: str, project: Path) -> None:
    stand_in("binary", project, estimator)
    given = rows(16)
    with served() as client:
        alone = [send(client, row)["predictions"][0]["probability"] for row in given]
        together = [one["probability"] for one in send(client, *given)["predictions"]]
        with ThreadPoolExecutor(8) as clients:
            at_once = list(clients.map(lambda row: send(client, row)["predictions"][0], given))
    assert alone == together == [one["probability"] for one in at_once]
    assert len({one["id"] for one in at_once}) == len(given)


def test_an_error_names_the_column(shop: Path) -> None:
    with served() as client:
        for change, where, message in WRONG:
            wrong = body(typical(), typical() | change)
            answer = client.post("/predict", content=wrong, headers=JSON)
            assert answer.status_code == 422
            [problem] = answer.json()["detail"]
            assert problem["loc"] == ["rows", 1, where]
            assert message in problem["message"]


def test_refused_rows_are_logged_without_their_values(shop: Path) -> None:
    wrong = [typical() | {"age": -1}, typical() | {"age": 999}, typical() | {"secret": "x"}]
    with served() as client:
        assert client.post("/predict", content=body(*wrong), headers=JSON).status_code == 422
        assert client.post("/predict", content=b"{", headers=JSON).status_code == 422
        wait_for(lambda: len(refusals()) == 3)
        metrics = client.get("/metrics").text
    expected = [(422, "age", "out_of_range", 2, 3), (422, "", "unknown_column", 1, 3)]
    assert sorted(refusals()) == sorted([*expected, (422, "", "malformed", 1, 1)])
    assert 'rows_refused_total{column="age",fault="out_of_range"} 2.0' in metrics
    assert "secret" not in metrics
    assert not logged()


def test_malformed_requests_are_the_requests_fault(shop: Path) -> None:
    with served() as client:
        for content in MALFORMED:
            for path in ("/predict", "/explain", "/decisions", "/outcomes"):
                answer = client.post(path, content=content, headers=JSON)
                assert answer.status_code == 422, content[:99]
                assert isinstance(answer.json()["detail"], list)


def test_requests_are_refused_with_the_right_status(shop: Path) -> None:
    with served(max_rows=2, max_megabytes=0.01) as client:
        row = typical()
        assert client.post("/predict", content=body(row, row), headers=JSON).status_code == 200
        assert client.post("/predict", content=body(row, row, row), headers=JSON).status_code == 422
        assert client.post("/predict", content=b" " * 20_000, headers=JSON).status_code == 413
        assert client.post("/predict", content=b" " * 900_000, headers=JSON).status_code == 413
        parts = (b" " * 1000 for _ in range(20))
        assert client.post("/predict", content=parts, headers=JSON).status_code == 413
        assert client.post("/predict", content=body(row)).status_code == 415
        assert client.get("/predict").status_code == 405
        assert client.get("/no/such/path").status_code == 404
        assert client.get("/reviews?most=0").status_code == 422
        [problem] = client.get("/reviews?most=x").json()["detail"]
        assert problem.keys() == {"loc", "message"}
        assert problem["loc"] == ["query", "most"]
        assert client.get("/health").json() == {"status": "alive"}
        assert client.get("/ready").status_code == 200
        metrics = client.get("/metrics").text
        wait_for(lambda: len(refusals()) == 5)
    assert 'requests_total{path="/predict",status="413"} 3.0' in metrics
    assert 'path="other",status="404"' in metrics
    assert {rows for *_, rows, _ in refusals()} == {1}
    faults = [fault for _, _, fault, *_ in refusals()]
    assert sorted(faults) == ["malformed", "no_json", "too_large", "too_large", "too_large"]


def test_a_slow_body_is_not_waited_for(shop: Path) -> None:
    with served(timeout_seconds=0.3) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as slow:
            head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
            head += b"Content-Type: application/json\r\n"
            slow.sendall(head + b"Content-Length: 100\r\n\r\n{")
            assert slow.recv(1000).startswith(b"HTTP/1.1 408")
        wait_for(lambda: client.post("/predict", content=body(typical()), headers=JSON).is_success)


def test_an_answer_that_takes_too_long_is_given_up(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    score = Rollout.score

    def slow(*given: Any) -> Any:
        go.wait(PATIENCE_S)
        return score(*given)

    with served(timeout_seconds=0.3, max_rows=2) as client:
        monkeypatch.setattr(Rollout, "score", slow)
        first = client.post("/predict", content=body(typical()), headers=JSON)
        assert first.status_code == 503
        assert first.headers["Retry-After"]
        with ThreadPoolExecutor(30) as clients:
            many = [
                clients.submit(client.post, "/predict", content=body(typical()), headers=JSON)
                for _ in range(30)
            ]
            said = [one.result().json()["detail"] for one in many]
        assert any("Too many requests are waiting" in one for one in said)
        go.set()
        wait_for(lambda: client.post("/predict", content=body(typical()), headers=JSON).is_success)


def test_an_error_of_ours_shows_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("a secret")

    with served() as client:
        monkeypatch.setattr(rollout, "predict", fail)
        answer = client.post("/predict", content=body(typical()), headers=JSON)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    number = answer.json()["detail"].split()[-1].rstrip(".")
    assert number in caplog.text
    assert "a secret" in caplog.text
    assert refusals() == [(500, "", "error", 1, 1)]


def test_one_bad_request_does_not_fail_those_that_are_scored_with_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(model: Release, frame: Any, places: Any) -> Any:
        if (frame.numbers("age") == 66).any():
            raise ValueError
        return predict(model, frame, places)

    with served() as client, ThreadPoolExecutor(8) as clients:
        monkeypatch.setattr(rollout, "predict", picky)
        given = [typical() | {"age": 62 + place % 8} for place in range(16)]
        answers = clients.map(
            lambda row: client.post("/predict", content=body(row), headers=JSON).status_code, given
        )
    assert list(answers) == [500 if row["age"] == 66 else 200 for row in given]


def test_a_key_is_needed_where_there_is_one(shop: Path) -> None:
    with served(key=KEY) as client:
        for path in ("/health", "/ready", "/", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200
        said = client.get("/openapi.json").json()
        assert said["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        assert said["paths"]["/predict"]["post"]["security"] == [{"key": []}]
        assert said["paths"]["/health"]["get"]["security"] == []
        assert "Bearer KEY" in client.get("/docs").text
        for given in ("", "Bearer", "Bearer key", f"Basic {KEY}", f"Bearer {KEY}x"):
            headers = {b"Authorization": given.encode()}
            for path in ("/model", "/metrics", "/reviews", "/nothing"):
                assert client.get(path, headers=headers).status_code == 401
        client.headers = httpx.Headers({b"Authorization": f"Bearer {KEY}".encode()})
        assert client.get("/model").status_code == 200
        assert send(client, typical())
    assert not refusals()


def test_close_calls_wait_for_a_person(shop: Path) -> None:
    with served(review_margin=1.0) as client:
        (first, second) = send(client, typical(), typical() | {"age": 30})["predictions"]
        assert first["review"]
        waiting = client.get("/reviews").json()["waiting"]
        assert {one["id"] for one in waiting} == {first["id"], second["id"]}
        assert waiting[0].keys() == {"id", "at", "row", "prediction", "probability"}
        said = client.post("/decisions", json={"values": {first["id"]: "yes", "f" * 32: "no"}})
        assert said.json() == {"recorded": 1, "unknown": ["f" * 32]}
        [left] = client.get("/reviews?most=5").json()["waiting"]
        assert left["id"] == second["id"]
        wrong = client.post("/decisions", json={"values": {second["id"]: "maybe"}})
        assert wrong.status_code == 422
        assert wrong.json()["detail"][0]["loc"] == ["values", second["id"]]
        known = {"values": {second["id"]: "no", "\x00": "no"}}
        assert client.post("/outcomes", json=known).json()["unknown"] == ["\x00"]
        assert "predictions_to_review_total 2.0" in client.get("/metrics").text
    assert {one["outcome"] for one in logged()} == {None, "no"}


def test_an_answer_has_no_more_than_a_body_may_have_however_large_rows_are(shop: Path) -> None:
    with served(review_margin=1.0, max_megabytes=0.1) as client:
        for letter, count in (("a", 40_000), ("b", 40_000), ("ü", 15_000), ("d", 40_000)):
            send(client, typical() | {"city": letter * count})  # an ü has two bytes
        given = []
        while waiting := (answer := client.get("/reviews?most=1000")).json()["waiting"]:
            given.append([one["row"]["city"][0] for one in waiting])
            assert len(answer.content) < 100_000 + 1000 * len(waiting)
            decided = {one["id"]: "yes" for one in waiting}
            assert client.post("/decisions", json={"values": decided}).json()["recorded"]
        assert given == [["a", "b"], ["ü", "d"]]
    with PredictionLog() as log:
        assert log.waiting(9, most_bytes=1) == []


@pytest.mark.parametrize("task", get_args(Task))
def test_reviews_of_another_question_are_not_shown(task: Task, project: Path) -> None:
    stand_in(task, project)
    with served(review_margin=1.0) as client:
        send(client, typical())
        [right] = logged()
        with PredictionLog() as log:
            odd: list[dict[str, Any]] = [
                {"numbers": [0.1, 0.2]},
                {"prediction": "purple"},
                {"model": "model@v0.0.1"},
            ]
            for number, change in enumerate(odd):
                entry = {
                    one.name: right[one.name] for one in fields(Prediction) if one.name in right
                } | change
                entry |= {"id": f"{number:032x}", "review": True}
                log.write([Prediction(**entry | {"at": right["at"] - timedelta(days=1)})])
        found = client.get("/reviews?most=2").json()["waiting"]
    shown = [f"{2:032x}"] + [right["id"]] * (task != "regression")
    assert [one["id"] for one in found] == shown


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_the_band_fits_the_task(task: Task, project: Path) -> None:
    stand_in(task, project)
    with served(review_margin=1.0) as client:
        answer = send(client, *rows(8))["predictions"]
        assert any(one["review"] for one in answer) == (task == "multiclass")
        value = 12.5 if task == "regression" else "Ulm"
        said = client.post("/outcomes", json={"values": {answer[0]["id"]: value}})
        assert said.json()["recorded"] == 1
        wrong = client.post("/outcomes", json={"values": {answer[0]["id"]: "Rome"}})
        assert wrong.status_code == 422


def test_a_narrow_band_takes_only_what_is_near(project: Path) -> None:
    stand_in("multiclass", project)
    with served(review_margin=0.05) as client:
        answer = send(client, *rows(40))["predictions"]
    for one in answer:
        second, best = sorted(one["probabilities"].values())[-2:]
        assert one["review"] == (best - second < 0.05)


def test_new_categories_are_warned_of(shop: Path) -> None:
    with served() as client:
        [one] = send(client, typical() | {"city": "Rome"})["predictions"]
    assert one["warnings"] == ["city: the category 'Rome' was not in training"]


def test_an_explanation_is_ordered(shop: Path) -> None:
    with served() as client:
        answer = client.post("/explain", json={"row": typical() | {"age": 90}})
        wrong = client.post("/explain", json={"row": {"age": "x"}})
    assert answer.json()["columns"][0]["column"] == "age"
    assert wrong.json()["detail"][0]["loc"] == ["row", "age"]
    assert not logged()


def test_sensitive_columns_are_used_but_not_kept(shop: Path) -> None:
    edit(Path("schema.yaml"), lambda content: content["columns"]["customer"].update(sensitive=True))
    with served() as client:
        send(client, typical())
    assert "customer" not in logged()[0]["row"]


def test_a_request_needs_no_column_that_the_model_does_not_use(shop: Path) -> None:
    """Neither a name nor an identifier is demanded, shown or logged."""

    edit(Path("schema.yaml"), add_unused)
    row = typical()
    row.pop("customer")
    with served() as client:
        answer = send(client, row)
        again = send(client, row | {"email": "ada@example.org", "religion": "?", "visit": "7"})
        columns = {one["name"] for one in client.get("/model").json()["columns"]}
        page = client.get("/").text
    assert not {"email", "religion"} & columns
    assert "religion" not in page
    assert answer["predictions"][0]["probability"] == again["predictions"][0]["probability"]
    assert [set(entry["row"]) & {"email", "religion"} for entry in logged()] == [set(), set()]


def test_a_share_of_the_groups_needs_the_key(shop: Path) -> None:
    row = typical()
    row.pop("customer")
    with served(challenger=replace(loaded(), version="rival"), share=0.5) as client:
        wrong = client.post("/predict", json={"rows": [row]})
    assert wrong.json()["detail"][0]["loc"] == ["rows", 0, "customer"]
    with served(challenger=replace(loaded(), version="rival")) as client:
        assert client.post("/predict", json={"rows": [row]}).status_code == 200


def test_both_models_score_and_one_of_them_answers(shop: Path) -> None:
    challenger = replace(loaded(), version="rival")
    given = [row | {"customer": str(place)} for place, row in enumerate(rows(60))]
    with served(challenger=challenger, share=0.5) as client:
        answer = send(client, *given)
        again = send(client, *given)
        assert client.get("/model").json()["challenger"] == "rival"
        why = [client.post("/explain", json={"row": row}).json()["model"] for row in given[:9]]
    models = [one["model"] for one in answer["predictions"]]
    assert models == [one["model"] for one in again["predictions"]]
    assert why == models[:9]
    assert 15 < models.count("rival") < 45
    entries = logged()
    assert len(entries) == 4 * len(given)
    assert len({entry["request"] for entry in entries}) == 2
    answered = {entry["id"]: entry["model"] for entry in entries if entry["answered"]}
    assert {one["id"]: one["model"] for one in answer["predictions"]}.items() <= answered.items()
    roles = {(entry["role"], entry["model"]) for entry in entries}
    assert roles == {("champion", loaded().version), ("challenger", "rival")}


def test_a_share_depends_on_nothing_but_the_key(shop: Path) -> None:
    model = loaded()
    half = Rollout(model, model, 0.5)
    keys = Rows(Request([]), {"customer": [f"{place:04}" for place in range(100)]}, {}, [])
    chosen = [half._is_shared(keys, place) for place in range(8)]
    assert chosen == [False, True, True, False, True, False, False, False]
    for share, expected in ((0.0, 0), (1.0, 100)):
        every = Rollout(model, model, share)
        assert sum(every._is_shared(keys, place) for place in range(100)) == expected


def failing(rows: pd.DataFrame) -> Predicted:
    """Fail to predict."""
    raise ValueError(f"{len(rows)} rows too many")


def test_a_challenger_that_fails_fails_no_answer(shop: Path) -> None:
    challenger = replace(loaded(), version="rival", score=failing, compiled=None)
    with served(challenger=challenger, share=1.0) as client:
        answer = send(client, typical())
        metrics = client.get("/metrics").text
        assert client.post("/explain", json={"row": typical()}).json()["model"] == answer["model"]
    assert answer["model"] == loaded().version
    assert "challenger_failures_total 1.0" in metrics
    assert len(logged()) == 1


def test_metrics_are_there(shop: Path) -> None:
    with served() as client:
        send(client, *rows(3))
        text = client.get("/metrics").text
    version = loaded().version
    assert "prediction_probability_count{model=" + f'"{version}"' + "} 3.0" in text
    assert 'log_entries_total{fate="written"} 3.0' in text
    assert 'log_entries_total{fate="lost"} 0.0' in text
    assert "log_entries_waiting 0.0" in text
    assert 'request_seconds_bucket{le="10.0",path="/predict"} 1.0' in text


def test_the_description_is_complete(shop: Path) -> None:
    edit(Path("schema.yaml"), lambda content: content["columns"]["age"].update(unit="years"))
    with served() as client:
        said = client.get("/openapi.json").json()
        again = client.get("/openapi.json").json()
    assert said == again
    schemas = said["components"]["schemas"]
    age = schemas["Row"]["properties"]["age"]
    assert (age["minimum"], age["maximum"], age["type"]) == (0, 120, "number")
    assert "years" in age["description"]
    assert schemas["Row"]["examples"] == [typical()]
    assert schemas["Rows"]["properties"]["rows"]["maxItems"] == 100
    known = {f"#/components/schemas/{name}" for name in schemas}
    assert set(references(said)) <= known
    statuses = said["paths"]["/predict"]["post"]["responses"]
    assert {"200", "401", "408", "413", "415", "422", "500", "503"} <= set(statuses)


def test_the_manual_needs_nothing_from_elsewhere(shop: Path) -> None:
    edit(Path("schema.yaml"), lambda content: content["columns"]["age"].update(unit="<years>"))
    with served() as client:
        answer = client.get("/docs")
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    text = answer.text
    assert "//" not in text.replace(ADDRESS, "")
    assert "<code>POST /predict</code>" in text
    assert '<a href="#Rows">Rows</a>' in text
    assert 'id="Row"' in text
    assert "number, at least 0, at most 120" in text
    assert "&lt;years&gt;" in text
    targets = set(re.findall(r'href="#(\w+)"', text))
    assert targets <= set(re.findall(r'id="(\w+)"', text))
    assert "anything" not in text.partition("<h2>Requests and answers")[0]


def references(value: Any) -> list[str]:
    """Return what a description refers to."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []
