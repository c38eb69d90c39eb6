"""Copies of a finished project, each in a folder of its own, with its environment and storage."""

import os
import shutil
from pathlib import Path

from support.projects import STORAGE, Project

NAME = "flight-delays"


def copied(finished: Project, folder: Path, *, origin: bool = False) -> Project:
    """Copy a finished project into a folder, as its owner would have it there.

    The environment's files are links, because copies of hundreds of megabytes take long. They keep
    their compiled bytecode, which a new environment would have to make again.

    Args:
        finished: the project; it stays as it is.
        folder: where the copy goes, with its DVC storage beside it.
        origin: whether the copy gets an empty Git remote called origin, to which main is pushed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / NAME
    without = shutil.ignore_patterns(".venv", "tmp")
    shutil.copytree(finished.path, target, symlinks=True, ignore=without)
    shutil.copytree(finished.path.with_name(STORAGE), folder / STORAGE)
    _link_environment(finished.path, target)
    project = Project(target)
    project.run("uv", "sync", "--quiet", "--locked")
    project.run("git", "config", "user.name", "Ada Byron")
    project.run("git", "config", "user.email", "ada@example.com")
    if origin:
        project.run("git", "init", "--quiet", "--bare", "--initial-branch=main", "../origin.git")
        project.run("git", "remote", "add", "origin", "../origin.git")
        project.run("git", "push", "--quiet", "--no-verify", "--set-upstream", "origin", "main")
    return project


def _link_environment(source: Path, target: Path) -> None:
    """Make an environment whose packages are links to those of another one."""
    shutil.copytree(source / ".venv", target / ".venv", symlinks=True, copy_function=os.link)
    # Scripts and Git's hooks name the interpreter by its path.
    old, new = (str(root / ".venv").encode() for root in (source, target))
    for folder in (target / ".venv" / "bin", target / ".git" / "hooks"):
        for script in folder.iterdir():
            content = b"" if script.is_symlink() or script.is_dir() else script.read_bytes()
            if old in content:
                mode = script.stat().st_mode
                script.unlink()  # a link is to stay as it is in the other environment
                script.write_bytes(content.replace(old, new))
                script.chmod(mode)
