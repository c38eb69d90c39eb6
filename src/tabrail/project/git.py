"""Run Git in the project."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from tabrail.errors import MAKE_ROOM, InputError

SECONDS = 30  # seconds for another machine to answer
# Git's messages for a full disk, some without the reason. "remote:" is from another machine.
FULL = re.compile(
    r"^(?!remote:).*(No space left on device|Out of diskspace|"
    r"unable to write file |(unable to|could not) write new.index file)",
    re.MULTILINE | re.IGNORECASE,
)
USAGE = 129  # exit code of `git diff` outside a repository, with its usage as the reason


class FullDiskError(InputError):
    """Git could not write, because the disk is full."""


class Rule(NamedTuple):
    """A rule by which Git ignores files.

    Attributes:
        file: the file with the rule; relative to the project's root if it is in the repository.
        line: its line there.
        pattern: the rule.
        own: whether only this user has it.
    """

    file: str
    line: int
    pattern: str
    own: bool


def git(
    *arguments: str,
    seconds: float | None = None,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run Git in the project's root and return its output.

    Args:
        arguments: the arguments of the command.
        seconds: the timeout.
        given: the standard input.
        environment: variables to set.

    Raises:
        InputError: Git fails; the message is Git's.
        subprocess.TimeoutExpired: Git takes longer.
    """
    done = _run(*arguments, seconds=seconds, given=given, environment=environment)
    if done.returncode:
        killed = f"it was killed by signal {-done.returncode}" if done.returncode < 0 else ""
        raise InputError(f"git {' '.join(arguments)}: {killed or _reason(done.stderr)}")
    return done.stdout


def over_network(*arguments: str) -> str:
    """Run a Git command that needs another machine, without waiting for a password.

    Raises:
        InputError: Git fails, or there is no answer in `SECONDS`.
    """
    try:
        return git("-c", "core.askPass=", *arguments, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        raise InputError(f"no answer within {SECONDS} seconds") from None


def succeeds(*arguments: str) -> bool:
    """Run Git and return whether its exit code is 0."""
    return _run(*arguments).returncode == 0


def commit(revision: str) -> str | None:
    """Return the full hash of a commit, if this clone has the revision."""
    done = _run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return done.stdout.strip() or None


def required_commit(revision: str) -> str:
    """Return the full hash of a commit.

    Raises:
        InputError: this clone does not have the revision.
    """
    found = commit(revision)
    if found is None:
        raise InputError(
            f"{revision} is not a revision in this clone; run: git fetch --tags origin"
        )
    return found


def text(revision: str, path: Path) -> str | None:
    """Return a file's text in a revision; None if the revision has no such file."""
    done = _run("show", f"{revision}:./{path.as_posix()}")
    return done.stdout if done.returncode == 0 else None


def all_texts(path: Path) -> list[str]:
    """Return all versions of a file's text in commits of any branch, stash or reflog."""
    found = ("rev-list", "--objects", "--all", "--reflog", "--full-history")
    listed = [line.partition(" ") for line in git(*found, "--", path.as_posix()).splitlines()]
    # Folders are listed, too. Paths are relative to the top of the repository.
    blobs = [blob for blob, _, name in listed if f"/{name}".endswith(f"/{path.as_posix()}")]
    return [git("cat-file", "blob", blob) for blob in blobs]


def merged(revision: str) -> str | None:
    """Return the tree of a merge with HEAD, with conflict markers.

    Returns:
        None if Git cannot compute it, as before version 2.38.
    """
    done = _run("merge-tree", "--write-tree", "HEAD", revision)
    return done.stdout.splitlines()[0] if done.returncode in (0, 1) and done.stdout else None


def is_on_remote(revision: str) -> bool:
    """Check whether a remote has a commit, by the remote branches in this clone."""
    return bool(git("branch", "--remotes", "--contains", revision).strip())


def is_shallow() -> bool:
    """Check whether the clone is shallow."""
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


def changed_files(*paths: str) -> list[str]:
    """Return the tracked files that differ from HEAD; all tracked files if there is no commit yet.

    Args:
        paths: the files to compare; all, if none is given.
    """
    if commit("HEAD") is None:
        return git("ls-files", "--", *paths).splitlines()
    return git("diff", "HEAD", "--name-only", "--relative", "--", *paths).splitlines()


def path_of(name: str) -> Path:
    """Return the path of one of Git's own files, such as MERGE_MSG."""
    return Path(git("rev-parse", "--git-path", name).strip())


def tracked_files() -> list[str]:
    """Return the files that Git tracks."""
    return git("ls-files").splitlines()


def ignored(paths: Iterable[str]) -> dict[str, Rule]:
    """Return the rule for each path that Git ignores; tracked files are never ignored."""
    done = _run("check-ignore", "--verbose", "-z", "--stdin", given="\0".join(paths))
    fields = iter(done.stdout.split("\0"))
    below_top = git("rev-parse", "--show-prefix").strip() or "."
    rules = {}
    for file, line, pattern, path in zip(fields, fields, fields, fields, strict=False):
        own = Path(file).is_absolute() or Path(file).name != ".gitignore"
        seen = file if own else Path(os.path.relpath(file, below_top)).as_posix()
        if not pattern.startswith("!"):
            rules[path] = Rule(seen, int(line), pattern, own)
    return rules


def containing(pattern: str, *paths: str) -> list[str]:
    """Return the tracked files among those given that have a line matching an extended pattern."""
    done = _run("grep", "--no-color", "--name-only", "--extended-regexp", pattern, "--", *paths)
    return done.stdout.splitlines()


def _run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Git.

    Args:
        arguments: the command and its options.
        options: see `git`.

    Raises:
        InputError: Git does not trust the folder because of its owner, or another Git process is
            running.
        FullDiskError: the disk is full.
        subprocess.TimeoutExpired: Git takes longer.
    """
    done = _call(*arguments, **options)
    if done.returncode == USAGE:
        asked = _call("rev-parse", "--git-dir")
        done = asked if asked.returncode else done
    if trust := re.search(r"git config --global --add safe\.directory .+", done.stderr):
        raise InputError(f"{_reason(done.stderr)}; run: {trust[0]}")
    if done.returncode and FULL.search(done.stderr):
        what = " ".join(arguments)
        raise FullDiskError(f"git {what}: {_reason(done.stderr)}; {MAKE_ROOM}")
    if found := re.search(r"Unable to (create '(.+\.lock)': File exists|write index)", done.stderr):
        lock = Path(found[2]) if found[2] else path_of("index.lock")
        if lock.exists():
            raise InputError(
                f"another Git process is running, or was killed and has left {lock}; if none is "
                f"running, run: rm -f {shlex.quote(str(lock))}, then repeat the command"
            )
    return done


def _call(
    *arguments: str,
    seconds: float | None = None,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    own = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}  # its messages are parsed
    return subprocess.run(
        command,
        input=given,
        env=os.environ | own | dict(environment or {}),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )


def _reason(stderr: str) -> str:
    """Return the reason of Git's failure: the first error and its continuation, or all output."""
    lines = [line for line in stderr.splitlines() if not line.startswith("hint:")]
    starts = [i for i, line in enumerate(lines) if line.startswith(("fatal: ", "error: "))]
    if starts:
        first, *others = lines[starts[0] :]
        lines = [first, *takewhile(lambda line: line.startswith("\t"), others)]
    return " ".join(" ".join(lines).split()) or "no reason was given"
