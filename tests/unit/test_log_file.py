"""The prediction log keeps to itself what it holds, and loses nothing to a wrong clock."""

import logging
import os
import re
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tabrail.errors import InputError
from tabrail.log import erasure, retention
from tabrail.log.entries import OUTCOMES, Prediction, Refusal, size
from tabrail.log.prediction_log import PredictionLog
from tabrail.log.retention import WrongClockError

NOW = datetime(2026, 6, 1)
DAY = timedelta(days=1)
posix = pytest.mark.skipif(sys.platform == "win32", reason="it has other rights, and locks files")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the log is to be."""
    return tmp_path / "log" / "log.sqlite"


def opened(place: Path) -> PredictionLog:
    """Open the log."""
    return PredictionLog(f"sqlite:///{place}")


def entry(number: int, at: datetime = NOW, text: str = "x") -> Prediction:
    """Return a prediction."""
    id_ = f"{number:032x}"
    return Prediction(
        id_, "champion", at, "m", True, {"note": text}, [0.5], "no", True, 1.0, id_, "share"
    )


def refusal(at: datetime) -> Refusal:
    """Return a refusal."""
    return Refusal(at, 422, "age", "missing", 1, "a" * 32, 1)


def numbers(log: PredictionLog) -> list[int]:
    """Return which predictions are there."""
    return [
        int(one, 16) for one in log.predictions(datetime(2000, 1, 1), datetime(2100, 1, 1))["id"]
    ]


def test_the_oldest_day_goes_at_a_time(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 2)
    with opened(place) as log:
        log.write([entry(number, NOW + number * DAY / 4) for number in range(40)])
        log.write([refusal(NOW), refusal(NOW + 9 * DAY)])
        log.record(OUTCOMES, {f"{number:032x}": "yes" for number in range(40)})
        assert log.forget(NOW + 2.4 * DAY) == 4
        assert numbers(log) == list(range(4, 40))
        assert log.forget(NOW + 2.4 * DAY) == 4
        assert log.forget(NOW + 2.4 * DAY) == 2
        assert log.forget(NOW + 2.4 * DAY) == 0
        assert numbers(log) == list(range(10, 40))
        assert len(log.refusals(NOW - DAY, NOW + 99 * DAY)) == 1
        with log._engine.connect() as connection:
            for table in ("outcomes", "reviews"):
                there = connection.execute(sa.text(f"SELECT count(*) FROM {table}"))  # noqa: S608
                assert there.scalar() == 30


def test_entries_of_one_moment_go_together(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 2)
    with opened(place) as log:
        log.write([entry(number) for number in range(7)] + [entry(7, NOW + 3 * DAY)])
        assert log.forget(NOW + 2 * DAY) == 7


def test_a_wrong_clock_deletes_nothing(place: Path) -> None:
    with opened(place) as log:
        assert log.forget(NOW) == 0
        log.write([entry(number, NOW + number * DAY) for number in range(5)])
        with pytest.raises(
            WrongClockError, match=r"newest entry is of 2026-06-05 .* check the clo"
        ):
            log.forget(NOW + 300 * DAY)
        assert numbers(log) == [0, 1, 2, 3, 4]
        log.write([entry(9, NOW + 390 * DAY)])  # by the same clock
        assert log.forget(NOW + 300 * DAY) == 1
        assert numbers(log) == [1, 2, 3, 4, 9]


@posix
def test_nobody_else_reads_it(place: Path) -> None:
    before = os.umask(0)
    try:
        with opened(place) as log:
            log.write([entry(1)])
            found = {one.name: stat.S_IMODE(one.stat().st_mode) for one in place.parent.iterdir()}
        assert set(found.values()) == {0o600}
        assert len(found) == 3  # two of them for the journal
        place.chmod(0o664)
        opened(place).close()
        assert stat.S_IMODE(place.stat().st_mode) == 0o660
    finally:
        os.umask(before)


@pytest.fixture
def insecure() -> Iterator[None]:
    """Let SQLite leave what is deleted in the file, unless told otherwise, as most builds do."""

    def leave(connection: Any, _: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    sa.event.listen(sa.Pool, "connect", leave)  # before the listeners of an engine
    yield
    sa.event.remove(sa.Pool, "connect", leave)


def files_with(place: Path, text: bytes) -> list[str]:
    """Return the names of the log's files that hold a text; the log of changes must be there."""
    assert place.with_name(f"{place.name}-wal").exists()
    return [one.name for one in sorted(place.parent.iterdir()) if text in one.read_bytes()]


