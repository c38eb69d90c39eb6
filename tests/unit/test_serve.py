"""What `serve` starts: one process, or a supervisor of several that load the same models."""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from trained import stand_in

from tabrail.errors import InputError
from tabrail.model.release import Release, load_release
from tabrail.serving import serve as module
from tabrail.serving.metrics import FOLDER
from tabrail.serving.serve import WORKER, serve, worker


@pytest.fixture
def handlers(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, Any]]:
    """Stand in a trained project; keep the handlers of signals, and set none."""
    stand_in("binary", project)
    for name in (FOLDER, WORKER):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    found: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", found.__setitem__)
    yield found
    gc.unfreeze()


class Stopped:
    """A process other than the server's."""

    def __init__(self) -> None:
        self.stops = 0

    def stop(self) -> None:
        """Count."""
        self.stops += 1


def test_several_processes_get_their_arguments_and_begin_alike(
    handlers: dict[int, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[FastAPI] = []
    other, process = Path("other"), Stopped()
    shutil.copytree(".", other, ignore=shutil.ignore_patterns(other.name))

    def load(folder: Path = Path(), *, untrusted: bool = False, compiled: bool = False) -> Release:
        assert untrusted
        assert compiled
        found = load_release()
        if folder == Path():
            return found
        assert folder == other
        return replace(found, version="model@v0.2.0", worker=process)  # type: ignore[arg-type]

    def run(config: Any, listening: Any) -> None:
        assert config.app == "tabrail.serving.serve:worker"
        assert (config.factory, config.workers) == (True, 3)
        assert listening.get_inheritable()
        listening.close()
        assert process.stops == 1
        assert Path(os.environ[FOLDER]).is_dir()
        with monkeypatch.context() as patch:
            patch.delenv(FOLDER)  # by which libraries count in another way for ever
            begun.append(worker())

    monkeypatch.setattr(module, "load_release", load)
    monkeypatch.setattr("tabrail.serving.supervisor.run", run)
    serve("127.0.0.1", 0, 3, other, 0.25, untrusted=True)
    (app,) = begun
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"model  {app.version}"
    assert said[1] == "challenger model@v0.2.0, answers for 25% of the groups"
    assert said[2].startswith("at     http://127.0.0.1:")
    assert not Path(os.environ[FOLDER]).exists()


def test_a_signal_ends_the_server_as_one_that_has_not_failed(
    handlers: dict[int, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(server: Any, sockets: list[Any]) -> None:
        sockets[0].close()
        handlers[signal.SIGTERM](signal.SIGTERM, None)

    monkeypatch.setattr(uvicorn.Server, "run", run)
    with pytest.raises(SystemExit) as ended:
        serve("127.0.0.1", 0)
    assert ended.value.code == 0
    assert set(handlers) == {signal.SIGTERM, signal.SIGINT}


@pytest.mark.skipif(sys.platform == "win32", reason="it has another rule for ports")
def test_an_address_that_cannot_be_listened_at_is_said() -> None:
    with module._listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"^cannot listen on 127\.0\.0\.1, port {port}: Addr"):
            module._listen("127.0.0.1", port)
    with pytest.raises(InputError, match=r"192\.0\.2\.1, port 0: .*; choose another one with: --h"):
        module._listen("192.0.2.1", 0)  # an address that no machine has
