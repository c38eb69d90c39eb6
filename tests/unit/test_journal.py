"""Entries that the log does not take are counted, reported, and never fail a prediction."""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from serving import wait_for
from sqlalchemy.exc import DataError, IntegrityError

from tabrail.serving import journal
from tabrail.serving.journal import Journal


class Fates(Counter[str]):
    """Counts entries by fate."""

    def count(self, fate: str, entries: int) -> None:
        """Count some; of those that wait, keep how many they are."""
        if fate == "waiting":
            self[fate] = entries
        else:
            self[fate] += entries


class Log:
    """A log in memory that refuses entries, or all of them."""

    is_file = True

    def __init__(self, *wrong: object) -> None:
        self.entries: list[Any] = []
        self.wrong = list(wrong)
        self.barred: list[Any] = []
        self.answers = True
        self.forgot = threading.Event()

    def write(self, entries: Sequence[Any]) -> None:
        """Write all entries, or none."""
        if not self.answers:
            raise OSError("no route to host")
        if set(entries).intersection(self.wrong):
            raise DataError("INSERT", {}, ValueError("out of range"))
        if set(entries).intersection(self.entries):
            raise IntegrityError("INSERT", {}, ValueError("there already"))
        if set(entries).intersection(self.barred):
            raise IntegrityError("INSERT", {}, ValueError("a rule of the database"))
        self.entries += entries

    def has(self, entry: Any) -> bool:
        """Return whether an entry is there."""
        return entry in self.entries

    def forget(self, before: object) -> int:
        """Fail to delete what is old."""
        self.forgot.set()
        raise OSError("no route to host")


@pytest.fixture(autouse=True)
def _sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an entry be as large as its text."""
    monkeypatch.setattr(journal, "size", len)


def test_an_entry_that_the_log_refuses_does_not_hold_up_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log, fates = Log("wrong"), Fates()
    writer = Journal(log, 1, fates.count)  # type: ignore[arg-type]
    writer.write(["one", "wrong", "two"])  # type: ignore[list-item]
    writer.write(["two"])  # type: ignore[list-item]
    writer.close(60)
    assert log.entries == ["one", "two"]
    assert fates == {"written": 3, "lost": 1}
    assert "the prediction log refuses an entry: " in caplog.text


def test_what_waits_at_the_end_is_lost_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal, "RETRY_S", 0.01)
    monkeypatch.setattr(journal, "MOST_ENTRIES", 2)
    log, fates = Log(), Fates()
    log.answers = False
    writer = Journal(log, 1, fates.count)  # type: ignore[arg-type]
    writer.write(["one", "two", "three"])  # type: ignore[list-item]
    writer.close(60)
    assert log.entries == []
    assert (fates["failed"], fates["lost"], fates["waiting"]) == (3, 1 + 2, 2)
    assert caplog.text.count("the prediction log does not answer: no route to host") == 1
    assert "2 entries of the prediction log are lost" in caplog.text


def test_what_waits_is_written_when_the_log_answers_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal, "RETRY_S", 0.01)
    caplog.set_level(logging.WARNING)
    log, fates = Log(), Fates()
    log.answers = False
    writer = Journal(log, 1, fates.count)  # type: ignore[arg-type]
    writer.write(["one"])  # type: ignore[list-item]
    log.answers = True
    wait_for(lambda: "the prediction log answers again; no entry is waiting" in caplog.text)
    writer.close(60)
    assert log.entries == ["one"]
    assert (fates["written"], fates["failed"], fates["lost"]) == (1, 1, 0)


def test_that_old_entries_stay_is_said_and_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    log, fates = Log(), Fates()
    writer = Journal(log, 1, fates.count)  # type: ignore[arg-type]
    wait_for(lambda: "old predictions could not be deleted: no route to host" in caplog.text)
    writer.write(["one"])  # type: ignore[list-item]
    writer.close(60)
    assert fates == {"written": 1}


def test_an_entry_that_breaks_another_rule_is_lost_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log, fates = Log(), Fates()
    log.barred = ["three"]
    writer = Journal(log, 1, fates.count)  # type: ignore[arg-type]
    writer.write(["one", "three"])  # type: ignore[list-item]
    writer.write(["one"])  # type: ignore[list-item]
    writer.close(60)
    assert log.entries == ["one"]
    assert fates == {"written": 2, "lost": 1}
    assert "the prediction log refuses an entry: a rule of the database" in caplog.text


def test_what_waits_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "RETRY_S", 0.01)
    monkeypatch.setattr(journal, "MOST_BYTES", 10)
    log, fates = Log(), Fates()
    log.answers = False
    writer = Journal(log, 1, fates.count)  # type: ignore[arg-type]
    writer.write(["a" * 4, "b" * 5, "c" * 2])  # type: ignore[list-item]
    assert (fates["waiting"], fates["lost"]) == (2, 1)
    log.answers = True
    wait_for(lambda: fates["waiting"] == 0)
    log.answers = False
    writer.write(["d" * 10, "e"])  # type: ignore[list-item]
    assert (fates["waiting"], fates["lost"]) == (1, 2)
    log.answers = True
    writer.close(60)
    assert log.entries == ["a" * 4, "b" * 5, "d" * 10]
