"""Somebody who reads a page of the manual and does what it says, word for word."""

import json
import re
import shlex
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress

from end_to_end import edits
from end_to_end.markdown import Block, blocks
from support.dask_cluster import end
from support.projects import TEMPLATE, Project, user_environment
from support.servers import free_port

SHELL = {"&&", ">", ">>"}
LATEST_START_S = 150  # a busy machine takes its time
PROGRAM = "Run this program in the project's root folder:"


class Reader:
    """A reader in a project's folder, who types a page's commands and makes its changes.

    Attributes:
        project: the folder in which the reader is; a page may lead to another one.
        printed: what each command printed, the latest time that it ran.
    """

    def __init__(self, project: Project, port: int = 0) -> None:
        """Start in a project.

        Args:
            project: the project.
            port: where a server is to answer; 0 for any that is free: 8000 may be another one's.
        """
        self.project = project
        self.printed: dict[str, str] = {}
        self._server: subprocess.Popen[str] | None = None
        self._port = port or free_port()
        self._cluster: list[subprocess.Popen[bytes]] = []
        self._scheduler_port = free_port()

    def __enter__(self) -> "Reader":
        """Begin to read."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what the page started last: the server, and the scheduler with its workers."""
        self._stop()
        self._stop_cluster()

    def read(self, text: str) -> None:
        """Do what a Markdown text says, block by block."""
        for block in blocks(text):
            if not block.runs or block.language == "text":
                continue
            if block.language == "bash":
                for command in block.commands:
                    self.printed[command] = self._type(command)
            elif block.before == PROGRAM:
                self.printed[PROGRAM] = self._program(block)
            else:
                edits.follow(block, self.project.path)

    def served_version(self) -> str:
        """Return the version that the server which the page started answers with."""
        address = f"http://127.0.0.1:{self._port}/model"
        with urllib.request.urlopen(address, timeout=30) as answer:
            return str(json.load(answer)["version"])

    def _type(self, command: str) -> str:
        command = command.replace(":8786", f":{self._scheduler_port}")
        words = shlex.split(command)
        if words[0] == "cd":
            self.project = Project((self.project.path / words[1]).resolve(strict=True))
            return ""
        if "tabrail serve" in command:
            return self._serve([*words, "--port", str(self._port)])
        if "dask scheduler" in command:
            self._stop_cluster()
            return self._member([*words, "--port", str(self._scheduler_port), "--no-dashboard"])
        if "dask worker" in command:
            return self._member([*words, "--no-dashboard"])
        if words[0] == "curl":
            words = [word.replace(":8000", f":{self._port}") for word in words]
        if "$" in command or SHELL & set(words) or "=" in words[0]:
            words = ["bash", "-c", command]
        return self.project.run(*words)

    def _program(self, block: Block) -> str:
        (self.project.path / "program.py").write_text(block.text, encoding="utf-8")
        try:
            return self.project.uv("python", "program.py")
        finally:
            (self.project.path / "program.py").unlink()

    def _serve(self, command: list[str]) -> str:
        self._stop()
        self._server = subprocess.Popen(
            command,
            cwd=self.project.path,
            env=user_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        latest = time.monotonic() + LATEST_START_S
        while time.monotonic() < latest:
            assert self._server.poll() is None, f"{command}: exit code {self._server.returncode}"
            try:
                address = f"http://127.0.0.1:{self._port}/ready"
                urllib.request.urlopen(address, timeout=5).close()
            except OSError:
                time.sleep(0.1)
            else:
                return ""
        raise TimeoutError(" ".join(command))

    def _member(self, command: list[str]) -> str:
        """Start a scheduler or a worker, which runs in a terminal of its own."""
        self._cluster.append(
            subprocess.Popen(
                command,
                cwd=self.project.path,
                env=user_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        latest = time.monotonic() + LATEST_START_S
        while time.monotonic() < latest:
            assert self._cluster[-1].poll() is None, f"{command} ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._scheduler_port)):
                return ""
            time.sleep(0.1)
        raise TimeoutError(" ".join(command))

    def _stop_cluster(self) -> None:
        while self._cluster:
            end(self._cluster.pop())

    def _stop(self) -> None:
        if self._server:
            self._server.terminate()
            code = self._server.wait(60)
            self._server = None
            assert code == 0, f"the server ended with exit code {code}"


def page(name: str) -> str:
    """Return the text of a page of the manual."""
    return (TEMPLATE / "docs" / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return the part of a page below a heading of the second level."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"there is no section {heading}"
    return found[1]
