"""A request has an identifier, in its answer and in the log; a random share goes to people."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from serving import body, logged, served, typical, wait_for
from trained import stand_in

from tabrail.data.schema import Task
from tabrail.log.entries import REQUESTS, REVIEWS, TRACES, Prediction, Refusal, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.serving.rollout import is_drawn

HEADER = "X-Request-ID"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a trained project of two classes."""
    return stand_in("binary", project)


@pytest.fixture
def client(shop: Path) -> Iterator[httpx.Client]:
    """Serve it."""
    with served(max_megabytes=0.001) as client:
        yield client


def send(client: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    """Ask for predictions."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/predict", content=content, headers=JSON | given)


def refused() -> list[str]:
    """Return our identifiers of the requests that the log has as refused."""
    with PredictionLog() as log:
        found = log.refusals(utc_now() - timedelta(days=1), utc_now() + timedelta(days=1))
    return list(found["request"])


def test_an_answer_has_the_identifier_of_the_log(client: httpx.Client) -> None:
    answer = send(client, body(typical(), typical()))
    assert {one["request"] for one in logged()} == {answer.headers[HEADER]}
    assert client.get("/nothing").headers[HEADER] != client.get("/health").headers[HEADER]


def test_the_clients_identifier_comes_back_and_leads_to_its_predictions(
    client: httpx.Client,
) -> None:
    for _ in range(2):  # it may repeat one
        assert send(client, body(typical()), X_Request_ID="job-7/a").headers[HEADER] == "job-7/a"
    ours = {one["request"] for one in logged()}
    assert len(ours) == 2
    with PredictionLog() as log:
        assert log.requests("job-7/a") == sorted(ours)
        assert log.requests("job-8") == []


def traces() -> list[tuple[str, str]]:
    """Return which requests the log has with which traces."""
    with PredictionLog() as log, log._engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(sa.select(TRACES.c.request, TRACES.c.trace))
        ]


def test_a_trace_comes_back_and_is_kept(client: httpx.Client) -> None:
    assert (
        send(client, body(typical(), typical()), traceparent=TRACE).headers["traceparent"] == TRACE
    )
    (first, second) = logged()
    assert first["request"] == second["request"]
    assert traces() == [(first["request"], TRACE)]
    answer = send(client, b"{", traceparent=TRACE)
    assert (answer.status_code, answer.headers["traceparent"]) == (422, TRACE)
    wait_for(lambda: len(traces()) == 2)
    assert traces()[1] == (answer.headers[HEADER], TRACE)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        TRACE.upper(),
        TRACE + "-x",
        TRACE.replace("4b", "00", 1)[:-1],
        f"00-{'0' * 32}-{'1' * 16}-01",
    ],
)
def test_what_is_no_trace_is_not_kept(client: httpx.Client, given: str) -> None:
    answer = send(client, body(typical()), traceparent=given)
    assert answer.status_code == 200
    assert "traceparent" not in answer.headers
    assert traces() == []


@pytest.mark.parametrize(
    ("content", "status"),
    [(body(), 422), (b"{", 422), (body({"age": "x"}), 422), (b"[" * 20_000, 413)],
)
def test_a_refusal_has_an_identifier_too(client: httpx.Client, content: bytes, status: int) -> None:
    answer = send(client, content)
    assert answer.status_code == status
    wait_for(refused)  # they are logged a little later
    assert set(refused()) == {answer.headers[HEADER]}
    again = send(client, content, X_Request_ID="mine")
    assert (again.status_code, again.headers[HEADER]) == (status, "mine")
    with PredictionLog() as log:
        wait_for(lambda: log.requests("mine"))
        assert len(log.requests("mine")) == 1
        assert set(log.requests("mine")) < set(refused())


def test_an_error_has_an_identifier_and_names_it(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr("tabrail.serving.service.Service.score", fail)
    monkeypatch.setattr("tabrail.serving.app._json", fail)
    answer = send(client, body(typical()))
    assert answer.status_code == 500
    assert answer.headers[HEADER] in answer.json()["detail"]


@pytest.mark.parametrize(
    "given",
    ["", "a" * 129, "a b", "a,b", "ä", "a\tb", "<b>", '"', "a;b", "$(ls)", "{}", "a\\n", "a%0a"],
)
def test_an_identifier_that_may_not_be_repeated_is_replaced(
    client: httpx.Client, given: str
) -> None:
    headers = [(b"Content-Type", b"application/json"), (HEADER.encode(), given.encode())]
    answer = client.post("/predict", content=body(typical()), headers=headers)
    assert answer.status_code == 200
    assert {one["request"] for one in logged()} == {answer.headers[HEADER]}
    assert given != answer.headers[HEADER]


@pytest.mark.parametrize("given", ["a", "a" * 128, "4bf92f35-77b3.x_y:z/a+b=@c~d"])
def test_common_identifiers_are_taken(client: httpx.Client, given: str) -> None:
    assert client.get("/health", headers={HEADER: given}).headers[HEADER] == given


def test_two_identifiers_are_none(client: httpx.Client) -> None:
    answer = client.get("/health", headers=[(HEADER, "a"), (HEADER, "b")])
    assert len(answer.headers[HEADER]) == 32


@pytest.mark.parametrize("task", get_args(Task))
def test_a_share_goes_to_people_whatever_the_task(task: Task, project: Path) -> None:
    stand_in(task, project)
    with served(review_margin=0.0, review_share=1.0) as client:
        assert send(client, body(typical())).json()["predictions"][0]["review"]
        assert len(client.get("/reviews").json()["waiting"]) == 1
    assert [(one["review"], one["reason"]) for one in logged()] == [(True, "share")]


@pytest.mark.parametrize(
    ("margin", "share", "reason"),
    [(1.0, 1.0, "margin share"), (1.0, 0.0, "margin"), (0.0, 0.0, None)],
)
def test_the_log_says_why_a_person_is_asked(
    shop: Path, margin: float, share: float, reason: str | None
) -> None:
    with served(review_margin=margin, review_share=share) as client:
        [one] = send(client, body(typical())).json()["predictions"]
    assert one["review"] == bool(reason)
    assert [(one["review"], one["reason"]) for one in logged()] == [(bool(reason), reason)]


def test_the_draw_does_not_depend_on_the_row(shop: Path) -> None:
    with served(review_margin=0.0, review_share=0.5, max_rows=400) as client:
        found = send(client, body(*[typical()] * 400)).json()["predictions"]
    drawn = np.array([one["review"] for one in found])
    assert abs(drawn.mean() - 0.5) < 0.15  # six standard errors
    assert {one["id"]: one["reason"] for one in logged()} == {
        one["id"]: "share" if one["review"] else None for one in found
    }
    assert all(one["review"] == is_drawn(one["id"], 0.5) for one in found)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_as_many_are_drawn_as_are_wanted(share: float) -> None:
    drawn = np.mean([is_drawn(uuid4().hex, share) for _ in range(20_000)])
    assert abs(drawn - share) <= 6 * np.sqrt(share * (1 - share) / 20_000)


def written(given: str = "", **changes: Any) -> Prediction:
    """Return a prediction that is to be written."""
    usual: dict[str, Any] = {
        "id": uuid4().hex,
        "role": "champion",
        "at": utc_now(),
        "model": "m",
        "answered": True,
        "row": {},
        "numbers": [0.5],
        "prediction": "no",
        "review": True,
        "latency_ms": 1.0,
        "request": uuid4().hex,
    }
    return Prediction(**usual | {"given": given} | changes)


@pytest.mark.usefixtures("project")
def test_a_log_of_an_earlier_version_gets_the_new_tables_and_keeps_its_rows() -> None:
    with PredictionLog() as log:
        log.write([written()])
        with log._engine.begin() as connection:  # as the earlier version left it
            for table in (REVIEWS, REQUESTS, TRACES):
                table.drop(connection)
    with PredictionLog() as log:
        log.write([written("mine", reason="share")])
    assert {one["reason"] for one in logged()} == {None, "share"}


@pytest.mark.usefixtures("project")
def test_reasons_and_identifiers_are_forgotten_with_their_predictions() -> None:
    old = {"at": utc_now() - timedelta(days=9)}
    with PredictionLog() as log:
        refusal = Refusal(old["at"], 422, "", "malformed", 1, uuid4().hex, 1, "third")
        log.write([written("first", reason="share", **old), written("second"), refusal])
        log.write([written("", trace=TRACE, **old)])
        assert len(log.requests("third")) == 1
        log.forget(utc_now() - timedelta(days=1))
        assert (log.requests("first"), log.requests("third")) == ([], [])
        assert len(log.requests("second")) == 1
        with log._engine.connect() as connection:
            for table in (REVIEWS, TRACES):
                assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


@pytest.mark.usefixtures("project")
def test_an_entry_that_is_written_twice_is_refused_whole() -> None:
    one = written("mine", reason="share")
    with PredictionLog() as log:
        log.write([one])
        with pytest.raises(sa.exc.IntegrityError):
            log.write([one])
        log.write([written("mine", request=one.request)])  # another row of the same request
        assert log.requests("mine") == [one.request]


def test_the_page_says_that_it_waits(client: httpx.Client) -> None:
    assert "It waits for a person, below." in client.get("/").text
    assert json.loads(client.get("/openapi.json").text)
