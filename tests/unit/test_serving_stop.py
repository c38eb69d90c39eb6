"""A server that is told to stop ends in time, even if the owner's cleaning function hangs."""

import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import edit
from serving import body, command, logged, typical
from test_serving_clean import JSON, make

from tabrail.serving.batching import Batcher

HANGS = """
    # Cities are written in two ways, and one income is never cleaned.
    if "city" in rows:
        rows = rows.assign(city=rows["city"].replace({"oslo": "Oslo"}))
    if "income" in rows and (rows["income"].astype("str") == "13").any():
        while True:
            pass
    return rows
"""
SECONDS = 1  # of serve.timeout_seconds
GRACEFUL = 2 * SECONDS + 1  # as `serve` gives it to uvicorn


@pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGTERM")
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.ci("it takes long"))])
def test_a_server_ends_although_clean_hangs(workers: int, project: Path, tmp_path: Path) -> None:
    edit(Path("params.yaml"), lambda content: content.update(serve={"timeout_seconds": SECONDS}))
    make(tmp_path / "kept", HANGS)
    row = typical()
    with command("--workers", workers) as (process, address):
        answered = [
            httpx.post(f"{address}/predict", content=body(row), headers=JSON).json()
            for _ in range(5)
        ]

        statuses: list[int] = []

        def hang() -> None:
            with suppress(httpx.HTTPError):  # the server closes the connection in the end
                content = body(row | {"income": "13"})
                asked = httpx.post(f"{address}/predict", content=content, headers=JSON, timeout=60)
                statuses.append(asked.status_code)

        clients = [threading.Thread(target=hang) for _ in range(8)]
        for client in clients:
            client.start()
        clients[0].join()  # it has waited too long, so the thread hangs
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=GRACEFUL + 10)  # some seconds for a busy machine
        for client in clients:
            client.join()
    assert set(statuses) == {503}
    assert process.returncode == 0
    assert "does not return; it is abandoned" in printed
    ids: list[Any] = [one["id"] for answer in answered for one in answer["predictions"]]
    assert len(ids) == 5
    assert {one["id"] for one in logged()} == set(ids)


def test_what_the_thread_was_given_is_done_before_it_stops() -> None:
    batcher = Batcher(lambda requests: requests, 1, 1)
    done: list[int] = []
    waiting = threading.Event()
    batcher._submit(waiting.wait)
    batcher._submit(done.append, 1)
    assert not batcher.close(0.01)
    waiting.set()
    assert batcher.close(60)
    assert done == [1]
