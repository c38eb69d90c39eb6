"""Set the generated project up: Git, environment, data, first run, first commit.

Nothing here makes the generation fail. If a tool or the network is missing, the files stay, what
needs the missing thing is skipped, and the commands that remain are printed.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

GIT = "Git repository"
LIBRARY = "Library built"
ENVIRONMENT = "Environment"
DATA = "Data tracked"
RUN = "First run"
HOOKS = "Hooks"
COMMIT = "First commit"
PUSH = "Data pushed"

HOW_TO_INSTALL = {
    "git": "see https://git-scm.com/downloads",
    "uv": "pip install uv, or see https://docs.astral.sh/uv/",
}
LEAVE_OUT = (
    *("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"),
    # The first run caches bytecode, so that the next one starts three times as fast.
    "PYTHONDONTWRITEBYTECODE",
)
STOPPED = "stopped"
LINES_OF_A_FAILURE = 15
SECONDS_BETWEEN_TICKS = 0.2

Command = tuple[str, ...]


class Step(NamedTuple):
    """A part of the set-up: commands to run in order, once the steps it needs are done."""

    title: str
    commands: tuple[Command, ...]
    needs: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What became of a step: done, or what stood in the way."""

    step: Step
    obstacle: str = ""


class Answers(NamedTuple):
    """The answers that the set-up uses."""

    data_file: str
    target: str
    project_name: str
    project_slug: str
    author_name: str
    author_email: str
    setup: bool


def steps(answers: Answers, identity: Iterable[Command] = ()) -> tuple[Step, ...]:
    """Return the whole set-up, in order."""
    message = f"Set up {answers.project_name}: data tracked, pipeline run once"
    # `git init --initial-branch` needs Git 2.28.
    main_branch = ("git", "symbolic-ref", "HEAD", "refs/heads/main")
    return (
        Step(GIT, (("git", "init"), main_branch, *identity)),
        Step(LIBRARY, (build_command("vendor"),)),
        Step(ENVIRONMENT, (("uv", "sync"),), needs=(LIBRARY,)),
        Step(DATA, (track_command(answers),), needs=(GIT, ENVIRONMENT)),
        Step(RUN, (("uv", "run", "dvc", "repro"),), needs=(DATA,)),
        Step(HOOKS, (("uv", "run", "pre-commit", "install"),), needs=(GIT, ENVIRONMENT)),
        Step(COMMIT, (("git", "add", "--all"), ("git", "commit", "-m", message)), needs=(RUN,)),
        Step(PUSH, (("uv", "run", "dvc", "push"),), needs=(RUN,)),
    )


def build_command(folder: str) -> Command:
    """Return the command that builds the library's wheel from the template into a folder."""
    # The extension leaves the template's place in the environment; uv hides a folder of wheels
    # from Git unless it is told not to.
    template = os.environ.get("COOKIECUTTER_DVC", "")
    return ("uv", "build", "--wheel", "--no-create-gitignore", "--out-dir", folder, template)


def track_command(answers: Answers) -> Command:
    """Return the command that puts the data under DVC: the sample's, or the user's table."""
    if not answers.data_file:
        return ("uv", "run", "dvc", "add", "data/raw")
    table = Path(os.environ.get("PWD", ""), Path(answers.data_file).expanduser())
    ingest = ("uv", "run", "tabrail", "ingest", str(table))
    return (*ingest, "--target", answers.target.strip(), "--yes")


def identity_commands(answers: Answers, environment: Mapping[str, str]) -> list[Command]:
    """Return the commands that tell the new repository who commits, if Git does not know yet."""
    return [
        ("git", "config", key, value)
        for key, value in (("user.name", answers.author_name), ("user.email", answers.author_email))
        if run(("git", "config", "--global", "--get", key), environment)
    ]


def environment_for(answers: Answers) -> dict[str, str]:
    """Return the environment for all commands: nobody else's project, the author's commits."""
    environment = clean_environment()
    for role in ("AUTHOR", "COMMITTER"):
        environment[f"GIT_{role}_NAME"] = answers.author_name
        environment[f"GIT_{role}_EMAIL"] = answers.author_email
    return environment


def clean_environment() -> dict[str, str]:
    """Return the user's environment without what belongs to another project."""
    environment = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}
    return environment | {"PATH": search_path()}  # Git's hooks call uv, too


def find(tool: str) -> str | None:
    """Return the path of a tool."""
    return shutil.which(tool, path=search_path())


