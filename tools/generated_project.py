"""A generated project for tools: a folder in which commands are run, and its server."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).parent.parent
AT_ONCE = 250  # rows of a request
SHOWN, WIDTH = 14, 150  # lines of what a command prints, and letters of each
TO_JSON = """
import sys, pandas as pd
table = pd.read_parquet(sys.argv[1])
if len(sys.argv) > 2:
    table = table.sample(int(sys.argv[2]), random_state=1)
print(table.to_json(orient="records", date_format="iso"))
"""


class OtherwiseError(Exception):
    """The story did not go as expected."""


class Folder:
    """A clone of the project in which commands are typed.

    Attributes:
        path: where it is.
        shown: how many lines of what a command prints are shown.
        width: how many letters of each.
        code: the exit code of the last command.
    """

    def __init__(self, path: Path, shown: int = SHOWN, width: int = WIDTH) -> None:
        self.path, self.shown, self.width, self.code = path, shown, width, 0

    def run(self, *command: str, code: int | None = 0) -> str:
        """Type a command, show the start of what it prints, and return all of it.

        Args:
            command: its words.
            code: the exit code that it must have; None if any will do.

        Raises:
            OtherwiseError: the exit code is another one.
        """
        shown = " ".join(f"'{word}'" if " " in word or "#" in word else word for word in command)
        print(f"\n    {self.path.name}$ {shown}", flush=True)
        done = self._done(command)
        printed = (done.stdout + done.stderr).rstrip()
        lines = printed.splitlines()
        for line in lines[: self.shown]:
            print(f"    {line[: self.width]}")
        if len(lines) > self.shown:
            print(f"    … {len(lines) - self.shown} more lines")
        self.code = done.returncode
        if code not in (None, done.returncode):
            raise OtherwiseError(
                f"{shown} ended with exit code {done.returncode}, not {code}:\n{printed}"
            )
        return done.stdout

    def uv(self, *command: str, code: int | None = 0) -> str:
        """Type `uv run …`."""
        return self.run("uv", "run", *command, code=code)

    def until(self, last: str, *command: str) -> list[str]:
        """Type `uv run …`, end it after a line that contains a word, and return its lines."""
        print(f"\n    {self.path.name}$ uv run {' '.join(command)}", flush=True)
        process = self.begun("uv", "run", *command)
        lines = []
        for line in process.stdout or ():
            lines.append(line.rstrip())
            print(f"    {lines[-1][: self.width]}")
            if last in line:
                break
        process.terminate()
        process.communicate(timeout=60)
        return lines

    def quietly(self, *command: str, code: int = 0) -> str:
        """Run a command without showing it."""
        done = self._done(command)
        if done.returncode != code:
            raise OtherwiseError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def begun(self, *command: str) -> subprocess.Popen[str]:
        """Start a command, whose output is a pipe."""
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

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

    def answer(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        """Send a request and return the answer's status and JSON."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """Send a request and return the answer's JSON.

        Raises:
            OtherwiseError: the status is not 200.
        """
        status, said = self.answer(method, path, content)
        if status != 200:
            raise OtherwiseError(f"{method} {path} was answered with {status}: {said}")
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
    """Serve the model of a clone, check its version unless blank, and stop the server cleanly."""
    command = ["uv", "run", "tabrail", "serve", "--port", "0", *options]
    print(f"\n    {serving.path.name}$ {' '.join(command)}", flush=True)
    process = serving.begun(*command)
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
        if version and serves != version:
            raise OtherwiseError(f"{serves} is served instead of {version}")
        yield server
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=60)
    if process.returncode:
        raise OtherwiseError(f"the server ended with exit code {process.returncode}:\n{rest}")


def generated(home: Folder, *answers: str) -> str:
    """Generate a project in a folder from answers, and return what is printed.

    Raises:
        OtherwiseError: the project is not ready.
    """
    who = ("author_name=Ada Byron", "author_email=ada@example.com")
    said = home.quietly(
        *(sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input"),
        *("--output-dir", str(home.path), *answers, *who),
    )
    if "is ready" not in said:
        raise OtherwiseError(said)
    return said


def say(sentence: str) -> None:
    """Print what comes next."""
    print(f"\n{sentence}", flush=True)


def play(about: str | None, tell: Callable[[Path], None]) -> None:
    """Tell a story in the folder that is given, which must not be there yet; end if it fails.

    Args:
        about: what to print if no folder is given.
        tell: gets the folder, and raises OtherwiseError.
    """
    if len(sys.argv) != 2:
        sys.exit(about)
    folder = Path(sys.argv[1]).resolve()
    if folder.exists():
        sys.exit(f"{sys.argv[1]} already exists; to start again: rm -r {sys.argv[1]}")
    try:
        tell(folder)
    except OtherwiseError as error:
        sys.exit(f"\nerror: {error}")


def given_origin(home: Folder, people: Folder) -> None:
    """Make a repository beside the project, and push the project there."""
    origin = f"{people.path.name}.git"
    home.quietly("git", "init", "--quiet", "--bare", "--initial-branch=main", origin)
    people.run("git", "remote", "add", "origin", f"../{origin}")
    people.run("git", "push", "--quiet", "--set-upstream", "origin", "main")


def table_rows(people: Folder, *arguments: str) -> list[dict[str, Any]]:
    """Return the rows of a table, or a sample of them."""
    return list(json.loads(people.quietly("uv", "run", "python", "-c", TO_JSON, *arguments)))


def _environment() -> dict[str, str]:
    """Return the user's environment, without this program's virtual environment except for uv."""
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    who = {"NAME": "Ada Byron", "EMAIL": "ada@example.com"}
    for role in ("AUTHOR", "COMMITTER"):
        kept |= {f"GIT_{role}_{what}": value for what, value in who.items()}
    return kept
