"""Set the generated project up: Git, environment, data, first run, first commit.

Nothing here makes the generation fail. If a tool or the network is missing, the files are kept. The
steps that need it are skipped, and their commands are printed.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

# The extension leaves the template's place in the environment.
TEMPLATE = os.environ["COOKIECUTTER_DVC"]
sys.path.insert(0, TEMPLATE)

from cookiecutter_dvc_hooks import closing, commands, rules, surroundings, tables
from cookiecutter_dvc_hooks.commands import Command
from cookiecutter_dvc_hooks.steps import Step, run_all

OLDEST_PYTHON = (3, 11)

GIT = "Git repository"
LIBRARY = "Library built"
ENVIRONMENT = "Environment"
PARTS = "Parts"
DATA = "Data tracked"
RUN = "First run"
HOOKS = "Hooks"
COMMIT = "First commit"
PUSH = "Data pushed"


class Answers(NamedTuple):
    """The answers that the set-up uses."""

    data_file: str
    target: str
    project_name: str
    project_slug: str
    author_name: str
    author_email: str
    parts: str
    setup: bool


def steps(answers: Answers, identity: Iterable[Command] = ()) -> tuple[Step, ...]:
    """Return the whole set-up, in order."""
    message = f"Set up {answers.project_name}: data tracked, pipeline run once"
    # `git init --initial-branch` needs Git 2.28.
    main_branch = ("git", "symbolic-ref", "HEAD", "refs/heads/main")
    # uv hides a folder of wheels from Git unless it is told not to.
    build = ("uv", "build", "--wheel", "--no-create-gitignore", "--out-dir", "vendor", TEMPLATE)
    # A relocatable environment still works after the project's folder is moved or renamed.
    environment = (("uv", "venv", "--clear", "--relocatable"), ("uv", "sync"))
    hooks = (surroundings.INSTALL_HOOKS,)
    return (
        Step(GIT, (("git", "init"), main_branch, *identity)),
        Step(LIBRARY, (build,)),
        Step(ENVIRONMENT, (*pin_commands(), *environment), needs=(LIBRARY,)),
        *parts_step(answers),
        Step(DATA, (track_command(answers),), needs=(GIT, ENVIRONMENT)),
        Step(RUN, (("uv", "run", "dvc", "repro"),), needs=(DATA,), warns=True),
        Step(HOOKS, hooks, needs=(GIT, ENVIRONMENT), look=surroundings.against_hooks),
        Step(COMMIT, (("git", "add", "--all"), ("git", "commit", "-m", message)), needs=(RUN,)),
        Step(PUSH, (("uv", "run", "dvc", "push"),), needs=(RUN,)),
    )


def parts_step(answers: Answers) -> tuple[Step, ...]:
    """Return the step that adds the parts that were asked for, if there are any."""
    names = rules.part_names(answers.parts)
    add = ("uv", "run", "tabrail", "add", *names)
    return (Step(PARTS, (add,), needs=(ENVIRONMENT,)),) if names else ()


def pin_commands() -> tuple[Command, ...]:
    """Return the command that fixes the project's Python: the one that runs here, if it can be."""
    version = sys.version_info[:2]
    pin = ("uv", "python", "pin", ".".join(map(str, version)))
    return (pin,) if version >= OLDEST_PYTHON else ()


def track_command(answers: Answers) -> Command:
    """Return the command that puts the data under DVC: the sample's, or the user's table."""
    if not answers.data_file:
        return ("uv", "run", "dvc", "add", "data/raw")
    table = str(tables.table_path(answers.data_file))
    return ("uv", "run", "tabrail", "ingest", table, "--target", answers.target.strip(), "--yes")


def identity_commands(answers: Answers, environment: Mapping[str, str]) -> list[Command]:
    """Return the commands that set the author of the new repository, if Git has none yet."""
    return [
        ("git", "config", key, value)
        for key, value in (("user.name", answers.author_name), ("user.email", answers.author_email))
        if commands.run(("git", "config", "--global", "--get", key), environment).failure
    ]


def environment_for(answers: Answers) -> dict[str, str]:
    """Return the environment for all commands: no other project, and the author's commits."""
    environment = commands.clean_environment()
    for role in ("AUTHOR", "COMMITTER"):
        environment[f"GIT_{role}_NAME"] = answers.author_name
        environment[f"GIT_{role}_EMAIL"] = answers.author_email
    return environment


def remove_empty_folders(project: Path) -> None:
    """Remove the folders that are empty because of options that were not chosen."""
    for folder, _, _ in os.walk(project, topdown=False):
        path = Path(folder)
        if path != project and not any(path.iterdir()):
            path.rmdir()


def main(answers: Answers, project: Path) -> None:
    """Set the project up as far as possible, and say what is left to do."""
    closing.use_replacement_characters()
    if (project / ".git").exists():
        print(f"\n{project.name} is already a Git repository, so only its files were written.")
        return
    remove_empty_folders(project)
    environment = environment_for(answers)
    todo = steps(answers, identity_commands(answers, environment))
    if answers.setup:
        print(f"\nSetting up {answers.project_name}:\n", flush=True)
        todo = tuple(step for step, obstacle in run_all(todo, environment) if obstacle)
    if todo:
        closing.print_remaining(todo, project)
    else:
        closing.print_success(answers.project_name, project, own_table=bool(answers.data_file))
    if answers.setup:
        for sentence in surroundings.sentences(project, environment):
            print(f"{sentence}\n", flush=True)


if __name__ == "__main__":
    CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")
    # Cruft names no output folder: whenever it compares, it renders into a temporary one.
    CONTEXT["setup"] &= "_output_dir" in CONTEXT
    main(Answers(*(CONTEXT[field] for field in Answers._fields)), Path.cwd())
