"""Commands that can be killed or run out of disk, each with a project in which it works.

A folder has `work`, where the project, its storage and its origin are, `venv`, the project's
environment, and `states`, a copy of `work` as it is before each command. All is made once.
"""

import filecmp
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from generated_project import (
    TEMPLATE,
    Folder,
    OtherwiseError,
    generated,
    given_origin,
    served,
    table_rows,
)

PROJECT = "flight-delays"
INCOMING = "../incoming.parquet"
NEW_ROWS = TEMPLATE / "sample/flights-2013-09.parquet"
PERSON = "2013-06-12"  # the sample's key is a date
ASKED = 200  # rows of the prediction log
FEW_ROWS = """
import pandas as pd
rows = pd.read_parquet("data/raw/flights.parquet").tail(200).assign(flight="9001")
rows.to_parquet("../theirs.parquet")
"""
MANY_ROWS = """
import pandas as pd
rows = pd.read_parquet("data/raw/flights.parquet")
rows = pd.concat([rows.assign(flight=str(9000 + copy)) for copy in range(5)], ignore_index=True)
rows.loc[::2, "distance"] = 0  # too little, so that these rows are rejected
rows.to_parquet("../incoming.parquet")
"""
REPORT = ("tabrail", "report", "--base", "HEAD~1", "--output", "../report.md")
PREDICT = ("tabrail", "predict", INCOMING, "predictions.parquet", "--rejected", "rejected.csv")
# What is looked at in other ways, or belongs to no one: the databases of DVC and of the log.
OTHERWISE = (".git/", ".venv", ".dvc/tmp/", ".dvc/cache/", "log/", "__pycache__/")
NEVER_EQUAL = ("predictions.parquet",)  # it has the time
MINUTES = 10


@dataclass
class Command:
    """A command that is disturbed.

    Attributes:
        name: of the command, and of the state in which it begins.
        words: what is typed.
        prepare: makes its state from that of another one, or from the end of that one.
        after: the command at whose end it begins; blank for the beginning.
    """

    name: str
    words: tuple[str, ...]
    prepare: Callable[[Folder], None] = lambda _: None
    after: str = ""


def _has_new_rows(people: Folder) -> None:
    shutil.copyfile(NEW_ROWS, people.path / INCOMING)


def _has_many_rows(people: Folder) -> None:
    """Bring a table for which outputs are written in several steps, the rejected rows too."""
    people.uv("python", "-c", MANY_ROWS)


def _both_have_trained(people: Folder) -> None:
    people.run("git", "switch", "--quiet", "--create", "theirs")
    people.uv("python", "-c", FEW_ROWS)
    people.uv("tabrail", "ingest", "../theirs.parquet", "--yes")
    _trained(people, "learning_rate: 0.1", "learning_rate: 0.2")
    people.run("git", "switch", "--quiet", "main")
    people.uv("dvc", "checkout", "--quiet")
    _trained(people, "max_leaf_nodes: 15", "max_leaf_nodes: 7")
    people.uv("dvc", "push", "--quiet")


def _trained(people: Folder, old: str, new: str) -> None:
    file = people.path / "params.yaml"
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise OtherwiseError(f"params.yaml has no {old}")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    people.uv("dvc", "repro")
    people.uv("dvc", "push", "--quiet")
    people.run("git", "commit", "--quiet", "--all", "--no-verify", "--message", new)


def _has_older_outputs(people: Folder) -> None:
    _has_many_rows(people)
    people.uv(*PREDICT)


def _has_older_report(people: Folder) -> None:
    people.run("git", "add", "--all")
    people.run("git", "commit", "--quiet", "--no-verify", "--message", "Learn from September")
    people.uv("dvc", "push", "--quiet")
    (people.path / "../report.md").write_text("of before\n", encoding="utf-8")


def _has_answered(people: Folder) -> None:
    rows = table_rows(people, "data/raw/flights.parquet")
    rows = sorted(rows, key=lambda row: not row["date"].startswith(PERSON))[:ASKED]
    with served(people, "") as server:
        server.predict([{k: v for k, v in row.items() if k != "late"} for row in rows])


