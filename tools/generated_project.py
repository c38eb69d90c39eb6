"""A generated project in tools: a folder in which commands are typed, and its server."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

AT_ONCE = 250  # rows of a request
SHOWN = 14  # lines of what a command prints
TO_JSON = """
import sys, pandas as pd
table = pd.read_parquet(sys.argv[1])
if len(sys.argv) > 2:
    table = table.sample(int(sys.argv[2]), random_state=1)
print(table.to_json(orient="records", date_format="iso"))
"""


class OtherwiseError(Exception):
    """The story went another way."""


class Folder:
    """A clone of the project in which commands are typed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *command: str, code: int = 0) -> str:
        """Type a command, show the start of what it prints, and return all of it."""
        shown = " ".join(f"'{word}'" if " " in word or "#" in word else word for word in command)
        print(f"\n    {self.path.name}$ {shown}", flush=True)
        done = self._done(command)
        printed = (done.stdout + done.stderr).rstrip()
        lines = printed.splitlines()
        for line in lines[:SHOWN]:
            print(f"    {line[:150]}")
        if len(lines) > SHOWN:
            print(f"    … {len(lines) - SHOWN} more lines")
        if done.returncode != code:
            raise OtherwiseError(
                f"{shown} ended with exit code {done.returncode}, not {code}:\n{printed}"
            )
        return done.stdout

    def uv(self, *command: str, code: int = 0) -> str:
        """Type `uv run …`."""
        return self.run("uv", "run", *command, code=code)

    def quietly(self, *command: str, code: int = 0) -> str:
        """Run what nobody needs to see."""
        done = self._done(command)
        if done.returncode != code:
            raise OtherwiseError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _done(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.path,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


class Server:
    """A running server of the project."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """Send a request and return the answer's JSON."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
        if answer.status != 200:
            raise OtherwiseError(f"{method} {path} was answered with {answer.status}: {said}")
        return said

    def predict(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the predictions of rows, asked for some at a time."""
        predictions: list[dict[str, Any]] = []
        for start in range(0, len(rows), AT_ONCE):
            some = {"rows": rows[start : start + AT_ONCE]}
            predictions += self.ask("POST", "/predict", some)["predictions"]
        return predictions


@contextmanager
def served(serving: Folder, version: str, *options: str) -> Iterator[Server]:
    """Serve what a clone has, and check that it is a version; end well."""
    command = ["uv", "run", "tabrail", "serve", "--port", "0", *options]
    print(f"\n    {serving.path.name}$ {' '.join(command)}", flush=True)
    process = subprocess.Popen(
        command,
        cwd=serving.path,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    said = ""
    for line in process.stdout or ():
        said += line
        print(f"    {line.rstrip()}")
        if line.startswith("log "):
            break
    found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
    if not found:
        raise OtherwiseError(f"the server does not start:\n{said}")
    try:
        server = Server(int(found[1]))
        serves = server.ask("GET", "/model")["version"]
        if serves != version:
            raise OtherwiseError(f"{serves} is served instead of {version}")
        yield server
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=60)
    if process.returncode:
        raise OtherwiseError(f"the server ended with exit code {process.returncode}:\n{rest}")


def table_rows(people: Folder, *arguments: str) -> list[dict[str, Any]]:
    """Return the rows of a table, or a sample of them."""
    return list(json.loads(people.quietly("uv", "run", "python", "-c", TO_JSON, *arguments)))


def _environment() -> dict[str, str]:
    """Return the user's environment, without the one that this program runs in but for uv."""
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    who = {"NAME": "Ada Byron", "EMAIL": "ada@example.com"}
    for role in ("AUTHOR", "COMMITTER"):
        kept |= {f"GIT_{role}_{what}": value for what, value in who.items()}
    return kept
