"""Check that the data and models of a commit and of all releases are in the DVC remote."""

import shlex
from pathlib import Path

from tabrail import paths
from tabrail.dvc import repository
from tabrail.dvc.repository import Repository
from tabrail.dvc.settings import Config
from tabrail.errors import InputError
from tabrail.project import erased
from tabrail.project.pipeline import recorded_model
from tabrail.project.registry import versions
from tabrail.review.check import Check, some

GONE = "the DVC remote is the folder {folder}, which is not on this machine"
CODE_ALONE = "to push the code without its data: git push --no-verify"
PUSH = "run: uv run dvc push, or, if that finds nothing to do: git push"
CREDENTIALS = "credentials? see storage.md of the manual; on a fork: --no-remote"


def checks(config: Config | None = None) -> list[Check]:
    """Check that the DVC remote has every file of the current commit, and the released models.

    Args:
        config: DVC's settings, beside .dvc/config.
    """
    try:
        with repository.opened(config=config) as repo:
            if folder := _gone(repo):
                return [Check("data", "skipped", GONE.format(folder=folder))]
            missing = _missing(repo)
            released = _models()
            gone = repo.lacks(released.values())
    except InputError as error:
        return [Check("data", "FAILED", str(error), CREDENTIALS)]
    there = "the model is" if erased.of_data() else "data and model are"
    found = Check("data", "ok", f"{there} in the DVC remote")
    if missing:
        what = f"the DVC remote lacks: {some(missing)}"
        found = Check("data", "FAILED", what, PUSH)
    lost = [tag for tag, value in released.items() if value in gone]
    return [found, *([_lost(lost)] if lost else [])]


def _missing(repo: Repository) -> list[str]:
    """Return the commit's files that the remote lacks; only models if its data was erased."""
    if not erased.of_data():
        return repo.not_in_remote()
    model = recorded_model()
    return [paths.MODEL.as_posix()] if model and repo.lacks([model]) else []


def pushed(config: Config) -> Check:
    """Push what a commit needs to the DVC remote.

    Args:
        config: DVC's settings, beside .dvc/config.
    """
    try:
        with repository.opened(config=config) as repo:
            if folder := _gone(repo):
                fix = f"mount it; or, if it is new, run: mkdir -p {shlex.quote(str(folder))}"
                return Check("push", "FAILED", GONE.format(folder=folder), f"{fix}; {CODE_ALONE}")
            if date := erased.of_data():
                return Check("push", "skipped", f"the data of this commit was erased on {date}")
            count = repo.push()
    except InputError as error:
        return Check("push", "FAILED", str(error), CODE_ALONE)
    files = f"{count:,} file{'' if count == 1 else 's'}"
    return Check("push", "ok", f"{files} pushed to the DVC remote")


def _gone(repo: Repository) -> Path | None:
    """Return the remote's folder, if the remote is a folder that this machine lacks."""
    folder = repo.folder_of_remote()
    return folder if folder and not folder.is_dir() else None


def _models() -> dict[str, str]:
    """Return the MD5 of each registered version's model, by the version's tag."""
    found = {tag: recorded_model(tag) for tag in versions()}
    return {tag: value for tag, value in found.items() if value}


def _lost(tags: list[str]) -> Check:
    what = f"the DVC remote lacks the models of released versions: {some(tags)}"
    # Not `dvc push --all-tags`: if the remote has a relative path, DVC would use another folder.
    fix = (
        f"run: git switch --detach {tags[0]} && uv sync && uv run dvc pull --allow-missing "
        "&& uv run dvc repro && uv run dvc push && git switch - && uv run dvc checkout"
    )
    return Check("releases", "FAILED", what, fix)