COMMANDS = {
    one.name: one
    for one in (
        Command("ingest", ("tabrail", "ingest", INCOMING, "--yes"), _has_new_rows),
        Command("prepare", ("dvc", "repro", "prepare"), after="ingest"),
        Command("train", ("dvc", "repro", "train"), after="prepare"),
        Command("evaluate", ("dvc", "repro"), after="train"),
        Command("report", REPORT, _has_older_report, after="evaluate"),
        Command("merge", ("tabrail", "merge", "theirs"), _both_have_trained),
        Command(
            "validate",
            ("tabrail", "validate", INCOMING, "--rejected", "rejected.csv"),
            _has_many_rows,
        ),
        Command("predict", (*PREDICT, "--overwrite"), _has_older_outputs),
        Command("forget", ("tabrail", "forget", PERSON), _has_answered),
    )
}


@dataclass
class Undisturbed:
    """What a command does when nothing happens to it.

    Attributes:
        code: its exit code.
        seconds: how long it takes.
        changes: how often the project's files were seen to change meanwhile.
        verified: what `verify` says afterwards.
    """

    code: int
    seconds: float
    changes: int
    verified: dict[str, str] = field(default_factory=dict)


@dataclass
class Done:
    """The result of a command: its exit code, and its output."""

    code: int
    text: str


