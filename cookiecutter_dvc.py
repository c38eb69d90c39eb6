"""What cookiecutter.json calls while it asks: the check of all answers, and what follows from them.

Cookiecutter loads this file as a local extension. A check in a hook alone would come too late: by
then cookiecutter has created the project's folder, were it `../evil`, and it logs a traceback
under every refusal of a hook.
"""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from click import ClickException
from jinja2 import Environment
from jinja2.ext import Extension
from slugify import slugify

from cookiecutter_dvc_hooks import commands, rules, tables
from cookiecutter_dvc_hooks.closing import use_replacement_characters
from cookiecutter_dvc_hooks.library import METADATA, RENDERING, TEMPLATE
from cookiecutter_dvc_hooks.steps import HOW_TO_INSTALL
from cookiecutter_dvc_hooks.texts import LONGEST_NAME

# Text is text and a traceback ends with its message, whatever the console.
PLAIN = {"PYTHONUTF8": "1", "TYPER_STANDARD_TRACEBACK": "1"}


class Answers(Extension):
    """Adds the filters below to cookiecutter's Jinja environment."""

    def __init__(self, environment: Environment) -> None:
        """Register the filters, and tell the hooks where the library is."""
        super().__init__(environment)
        os.environ["COOKIECUTTER_DVC"] = str(TEMPLATE)
        own = (checked, library_file, manual, project_name, record, unless_git_knows, usable_table)
        for function in own:
            environment.filters[function.__name__] = function
        environment.filters["markdown"] = RENDERING["markdown"]


def checked(answers: Mapping[str, object]) -> str:
    """Return "yes" if all answers can be used.

    Raises:
        ClickException: lists every bad answer; cookiecutter prints it and exits with code 1.
    """
    # The hooks run elsewhere, and not every shell says where the user stands.
    os.environ["PWD"] = str(Path.cwd())
    if "cruft" in sys.modules:
        answers = rules.without_table(answers)
    refuse(rules.problems(answers))
    if answers["data_file"]:
        check_table({key: str(answer) for key, answer in answers.items()})
    return "yes"


def refuse(problems: list[str]) -> None:
    """Stop cookiecutter if there are problems.

    Raises:
        ClickException: lists them.
    """
    if problems:
        raise ClickException(rules.refusal(problems))


def usable_table(data_file: str, target: str) -> str:
    """Return the table's path, before nine more questions are asked.

    Raises:
        ClickException: there is no such table, or no target is named.
    """
    os.environ["PWD"] = str(Path.cwd())
    if "cruft" not in sys.modules:
        answers = {"data_file": data_file, "target": target}
        refuse(rules.problems(answers, answers))
    return data_file


def check_table(answers: Mapping[str, str]) -> None:
    """Have the project's own code look through the user's table, and print what it says.

    What cannot be checked now is checked by the set-up, which says what to do if it fails.

    Raises:
        ClickException: the table or its target cannot be used.
    """
    use_replacement_characters()
    table = tables.table_path(answers["data_file"])
    if not commands.find("uv"):
        install = HOW_TO_INSTALL["uv"]
        print(f"{table.name} could not be checked yet: uv was not found; to install it: {install}")
        return
    done = dry_run(table, answers["target"].strip())
    if done is None:
        print(f"{table.name} could not be checked yet: uv could not make the environment for it.")
    elif done.returncode:
        refuse([f"data_file: {reason(done)}"])
    else:
        print(done.stdout.rstrip(), flush=True)


def dry_run(table: Path, target: str) -> subprocess.CompletedProcess[str] | None:
    """Run the library's `ingest --dry-run` in an environment made for it.

    Returns:
        What became of it; None if there is no such environment.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = commands.clean_environment() | PLAIN
        quiet: dict[str, Any] = {"cwd": folder, "env": environment, "stderr": subprocess.PIPE}
        tick = ticking(f"Reading {table.name} …")
        commands.call(("uv", "build", "--wheel", "--out-dir", folder, str(TEMPLATE)), tick, **quiet)
        wheels = [f"--with={wheel}" for wheel in Path(folder).glob("*.whl")]
        # Without these flags uv would resolve a pyproject.toml of a folder above.
        uv = ("uv", "run", "--quiet", "--no-project", "--isolated")
        uv = (*uv, "--python", METADATA["requires-python"], *wheels)
        ingest = ("tabrail", "ingest", str(table), "--target", target, "--dry-run")
        # Without the wheel, another `tabrail` would be found on the user's PATH.
        ready = wheels and commands.call((*uv, "tabrail", "--help"), tick, **quiet)
        done = (
            commands.call((*uv, *ingest), tick, **quiet) if ready and not ready.returncode else None
        )
    print(flush=True)
    return done


def ticking(what: str) -> Callable[[], None] | None:
    """Print what is going on, and return what adds the seconds to it, on a terminal."""
    start = time.monotonic()
    print(what, end="", flush=True)
    if not sys.stdout.isatty():
        return None
    return lambda: print(f"\r{what} {time.monotonic() - start:.0f} s", end="", flush=True)


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return why a command failed: its message, or how it ended."""
    lines = done.stderr.strip().splitlines()
    messages = [i for i, line in enumerate(lines) if line.startswith("error: ")]
    said = lines[messages[-1] :] if messages else lines[-1:]
    ended = f"reading it ended with exit code {done.returncode}"
    return "\n    ".join(said).removeprefix("error: ") or ended


def manual(_: str) -> str:
    """Return the address of the manual."""
    address: str = RENDERING["MANUAL"]
    return address


def library_file(answers: Mapping[str, object], path: str) -> str:
    """Return a file of the project as the library renders it; its path may name {package}."""
    package = str(answers["project_slug"]).replace("-", "_")
    return library_files(json.dumps(answers))[path.replace("{package}", package)]


@functools.cache
def library_files(answers: str) -> dict[str, str]:
    """Return all these files, by their paths in the project; the answers are given as JSON."""
    known = new_record(answers)
    owners = RENDERING["files"](known, RENDERING["OWNERS_FILES"])
    found: dict[str, str] = RENDERING["files"](known) | owners
    return found


def record(answers: Mapping[str, object]) -> str:
    """Return the project's .tabrail.json."""
    text: str = RENDERING["record_text"](new_record(json.dumps(answers)))
    return text


@functools.cache
def new_record(answers: str) -> dict[str, Any]:
    """Return what is recorded of the project; the answers are given as JSON."""
    known: dict[str, Any] = RENDERING["new_record"](json.loads(answers), METADATA["version"])
    return known


def project_name(data_file: str, target: str) -> str:
    """Return a project's name made of that of its table, or "" without one."""
    if not data_file:
        return ""
    file = Path(data_file).name
    suffix = next((s for s in tables.TABLES if file.lower().endswith(s)), "")
    name = titled(file[: len(file) - len(suffix)])
    answers = {"project_name": name, "project_slug": slugify(name)}
    unusable = rules.check_name(answers) or rules.check_slug(answers)
    return titled(f"predict {target}")[:LONGEST_NAME] if unusable else name


def unless_git_knows(placeholder: str, key: str) -> str:
    """Return what Git knows of the author, such as user.name, if the project can use it."""
    known = commands.output(("git", "config", "--get", key), commands.clean_environment())
    wrong = rules.check_email({"author_email": known}) if key == "user.email" else ""
    return placeholder if not known or wrong or rules.unwritable(known) else known


def titled(text: str) -> str:
    """Return the words of a name, such as that of a file, with capital letters in front."""
    words = filter(None, re.split(r"[\s_.()-]+", text))
    return " ".join(word[0].upper() + word[1:] for word in words)
