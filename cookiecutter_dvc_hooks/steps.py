"""Run the steps of a set-up, and print the result of each."""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from cookiecutter_dvc_hooks import commands
from cookiecutter_dvc_hooks.commands import Command, written

HOW_TO_INSTALL = {
    "git": "see https://git-scm.com/downloads",
    "uv": "pip install uv, or see https://docs.astral.sh/uv/",
}
STOPPED = "stopped"
LINES_OF_A_FAILURE = 15


class Hindrance(NamedTuple):
    """Why a step is not run on this machine, and the commands that the user may run instead."""

    reason: str
    commands: tuple[Command, ...]


class Step(NamedTuple):
    """A part of the set-up: commands to run in order, once the steps it needs are done.

    Attributes:
        title: the title that is printed.
        commands: the commands.
        needs: the titles of the steps that must be done first.
        look: checks in the environment of the commands whether something prevents the step.
        warns: whether the user sees the warnings of the commands.
    """

    title: str
    commands: tuple[Command, ...]
    needs: tuple[str, ...] = ()
    look: Callable[[Mapping[str, str]], Hindrance | None] = lambda _: None
    warns: bool = False


class Outcome(NamedTuple):
    """The result of a step: done, or what prevented it."""

    step: Step
    obstacle: str = ""


def run_all(todo: Iterable[Step], environment: Mapping[str, str]) -> list[Outcome]:
    """Run the steps whose needs are met and print a line for each; Ctrl-C skips the rest."""
    outcomes: list[Outcome] = []
    for step in todo:
        undone = {outcome.step.title for outcome in outcomes if outcome.obstacle}
        if outcomes and outcomes[-1].obstacle == STOPPED:
            obstacle = STOPPED
        else:
            step, obstacle = attempt(step, undone, environment)
        outcomes.append(Outcome(step, obstacle))
    return outcomes


def attempt(step: Step, undone: set[str], environment: Mapping[str, str]) -> Outcome:
    """Run a step if nothing is missing and nothing prevents it; return its result."""
    try:
        if lack := missing(step, undone):
            tell(step.title, f"skipped: {lack}")
            return Outcome(step, lack)
        if hindrance := step.look(environment):
            tell(step.title, f"skipped: {hindrance.reason}")
            return Outcome(step._replace(commands=hindrance.commands), hindrance.reason)
        return Outcome(step, run_step(step, environment))
    except KeyboardInterrupt:
        tell(step.title, STOPPED)
        return Outcome(step, STOPPED)


def missing(step: Step, undone: set[str]) -> str:
    """Return what a step lacks, an earlier step or a tool, or ""."""
    for need in step.needs:
        if need in undone:
            return f'it needs "{need}"'
    for tool in dict.fromkeys(command[0] for command in step.commands):
        if not commands.find(tool):
            return f"{tool} was not found; to install it: {HOW_TO_INSTALL[tool]}"
    return ""


def run_step(step: Step, environment: Mapping[str, str]) -> str:
    """Run a step's commands and print a line with the time; return what failed, or ""."""
    start = time.monotonic()

    def tell_time(end: str = "\r") -> None:
        tell(step.title, f"{time.monotonic() - start:5.1f} s", end)

    warnings: list[str] = []
    for command in step.commands:
        result = commands.run(command, environment, tell_time if sys.stdout.isatty() else None)
        if result.failure:
            tell(step.title, f"failed: {written(command)}")
            print(indented(result.failure), flush=True)
            return f"{written(command)} failed"
        warnings += result.warnings
    tell_time(end="\n")
    for warning in warnings if step.warns else ():
        print(f"    | warning: {warning}", flush=True)
    return ""


def tell(title: str, what: str, end: str = "\n") -> None:
    """Print a line of progress."""
    print(f"  {title:<16}{what}", end=end, flush=True)


def indented(output: str) -> str:
    """Return the last lines of an output, moved to the right."""
    return "\n".join(f"    | {line}" for line in output.splitlines()[-LINES_OF_A_FAILURE:])