class Place:
    """The folder in which commands are disturbed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work, self.states = folder / "work", folder / "states"
        self.people = Folder(self.work / PROJECT)

    def make(self) -> None:
        """Generate the project, unless it is there."""
        os.environ.pop("UV_NO_SYNC", None)
        if not (self.states / "start").exists():
            shutil.rmtree(self.work, ignore_errors=True)
            self.work.mkdir(parents=True)
            say("a project is generated")
            home = Folder(self.work)
            generated(home)
            given_origin(home, self.people)
            shutil.rmtree(self.folder / "venv", ignore_errors=True)
            shutil.move(self.people.path / ".venv", self.folder / "venv")
            (self.people.path / ".venv").symlink_to(self.folder / "venv")
            self.keep("start")
        os.environ["UV_NO_SYNC"] = "1"  # the environment is shared, and copies look like edits

    def keep(self, state: str) -> None:
        """Keep a copy of everything."""
        shutil.rmtree(self.states / "new", ignore_errors=True)
        shutil.copytree(self.work, self.states / "new", symlinks=True)
        (self.states / "new").rename(self.states / state)

    def restore(self, state: str) -> None:
        """Restore everything."""
        for path in self.work.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.states / state, self.work, symlinks=True, dirs_exist_ok=True)

    def undisturbed(self, command: Command) -> Undisturbed:
        """Make the state before a command and the one after it, unless both are there."""
        before, after = command.name, f"{command.name}-done"
        note = self.states / f"{command.name}.json"
        if not (self.states / before).exists():
            if command.after:
                self.undisturbed(COMMANDS[command.after])
            self.restore(f"{command.after}-done" if command.after else "start")
            command.prepare(self.people)
            self.keep(before)
        if not note.exists():
            shutil.rmtree(self.states / after, ignore_errors=True)
            self.restore(before)
            began = time.monotonic()
            with self.begun(command) as process:
                changes = sum(1 for _ in self.changes(process))
            done = self.ended(process)
            seconds = time.monotonic() - began
            self.keep(after)
            found = Undisturbed(done.code, seconds, changes, self.verified())
            note.write_text(json.dumps(vars(found)), encoding="utf-8")
        return Undisturbed(**json.loads(note.read_text(encoding="utf-8")))

    @contextmanager
    def begun(self, command: Command) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command in a new process group, with its output in a file."""
        with (self.folder / "printed").open("wb") as printed:
            yield subprocess.Popen(
                command.words,
                cwd=self.people.path,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self, process: subprocess.Popen[bytes]) -> Done:
        """Wait for a command that was begun."""
        try:
            code = process.wait(MINUTES * 60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise OtherwiseError(f"{process.args!r} has not ended in {MINUTES} minutes") from None
        return Done(code, (self.folder / "printed").read_text("utf-8", errors="replace"))

    def done(self, command: Command) -> Done:
        """Run a command to its end."""
        with self.begun(command) as process:
            return self.ended(process)

    def typed(self, line: str) -> None:
        """Type what a message says."""
        words = ["bash", "-c", line]
        subprocess.run(
            words, cwd=self.people.path, env=self.environment(), check=False, capture_output=True
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of a person's terminal, with the project's environment first."""
        paths = [self.folder / "venv/bin", Path(sys.executable).parent]
        own = {"PATH": os.pathsep.join([*map(str, paths), os.environ["PATH"]])}
        own |= {f"GIT_{role}_NAME": "Ada Byron" for role in ("AUTHOR", "COMMITTER")}
        own |= {f"GIT_{role}_EMAIL": "ada@example.com" for role in ("AUTHOR", "COMMITTER")}
        left_out = ("VIRTUAL_ENV", "PREDICTION_LOG")
        return {k: v for k, v in os.environ.items() if k not in left_out} | own

    def changes(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Yield whenever the files are seen to have changed, until a process has ended."""
        before = self._stamp()
        while process.poll() is None:
            if (now := self._stamp()) != before:
                before = now
                yield
            time.sleep(0.002)

    def verified(self) -> dict[str, str]:
        """Return the verdicts of `verify`."""
        done = subprocess.run(
            [str(self.folder / "venv/bin/tabrail"), "verify", "--json"],
            cwd=self.people.path,
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        try:
            return {one["name"]: one["verdict"] for one in json.loads(done.stdout)["checks"]}
        except ValueError:
            return {"verify": done.stderr.strip()}

    def mixed(self, command: Command, *, ended: bool) -> list[str]:
        """Return the files that are neither as before nor as after.

        If the command has ended, they are as after. Before, it may leave files whose names end in
        .tmp, and a merge that Git has in progress.
        """
        found = [f"{name}: the log is broken" for name in self._broken_logs()]
        found += [f"{name} is not what its name says" for name in self._broken_objects()]
        states = [self.states / f"{command.name}-done"]
        if not ended:
            states.append(self.states / command.name)
            if (self.people.path / ".git/MERGE_HEAD").exists():
                return found
        here = _files(self.work)
        if ended:
            found += [f"{name} is missing" for name in sorted(_files(states[0]) - here)]
        for name in sorted(here):
            if not ended and (name.endswith(".tmp") or ".tmp/" in name):
                continue
            there = [state / name for state in states if (state / name).exists()]
            if not there:
                found.append(f"{name} is left")
            elif not name.endswith(NEVER_EQUAL) and not any(
                filecmp.cmp(self.work / name, one, shallow=False) for one in there
            ):
                found.append(f"{name} has something else")
        return found

    def _stamp(self) -> int:
        """Return a number that changes with the files."""
        total = 0
        for folder, folders, files in os.walk(self.people.path):
            folders[:] = [one for one in folders if one not in {".venv", "src", "objects", "docs"}]
            for name in files:
                try:
                    found = Path(folder, name).lstat()
                except OSError:
                    continue
                total = hash((total, name, found.st_mtime_ns, found.st_size))
        return total

    def _broken_logs(self) -> list[str]:
        broken = []
        for file in self.people.path.glob("log/*.sqlite"):
            with closing(sqlite3.connect(file)) as log:
                if log.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    broken.append(file.name)
        return broken

    def _broken_objects(self) -> list[str]:
        """Return the objects in DVC's cache and storage whose MD5 is not their name."""
        broken = []
        for root in (self.people.path / ".dvc/cache", self.work / f"{PROJECT}-dvc-storage"):
            for file in (root / "files/md5").glob("[0-9a-f][0-9a-f]/*"):
                if file.name.endswith(".tmp") or len(file.name.removesuffix(".dir")) != 30:
                    continue
                digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
                if digest != file.parent.name + file.name.removesuffix(".dir"):
                    broken.append(str(file.relative_to(self.work)))
        return broken


def advised(text: str) -> str:
    """Return the command that a message says to run, or the manual for it; blank if none does."""
    if "rwlock" in text and "corrupted" in text:  # docs/working_together.md
        return "rm -f .dvc/tmp/rwlock"
    if "dvc.lock" in text and "validation failed" in text:
        return "git checkout HEAD -- dvc.lock"
    if there := re.search(r"error: (\S+) is there already; delete it", text):
        return f"rm {there[1]}"
    _, found, line = text.rstrip().rpartition("run: ")
    line = line.partition(", then")[0].partition("; ")[0]
    return line if found and shlex.split(line) else ""


def say(sentence: str) -> None:
    """Print the progress."""
    print(sentence, file=sys.stderr, flush=True)


def _files(work: Path) -> set[str]:
    """Return the files to compare."""
    found = set()
    for path in (work / PROJECT).rglob("*"):
        name = path.relative_to(work).as_posix()
        inside = f"{path.relative_to(work / PROJECT).as_posix()}"
        if not inside.startswith(OTHERWISE) and "__pycache__" not in inside and path.is_file():
            found.add(name)
    return found | {path.name for path in work.iterdir() if path.is_file()}
