"""Run commands like the user, and print them."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

LEAVE_OUT = (
    *("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"),
    # The first run caches bytecode, so that the next one starts three times as fast.
    "PYTHONDONTWRITEBYTECODE",
)
SECONDS_BETWEEN_TICKS = 0.2
WARNING = "warning: "

Command = tuple[str, ...]


class Result(NamedTuple):
    """What a command printed that a user has to know.

    Attributes:
        failure: the output of a command that failed, or "".
        warnings: the lines that begin with "warning: ", without it.
    """

    failure: str
    warnings: tuple[str, ...] = ()


def clean_environment() -> dict[str, str]:
    """Return the user's environment without what belongs to another project."""
    environment = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}
    return environment | {"PATH": search_path()}  # Git's hooks call uv, too


def find(tool: str) -> str | None:
    """Return the path of a tool."""
    return shutil.which(tool, path=search_path())


def search_path() -> str:
    """Return the search path for tools: PATH, then the folder of cookiecutter's Python."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def run(
    command: Command, environment: Mapping[str, str], tick: Callable[[], None] | None = None
) -> Result:
    """Run a command, calling `tick` while it lasts; return what its user has to know.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the command has been ended.
    """
    try:
        done = call(command, tick, env=environment, stderr=subprocess.STDOUT)
    except OSError as error:
        return Result(str(error))
    if done.returncode:
        return Result(done.stdout.strip() or f"exit code {done.returncode}")
    lines = done.stdout.splitlines()
    return Result("", tuple(x.removeprefix(WARNING) for x in lines if x.startswith(WARNING)))


def output(command: Command, environment: Mapping[str, str], **options: Any) -> str:
    """Return what a command prints, without blanks around it, or "" if it fails."""
    try:
        done = call(command, None, env=environment, stderr=subprocess.DEVNULL, **options)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def call(
    command: Command, tick: Callable[[], None] | None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command, calling `tick` while it runs; return its result.

    Args:
        command: the tool and its arguments.
        tick: called several times a second.
        options: more options for `Popen`.

    Raises:
        OSError: the tool cannot be started.
        KeyboardInterrupt: Ctrl-C was pressed; the command has been ended.
    """
    with subprocess.Popen(
        [find(command[0]) or command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        **options,
    ) as process:
        while True:
            try:
                output, errors = process.communicate(timeout=SECONDS_BETWEEN_TICKS)
                return subprocess.CompletedProcess(command, process.returncode, output, errors)
            except subprocess.TimeoutExpired:
                if tick:
                    tick()
            except KeyboardInterrupt:
                process.terminate()
                raise


def written(command: Command) -> str:
    """Return a command as one would type it."""
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
