"""What Git says of the project."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tabrail.errors import InputError

SECONDS = 30  # how long another machine may take


def git(
    *arguments: str,
    seconds: float | None = None,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run Git in the project's root and return what it prints.

    Args:
        arguments: those of the command.
        seconds: how long to wait for it.
        given: what it reads.
        environment: variables to set.

    Raises:
        InputError: Git refuses; the message is Git's.
        subprocess.TimeoutExpired: Git takes longer.
    """
    done = _run(*arguments, seconds=seconds, given=given, environment=environment)
    if done.returncode:
        raise InputError(f"git {' '.join(arguments)}: {_reason(done.stderr)}")
    return done.stdout


def over_network(*arguments: str) -> str:
    """Run Git with a command that asks another machine, without waiting for a password.

    Raises:
        InputError: Git refuses, or there is no answer in `SECONDS`.
    """
    try:
        return git("-c", "core.askPass=", *arguments, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        raise InputError(f"no answer within {SECONDS} seconds") from None


def succeeds(*arguments: str) -> bool:
    """Run Git and say whether it ends with exit code 0."""
    return _run(*arguments).returncode == 0


def commit(revision: str) -> str | None:
    """Return the full hash of a commit, if the revision is one that is here."""
    done = _run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return done.stdout.strip() or None


def text(revision: str, path: Path) -> str | None:
    """Return a file's text as a revision has it; None if the revision has no such file."""
    done = _run("show", f"{revision}:./{path.as_posix()}")
    return done.stdout if done.returncode == 0 else None


def is_shallow() -> bool:
    """Return whether the clone lacks the older part of its history."""
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


def changed_files(*paths: str) -> list[str]:
    """Return the tracked files that differ from HEAD; all of them, if there is no commit yet.

    Args:
        paths: which ones to look at; all, if none is given.
    """
    if commit("HEAD") is None:
        return git("ls-files", "--", *paths).splitlines()
    return git("diff", "HEAD", "--name-only", "--relative", "--", *paths).splitlines()


def path_of(name: str) -> Path:
    """Return where Git keeps a file of its own, such as MERGE_MSG."""
    return Path(git("rev-parse", "--git-path", name).strip())


def tracked_files() -> list[str]:
    """Return the files that Git tracks."""
    return git("ls-files").splitlines()


def containing(pattern: str, *paths: str) -> list[str]:
    """Return the tracked files, of those given, with a line that matches an extended pattern."""
    done = _run("grep", "--no-color", "--name-only", "--extended-regexp", pattern, "--", *paths)
    return done.stdout.splitlines()


def _reason(text: str) -> str:
    """Return the line of an error output that says the cause: advice and usage follow it."""
    lines = text.strip().splitlines()
    causes = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return [*causes, *lines[-1:], "no reason was given"][0]


def _run(
    *arguments: str,
    seconds: float | None = None,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    return subprocess.run(
        command,
        input=given,
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0", **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )
