"""The prediction log keeps what it is given, from several processes at once."""

import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tabrail.errors import InputError
from tabrail.log.database import VARIABLE, reason
from tabrail.log.entries import DECISIONS, OUTCOMES, Prediction, Refusal, Role, utc_now
from tabrail.log.prediction_log import PredictionLog

WRITER = """
import sys
from uuid import uuid4
from tabrail.log.entries import OUTCOMES, Prediction, utc_now
from tabrail.log.prediction_log import PredictionLog

shared = [f"{number:032x}" for number in range(20)]
# A server would not wait as long; here, nothing is to be given up.
with PredictionLog(busy_s=30) as log:
    for number in range(60):
        own = uuid4().hex
        said = Prediction(own, "champion", utc_now(), "m", True, {}, [0.5], "no", True, 1.0, own)
        log.write([said])
        assert log.record(OUTCOMES, {own: "no", **dict.fromkeys(shared, sys.argv[1])}) == shared
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder, without a log elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)


def entry(number: int, *, role: Role = "champion", days: float = 0, **row: object) -> Prediction:
    """Return a prediction of so many days ago."""
    return Prediction(
        id=f"{number:032x}",
        role=role,
        at=utc_now() - timedelta(days=days),
        model="model@v0.1.0",
        answered=role == "champion",
        row=row,
        numbers=[0.25],
        prediction="no",
        review=number % 2 == 1,
        latency_ms=1.5,
        request=f"{number // 2:032x}",
    )


def test_what_is_written_can_be_read() -> None:
    given = entry(1, word="ü\x00\n'\"", share=1.5, none=None, yes=True)
    with PredictionLog() as log:
        log.write([given, Refusal(utc_now(), 422, "age", "missing", 3, "a" * 32, 4)])
        since, until = utc_now() - timedelta(days=1), utc_now() + timedelta(days=1)
        [found] = log.predictions(since, until).to_dict("records")
        [refusal] = log.refusals(since, until).to_dict("records")
    assert found["row"] == given.row
    assert found["numbers"] == [0.25]
    assert found["at"] == given.at
    assert found["outcome"] is None
    assert found["decision"] is None
    assert found["request"] == given.request
    assert (refusal["status"], refusal["column"], refusal["rows"]) == (422, "age", 3)
    assert (refusal["request"], refusal["bad"]) == ("a" * 32, 4)
    assert Path("log/predictions.sqlite").exists()


def test_entries_are_written_all_or_none() -> None:
    with PredictionLog() as log:
        log.write([entry(1)])
        with pytest.raises(sa.exc.IntegrityError):
            log.write([entry(2), entry(1)])
        assert len(log.waiting(10)) == 1
        log.write([entry(2), entry(1, role="challenger")])
        assert len(log.predictions(utc_now() - timedelta(days=1), utc_now())) == 3


def test_a_later_word_replaces_an_earlier_one() -> None:
    with PredictionLog() as log:
        log.write([entry(1), entry(2)])
        ids = [entry(1).id, entry(2).id]
        assert log.record(OUTCOMES, {ids[0]: "yes", "f" * 32: "no", "\x00": "no"}) == [
            "f" * 32,
            "\x00",
        ]
        assert log.record(OUTCOMES, {ids[0]: "no"}) == []
        assert [one["id"] for one in log.waiting(10)] == [ids[0]]
        assert log.record(DECISIONS, {ids[0]: "no"}) == []
        assert log.waiting(10) == []
        found = log.predictions(utc_now() - timedelta(days=1), utc_now())
    assert found["outcome"].tolist() == ["no", None]
    assert found["decision"].tolist() == ["no", None]


def test_many_identifiers_are_recorded_at_once() -> None:
    with PredictionLog() as log:
        log.write([entry(number) for number in range(1200)])
        values = {f"{number:032x}": "no" for number in range(1300)}
        assert len(log.record(OUTCOMES, values)) == 100


def test_what_is_old_is_forgotten_with_all_that_was_said_of_it() -> None:
    with PredictionLog() as log:
        broken = Refusal(utc_now() - timedelta(9), 500, "", "", 1, "a" * 32, 1)
        log.write([entry(1, days=10), entry(3), broken])
        log.record(OUTCOMES, {entry(1).id: "no", entry(3).id: "no"})
        assert log.forget(utc_now() - timedelta(days=5)) == 1
        assert log.predictions(utc_now() - timedelta(99), utc_now())["id"].tolist() == [entry(3).id]
        assert log.refusals(utc_now() - timedelta(99), utc_now()).empty
        assert log.record(OUTCOMES, {entry(1).id: "no"}) == [entry(1).id]


def test_processes_write_at_once() -> None:
    with PredictionLog() as log:
        command = [sys.executable, "-c", WRITER]
        writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
        assert [writer.wait(60) for writer in writers] == [0] * 4
        found = log.predictions(utc_now() - timedelta(days=1), utc_now())
    assert len(found) == 240
    assert set(found["outcome"]) == {"no"}


def test_who_opens_it_does_not_wait_for_who_writes() -> None:
    with PredictionLog() as log:
        log.write([entry(1)])
        with log._locking.begin(), PredictionLog(busy_s=0) as other:
            assert len(other.predictions(utc_now() - timedelta(days=1), utc_now())) == 1


@pytest.mark.parametrize("url", ["no url", "nosuch://host/database", "sqlite+nosuch:///x"])
def test_a_url_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(
        InputError, match="PREDICTION_LOG is not the URL of an installed database"
    ) as raised:
        PredictionLog(url)
    assert url not in str(raised.value)


def test_a_log_that_does_not_answer_is_named_without_its_password() -> None:
    Path("log").mkdir()
    Path("log/text.sqlite").write_text("This is no database, and long enough to say so. " * 9)
    with pytest.raises(InputError, match="does not answer") as raised:
        PredictionLog("sqlite:///log/text.sqlite")
    assert "log/text.sqlite" in str(raised.value)
    PredictionLog("sqlite:///log/text.sqlite", create=False).close()


def test_options_of_the_url_are_not_shown() -> None:
    with PredictionLog("sqlite:///log/a.sqlite?timeout=4321", create=False) as log:
        assert str(log) == f"sqlite:///{Path('log/a.sqlite').resolve()}"


def test_a_log_of_another_version_is_refused_and_left_alone() -> None:
    PredictionLog().close()
    with sqlite3.connect("log/predictions.sqlite") as other:
        other.execute("ALTER TABLE predictions DROP COLUMN latency_ms")
        other.execute("ALTER TABLE refusals DROP COLUMN bad")
    other.close()
    before = Path("log/predictions.sqlite").read_bytes()
    with pytest.raises(InputError, match=r"lacks predictions.latency_ms, refusals.bad; name a new"):
        PredictionLog()
    assert Path("log/predictions.sqlite").read_bytes() == before


def test_trouble_is_told_without_what_was_to_be_written() -> None:
    with PredictionLog() as log, sqlite3.connect("log/predictions.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sa.exc.OperationalError) as raised:
            log.write([entry(1, name="a secret")])
        other.execute("ROLLBACK")
    other.close()
    assert "a secret" not in str(raised.value)
    assert reason(raised.value) == "database is locked"
