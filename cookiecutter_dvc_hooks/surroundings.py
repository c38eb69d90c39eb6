"""Find settings of this machine that may not work with a project, each in a sentence."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cookiecutter_dvc_hooks import commands
from cookiecutter_dvc_hooks.commands import Command
from cookiecutter_dvc_hooks.library import RENDERING
from cookiecutter_dvc_hooks.steps import Hindrance

PLAIN_GIT: Command = ("git", "-c", "core.quotePath=false")
INSTALL_HOOKS: Command = ("uv", "run", "pre-commit", "install")
# What `git check-ignore --verbose` prints: a rule's file, line and pattern, and the path.
RULE = re.compile(r"^(.+?):(\d+):(.*)\t(.+)$", re.MULTILINE)


def against_hooks(environment: Mapping[str, str]) -> Hindrance | None:
    """Check whether pre-commit would refuse to install the project's hooks, or fail in each."""
    if folder := commands.output(("git", "config", "--get", "core.hooksPath"), environment):
        reason = (
            f"Git runs the hooks in {folder} for all repositories (core.hooksPath); the commands "
            "below make Git run the project's hooks instead"
        )
        # pre-commit refuses wherever the setting has a value, and installs into .git/hooks.
        set_to = ("git", "config", "core.hooksPath")
        return Hindrance(reason, ((*set_to, ""), INSTALL_HOOKS, (*set_to, ".git/hooks")))
    home = notes_of_pre_commit(environment)
    if not can_be_written(home):
        reason = (
            f"pre-commit cannot write to {home}; set the environment variable PRE_COMMIT_HOME to a "
            "writable folder, now and for every commit"
        )
        return Hindrance(reason, (INSTALL_HOOKS,))
    return None


def notes_of_pre_commit(environment: Mapping[str, str]) -> Path:
    """Return the folder of pre-commit's cache."""
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(environment.get("PRE_COMMIT_HOME") or f"{cache}/pre-commit")


def can_be_written(folder: Path) -> bool:
    """Return whether files can be made in a folder, which is made if it is missing.

    Permissions alone do not say so, neither of a network's folder nor to root.
    """
    try:
        place = folder.expanduser()
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except (OSError, RuntimeError):  # no home folder at all
        return False
    return True


def sentences(project: Path, environment: Mapping[str, str]) -> list[str]:
    """Return what the user should know about the new repository, if anything."""
    return [*inside(project, environment), *ignored(project, environment)]


def inside(project: Path, environment: Mapping[str, str]) -> list[str]:
    """Tell if the project is a repository within another one, which does not ignore it."""
    above = {"cwd": project.parent}
    top = commands.output(("git", "rev-parse", "--show-toplevel"), environment, **above)
    asked = ("git", "check-ignore", project.name)
    if not top or commands.output(asked, environment, **above):
        return []
    return [
        f"{project.name} is a separate Git repository within that of {top}. To make it a folder "
        f"of that one instead, see {RENDERING['MANUAL']}/places.md"
    ]


def ignored(project: Path, environment: Mapping[str, str]) -> list[str]:
    """Name each rule that is not the project's own and hides something of it from Git."""
    listing = (*PLAIN_GIT, "ls-files", "--others", "--ignored", "--exclude-standard", "--directory")
    hidden = commands.output(listing, environment, cwd=project).splitlines()
    asked = (*PLAIN_GIT, "check-ignore", "--verbose", "--", *hidden)
    said = commands.output(asked, environment, cwd=project) if hidden else ""
    found: dict[tuple[str, ...], list[str]] = {}
    for file, line, pattern, path in RULE.findall(said):
        if Path(file).name != ".gitignore" or Path(file).is_absolute():
            found.setdefault((file, line, pattern), []).append(path)
    return [
        f"Git ignores {', '.join(paths)} by the rule {pattern} (line {line} of {file}). To have it "
        f"in Git, write the line !{pattern} at the end of .gitignore, then run: git add --all, and "
        "commit"
        for (file, line, pattern), paths in found.items()
    ]
