"""Read dvc.yaml and dvc.lock, in the working tree or in a commit."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from tabrail import paths
from tabrail.documents import load_yaml, read_yaml
from tabrail.dvc import runs
from tabrail.dvc import stages as of_stage
from tabrail.errors import InputError
from tabrail.project import git


def generated(revision: str | None = None) -> list[str]:
    """Return the files that the pipeline writes and Git tracks, in the order of dvc.yaml.

    Args:
        revision: whose dvc.yaml to read; the working tree's, if none is given.

    Raises:
        InputError: dvc.yaml is not YAML.
    """
    return [path for stage in stages(revision).values() for path in of_stage.kept_in_git(stage)]


def stages(revision: str | None = None, root: Path = Path()) -> dict[str, Any]:
    """Return the stages by name.

    Args:
        revision: whose dvc.yaml to read; the working tree's, if none is given.
        root: the project's root, for that of the working tree.

    Raises:
        InputError: dvc.yaml is not YAML.
    """
    return _stages(paths.PIPELINE, revision, root)


def locked(revision: str | None = None, root: Path = Path()) -> dict[str, Any]:
    """Return the entry of each stage that has run in dvc.lock, by name; empty if it is missing.

    Args:
        revision: whose dvc.lock to read; the working tree's, if none is given.
        root: the project's root, for that of the working tree.

    Raises:
        InputError: dvc.lock is not YAML.
    """
    if revision is None and not (root / paths.LOCK).exists():
        return {}
    return _stages(paths.LOCK, revision, root)


def recorded_model(revision: str | None = None, root: Path = Path()) -> str:
    """Return the model's MD5 in dvc.lock; blank if there is none. See `locked`."""
    model = paths.MODEL.as_posix()
    found = map(runs.written, locked(revision, root).values())
    return next((written[model] for written in found if model in written), "")


def inside(found: Iterable[str]) -> list[str]:
    """Return the paths that are in the project, without URLs and files elsewhere."""
    return [path for path in found if "://" not in path and not path.startswith(("/", ".."))]


def unlisted(stage: str, files: Iterable[Path], root: Path = Path()) -> list[str]:
    """Return the files that a stage's deps in dvc.yaml do not cover.

    Args:
        stage: the stage's name.
        files: files of the project, as absolute paths.
        root: the project's root.

    Raises:
        InputError: dvc.yaml is not YAML.
    """
    here = root.resolve()
    deps = of_stage.reads(stages(root=root).get(stage, {}))
    listed = [(here / dep).resolve() for dep in deps]
    return [
        file.relative_to(here).as_posix()
        for file in sorted(files)
        if not any(file.is_relative_to(dep) for dep in listed)
    ]


def _stages(file: Path, revision: str | None, root: Path) -> dict[str, Any]:
    """Return the stages that a file has; see `stages`."""
    if revision is None:
        content = read_yaml(root / file)
    else:
        try:
            content = load_yaml(git.text(revision, file) or "")
        except YAMLError:
            raise InputError(f"{file} of {revision} is not valid YAML") from None
    return of_stage.by_name(content)
