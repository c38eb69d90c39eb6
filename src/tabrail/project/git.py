"""What Git says of the project."""

import subprocess
from pathlib import Path

from tabrail.errors import InputError


def git(*arguments: str) -> str:
    """Run Git in the project's root and return what it prints.

    Raises:
        InputError: Git refuses; the message is Git's.
    """
    done = _run(*arguments)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise InputError(f"git {' '.join(arguments)}: {reason}")
    return done.stdout


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


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