@pytest.mark.usefixtures("insecure")
def test_of_what_is_deleted_nothing_can_be_read(place: Path) -> None:
    with opened(place) as log:  # as a server that goes on
        log.write([entry(number, NOW, f"secret-{number}") for number in range(50)])
        log.write([entry(99, NOW + 3 * DAY)])
        assert files_with(place, b"secret-")
        assert log.forget(NOW + 2 * DAY) == 50
        assert files_with(place, b"secret-") == []
        assert numbers(log) == [99]


@pytest.mark.usefixtures("insecure")
def test_of_a_person_nothing_can_be_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREDICTION_LOG", f"sqlite:///{place}")
    random = np.random.default_rng(3)  # rows of many sizes move, and leave copies where they were
    sizes = random.choice([0, 10, 50, 100, 500, 1500, 3000, 3500], 1500)
    texts = [f"<{number:05}>{'x' * size}" for number, size in enumerate(sizes)]
    ids = [int.from_bytes(random.bytes(16)) for _ in texts]
    with opened(place) as log:
        for start in range(0, len(texts), 50):
            log.write([entry(ids[n], NOW, texts[n]) for n in range(start, start + 50)])
        theirs = random.permutation(len(ids))[:1200].tolist()
        assert erasure.delete([f"{ids[n]:032x}" for n in theirs]) == 1200
        erasure.overwrite()
        assert files_with(place, b"<")
        content = b"".join(one.read_bytes() for one in place.parent.iterdir())
        found = {int(one) for one in re.findall(rb"<(\d{5})>", content)}
        assert found == set(range(len(ids))) - set(theirs)


def test_who_reads_all_the_time_keeps_what_is_deleted(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREDICTION_LOG", f"sqlite:///{place}")
    monkeypatch.setattr(erasure, "BUSY_S", 0.1)
    with opened(place) as log:
        log.write([entry(1, NOW, "secret-"), entry(2)])
        with log._engine.connect() as reading:
            assert reading.execute(sa.text("SELECT count(*) FROM predictions")).scalar() == 2
            assert erasure.delete([f"{1:032x}"]) == 1
            with pytest.raises(InputError, match=r"can still be read in its file .*-wal; repeat"):
                erasure.overwrite()
        erasure.overwrite()
        assert files_with(place, b"secret-") == []


@posix
@pytest.mark.parametrize("exchanged", [False, True])
def test_a_file_that_is_deleted_is_noticed(
    place: Path, caplog: pytest.LogCaptureFixture, exchanged: bool
) -> None:
    with opened(place) as log:
        log.write([entry(1)])
        for path in list(place.parent.iterdir()):
            path.rename(place.parent.with_name(path.name))
        if exchanged:
            place.touch()
        log.write([entry(2)])
        log.write([entry(3)])
        assert numbers(log) == [2, 3]
        assert caplog.text.count("is gone; a new one is started") == 1
    with opened(place) as log:
        assert numbers(log) == [2, 3]


@posix
def test_a_file_that_is_deleted_in_between_costs_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    check = PredictionLog._require_file
    gone: list[Path] = []

    def delete(log: PredictionLog) -> bool:
        found = check(log)
        if not gone:
            gone.append(place)
            place.unlink()
        return found

    caplog.set_level(logging.WARNING)
    with opened(place) as log:
        monkeypatch.setattr(PredictionLog, "_require_file", delete)
        log.write([entry(1)])
        assert numbers(log) == [1]


def test_a_log_that_is_opened_later_is_none_that_is_gone(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(place).close()
    with PredictionLog(f"sqlite:///{place}", create=False) as log:
        log.write([entry(1)])
    with PredictionLog("sqlite://") as log:  # in memory
        log.write([entry(1)])
    assert caplog.text == ""


def test_an_entry_is_there_or_not(place: Path) -> None:
    with opened(place) as log:
        log.write([entry(1)])
        assert log.has(entry(1))
        assert not log.has(entry(2))
        assert not log.has(refusal(NOW))


def test_the_size_of_an_entry_grows_with_its_texts() -> None:
    large: Any = entry(1, NOW, "x" * 1_000_000)
    assert size(large) > 1_000_000
    assert size(refusal(NOW)) < size(entry(1)) < 2_000
