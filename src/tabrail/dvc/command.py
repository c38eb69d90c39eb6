"""DVC as a command, in a process of its own."""

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
    """Let DVC track a folder or a file as it is; return why it failed, blank if it did not."""
    return failure("add", str(path))


def write_file(path: Path, commit: str, target: Path) -> str:
    """Write a file as a commit has it, from the cache or the remote.

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
    """Return the commands that have the recorded data here, and run what is out of date.

    Args:
        everything: whether to run also what is up to date.
    """
    fetch, force = (["pull"], ["--force"]) if everything else (["checkout"], [])
    return [
        ["dvc", *fetch, "--allow-missing"],
        ["dvc", "repro", "--pull", "--allow-missing", *force],
    ]


def failure(*arguments: str) -> str:
    """Run a command of DVC in a process of its own; return why it failed, blank if it did not."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if not done.returncode:
        return ""
    lines = done.stderr.strip().splitlines()
    causes = [line for line in lines if line.startswith("ERROR: ")]  # where to find help comes last
    reason = [*causes, *lines[-1:], ""][0].removeprefix("ERROR: ")
    # What DVC writes into Git's folder leaves such a file behind when the disk is full.
    if left := re.search(r"File exists: '([^']+\.lock)'", reason):
        reason += f"; if no other DVC or Git is at work, run: rm -f {shlex.quote(left[1])}"
    return f"{reason or 'no reason was given'}{lock_advice()}"


def lock_advice(root: Path = Path()) -> str:
    """Return what to run if a kill of DVC has cut its lock file off; blank if it is whole.

    DVC empties the file before it writes to it, and refuses everything where it is no JSON.

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
        return f"; if no other DVC is at work, run: rm -f {left}"
    return ""
