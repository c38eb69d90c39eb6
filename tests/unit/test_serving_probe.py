"""The launch checklist's server is asked as a client asks, and whatever it does is one answer."""

import json
import os
import runpy
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest
from serving import served
from trained import stand_in

from tabrail.errors import InputError
from tabrail.log.database import VARIABLE
from tabrail.serving import probe
from tabrail.serving.serve import KEY

NAMES_A_PORT = 'echo "$$ $PREDICTION_LOG $API_KEY." > seen\necho "at http://127.0.0.1:4711"\n'


def server(patch: pytest.MonkeyPatch, script: str) -> None:
    """Let a shell script stand in the place of Python, and so of the server."""
    program = Path("server.sh").resolve()
    program.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    program.chmod(0o755)
    patch.setattr(sys, "executable", str(program))


@contextmanager
def answering(content: bytes) -> Iterator[int]:
    """Answer one request with some bytes; yield the port."""
    with create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                # Closing a connection of which something was not read resets it.
                request = connection.makefile("rb")
                length = 0
                while (line := request.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                request.read(length)
                connection.sendall(content)

        thread = threading.Thread(target=answer)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join()


def test_the_probe_counts_what_a_server_answers_and_logs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in("binary", project)
    logs: list[Path] = []

    @contextmanager
    def here(log: Path) -> Iterator[int]:
        logs.append(log)
        monkeypatch.setenv(VARIABLE, f"sqlite:///{log}")
        with served() as client:
            yield client.base_url.port or 0

    monkeypatch.setattr(probe, "_served", here)
    capsys.readouterr()
    probe.main()
    seen = json.loads(capsys.readouterr().out)
    assert seen == {"ready": 200, "good": 200, "broken": 422, "logged": 1}
    assert not logs[0].parent.exists()


def test_the_server_gets_a_log_of_its_own_and_ends_with_the_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server(monkeypatch, f"{NAMES_A_PORT}exec sleep 600\n")
    monkeypatch.setenv(KEY, "a secret")
    with probe._served(Path("/tmp/log.sqlite")) as port:
        assert port == 4711
        number, *others = Path("seen").read_text(encoding="utf-8").split()
        os.kill(int(number), 0)
    assert others == ["sqlite:////tmp/log.sqlite", "."]
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo loading\necho 'error: the port is taken' >&2\nexit 1\n", "the port is taken"),
        ("exec sleep 600\n", "no output within 0.1 s"),
    ],
)
def test_a_server_that_does_not_start_is_said(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "sleep" in script:
        monkeypatch.setattr(probe, "START_S", 0.1)
    server(monkeypatch, script)
    with (
        pytest.raises(InputError, match=f"^the server does not start: {reason}$"),
        probe._served(tmp_path / "log.sqlite"),
    ):
        pass


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "closed connection"), (b"HTTP/1.1 200 OK\r\n\r\nno JSON", "Expecting value")],
)
def test_a_server_that_gives_no_answer_is_said(content: bytes, reason: str) -> None:
    message = f"^the server does not answer POST /predict: .*{reason}"
    with answering(content) as port, pytest.raises(InputError, match=message):
        probe._asked(port, "POST", "/predict", {"rows": []})


def test_as_a_program_it_ends_with_one_message(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        runpy.run_path(str(probe.__file__), run_name="__main__")
    said = capsys.readouterr().err
    assert said.startswith("error: models/model.skops ")
    assert said.count("\n") == 1