def search_path() -> str:
    """Return where tools are looked for: PATH, then beside the Python that runs cookiecutter."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def run_all(todo: Iterable[Step], environment: Mapping[str, str]) -> list[Outcome]:
    """Run the steps whose needs are met and print a line for each; Ctrl-C skips the rest."""
    outcomes: list[Outcome] = []
    for step in todo:
        undone = {outcome.step.title for outcome in outcomes if outcome.obstacle}
        if outcomes and outcomes[-1].obstacle == STOPPED:
            obstacle = STOPPED
        else:
            obstacle = attempt(step, undone, environment)
        outcomes.append(Outcome(step, obstacle))
    return outcomes


def attempt(step: Step, undone: set[str], environment: Mapping[str, str]) -> str:
    """Run a step if it lacks nothing; return what stood in the way, or ""."""
    try:
        if lack := missing(step, undone):
            tell(step.title, f"skipped: {lack}")
            return lack
        return run_step(step, environment)
    except KeyboardInterrupt:
        tell(step.title, STOPPED)
        return STOPPED


def missing(step: Step, undone: set[str]) -> str:
    """Return what a step lacks, an earlier step or a tool, or ""."""
    for need in step.needs:
        if need in undone:
            return f'it needs "{need}"'
    for tool in dict.fromkeys(command[0] for command in step.commands):
        if not find(tool):
            return f"{tool} was not found; to install it: {HOW_TO_INSTALL[tool]}"
    return ""


def run_step(step: Step, environment: Mapping[str, str]) -> str:
    """Run a step's commands and print a line with the time; return what failed, or ""."""
    start = time.monotonic()

    def tell_time(end: str = "\r") -> None:
        tell(step.title, f"{time.monotonic() - start:5.1f} s", end)

    for command in step.commands:
        failure = run(command, environment, tell_time if sys.stdout.isatty() else None)
        if failure:
            tell(step.title, f"failed: {written(command)}")
            print(indented(failure), flush=True)
            return f"{written(command)} failed"
    tell_time(end="\n")
    return ""


def run(
    command: Command, environment: Mapping[str, str], tick: Callable[[], None] | None = None
) -> str:
    """Run a command, calling `tick` while it lasts; return the output of a failure, or "".

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the command has been ended.
    """
    try:
        done = call(command, tick, env=environment, stderr=subprocess.STDOUT)
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return ""
    return done.stdout.strip() or f"exit code {done.returncode}"


def call(
    command: Command, tick: Callable[[], None] | None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command, calling `tick` while it lasts; return what became of it.

    Args:
        command: the tool and its arguments.
        tick: called several times a second.
        options: what else `Popen` is to know.

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


def tell(title: str, what: str, end: str = "\n") -> None:
    """Print a line of progress."""
    print(f"  {title:<16}{what}", end=end, flush=True)


def indented(output: str) -> str:
    """Return the last lines of an output, moved to the right."""
    return "\n".join(f"    | {line}" for line in output.splitlines()[-LINES_OF_A_FAILURE:])


def written(command: Command) -> str:
    """Return a command as one would type it."""
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)


def way_to(project: Path) -> str:
    """Return the command that goes to the project from where the user stands."""
    # Cookiecutter changes the working directory; shells leave the user's own in PWD.
    start = Path(os.environ.get("PWD", "")).resolve()
    inside = start != project and project.is_relative_to(start)
    return written(("cd", str(project.relative_to(start) if inside else project)))


def remove_empty_folders(project: Path) -> None:
    """Remove the folders all of whose files are of options that were not chosen."""
    for folder, _, _ in os.walk(project, topdown=False):
        path = Path(folder)
        if path != project and not any(path.iterdir()):
            path.rmdir()


def print_remaining(todo: Iterable[Step], project: Path) -> None:
    """Print the commands of some steps, ready to be copied."""
    print("\nWhat remains to be done:\n")
    for command in (way_to(project), *(written(c) for step in todo for c in step.commands)):
        print(f"    {command}")
    print(flush=True)


def print_success(answers: Answers, project: Path) -> None:
    """Print what there is now, and what to try."""
    score = headline_score(project)
    print(f"\n{answers.project_name} is ready: committed, run once and pushed{score}. Try:\n")
    print(f"    {way_to(project)}")
    print("    uv run dvc plots show       a page with the curves of this run")
    print("    uv run dvc repro            after a change in params.yaml: rebuilds what changed")
    print("    uv run dvc metrics diff     what the change did to the scores\n", flush=True)
    if not shutil.which("uv"):
        print(f"uv is not on your PATH; it is in {Path(sys.executable).parent}\n", flush=True)


def headline_score(project: Path) -> str:
    """Return the main score on the validation rows for the closing line, or ""."""
    try:
        params = (project / "params.yaml").read_text(encoding="utf-8")
        metrics = json.loads((project / "reports" / "metrics.json").read_text(encoding="utf-8"))
        (name,) = re.findall(r"^  main_metric: *(\w+)", params, flags=re.MULTILINE)
        return f", with a validation {name} of {metrics[f'validation.{name}']:.3f}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def use_replacement_characters() -> None:
    """Let a console that cannot show the project's name show something else: it is no error."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


def main(answers: Answers, project: Path) -> None:
    """Set the project up as far as possible, and say what is left to do."""
    use_replacement_characters()
    if (project / ".git").exists():
        print(f"\n{project.name} is a Git repository already: only its files were written.")
        return
    remove_empty_folders(project)
    environment = environment_for(answers)
    todo = steps(answers, identity_commands(answers, environment))
    if answers.setup:
        print(f"\nSetting up {answers.project_name}:\n", flush=True)
        todo = tuple(step for step, obstacle in run_all(todo, environment) if obstacle)
    if todo:
        print_remaining(todo, project)
    else:
        print_success(answers, project)


if __name__ == "__main__":
    CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")
    # Cruft names no output folder: whenever it compares, it renders into a temporary one.
    CONTEXT["setup"] &= "_output_dir" in CONTEXT
    main(Answers(*(CONTEXT[field] for field in Answers._fields)), Path.cwd())
