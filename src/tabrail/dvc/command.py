"""Run DVC as a command, in a separate process."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tabrail.dvc import places
from tabrail.errors import InputError

RWLOCK = places.TEMPORARY / "rwlock"


def track(path: Path) -> str:
    """Track the present state of a folder or file; return the reason of a failure, or a blank."""
    return failure("add", str(path))


def write_file(path: Path, commit: str, target: Path) -> str:
    """Write a file in its version of a commit, from the cache or the remote.

    Args:
        path: the file, which DVC tracks.
        commit: the commit.
        target: where to write it.

    Returns:
        Why it failed; blank if it did not.
    """
    return failure("get", ".", path.as_posix(), "--rev", commit, "--out", str(target))


def merge_pointers(ancestor: Path, our: Path, their: Path) -> str:
    """Merge the folders that three `.dvc` files name; return the text of the merged `.dvc` file.

    Raises:
        InputError: DVC cannot merge them.
    """
    sides = (f"--ancestor={ancestor}", f"--our={our}", f"--their={their}")
    if reason := failure("git-hook", "merge-driver", *sides):
        raise InputError(f"DVC cannot merge the data: {reason}")
    return our.read_text(encoding="utf-8")


def to_run_again(*, everything: bool) -> list[list[str]]:
    """Return the commands that check out the recorded data and run the stages that are out of date.

    Args:
        everything: whether to run up-to-date stages, too.
    """
    fetch, force = (["pull"], ["--force"]) if everything else (["checkout"], [])
    return [
        ["dvc", *fetch, "--allow-missing"],
        ["dvc", "repro", "--pull", "--allow-missing", *force],
    ]


def failure(*arguments: str) -> str:
    """Run a DVC command in a separate process; return the reason of a failure, or a blank."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if not done.returncode:
        return ""
    lines = done.stderr.strip().splitlines()
    causes = [
        line for line in lines if line.startswith("ERROR: ")
    ]  # the last line is on where to find help
    reason = [*causes, *lines[-1:], ""][0].removeprefix("ERROR: ")
    # DVC leaves such a file in Git's folder when the disk is full.
    if left := re.search(r"File exists: '([^']+\.lock)'", reason):
        reason += f"; if no other DVC or Git process is running, run: rm -f {shlex.quote(left[1])}"
    return f"{reason or 'no reason was given'}{lock_advice()}"


def lock_advice(root: Path = Path()) -> str:
    """Return advice if a killed DVC has left an incomplete lock file; blank if it is complete.

    DVC empties the file before it writes to it, and refuses all commands if it is not JSON.

    Args:
        root: the project's root.
    """
    lock = root / RWLOCK
    try:
        json.loads(lock.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except ValueError:
        left = shlex.quote(lock.as_posix())
        return f"; if no other DVC process is running, run: rm -f {left}"
    return ""
