"""Write all that a server of a revision needs to a folder. An image can be built from it."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tabrail import paths
from tabrail.dvc import command as dvc
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.files import sync
from tabrail.model.metadata import read_metadata
from tabrail.project import code, erased, git
from tabrail.project.archive import extract
from tabrail.project.pipeline import recorded_model
from tabrail.project.registry import version_of

# The files that a server needs, and those that uv needs to install the project.
FILES = (
    *(paths.PROJECT, paths.PACKAGES, paths.PYTHON, Path("README.md"), Path("LICENSE")),
    *(Path("vendor"), Path("src"), paths.PARAMS, paths.SCHEMA, paths.PIPELINE),
    *(paths.EVALUATION, paths.DISTRIBUTIONS, paths.MODEL_CARD),
)


def bundle(folder: Path, revision: str = "HEAD") -> str:
    """Write the model of a revision and all that a server needs, completely or not at all.

    The folder needs neither Git nor DVC: release.json has the version, the commit and the MD5 of
    each file. The server compares the model file with its MD5.

    Args:
        folder: the folder to make.
        revision: a commit, branch or tag, such as model@v0.1.0.

    Returns:
        A message that says what was written.

    Raises:
        InputError: there is no such revision, the folder already exists, or the model cannot be
            fetched or was trained with other code.
    """
    if folder.exists():
        raise InputError(f"{folder} already exists; choose another folder, or delete it")
    commit = git.required_commit(revision)
    wanted = recorded_model(commit)
    if not wanted:
        raise InputError(
            f"{commit[:12]} has no model, because its {paths.LOCK} does not name {paths.MODEL}"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A killed process may leave this folder. Git ignores it because of its suffix.
    with tempfile.TemporaryDirectory(".tmp", f".{folder.name}-", folder.parent) as place:
        made = Path(place, "bundle")
        made.mkdir()
        _write_tracked(commit, made)
        _write_model(commit, wanted, made / paths.MODEL)
        _require_own_code(commit, made)
        _write_note(commit, wanted, made)
        sync(*(path for path in made.rglob("*") if not path.is_symlink()))
        made.rename(folder)
        sync(folder.parent)
    date = erased.of_data(commit)
    note = f" (the data that it was trained with was erased on {date})" if date else ""
    where = f"{version_of(wanted)} of commit {commit[:12]}{note} is in {folder}"
    return f"{where}; there: uv sync --locked"


def _write_tracked(commit: str, folder: Path) -> None:
    """Write the files of a commit that Git tracks."""
    tracked = git.git("ls-tree", "-r", "--name-only", commit).splitlines()
    names = [path.as_posix() for path in FILES]
    there = [name for name in names if any(t == name or t.startswith(f"{name}/") for t in tracked)]
    for needed in (paths.EVALUATION, paths.DISTRIBUTIONS, paths.SCHEMA):
        if needed.as_posix() not in there:
            raise InputError(f"{commit[:12]} has no {needed}; bundle a commit that has results")
    # An archive has the bytes. Printed as text, line ends and wheels would change.
    command = ["git", "archive", "--format=tar", commit, "--", *there]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise InputError(f"git archive: {done.stderr.decode(errors='replace').strip()}")
    extract(done.stdout, folder)


def _write_model(commit: str, wanted: str, target: Path) -> None:
    """Copy the model from the working tree if its hash fits; otherwise, get it from DVC."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if paths.MODEL.exists() and md5(paths.MODEL) == wanted:
        shutil.copyfile(paths.MODEL, target)
        return
    if reason := dvc.write_file(paths.MODEL, commit, target):
        raise InputError(
            f"the model of {commit[:12]} cannot be fetched: {reason}; run: uv run dvc fetch "
            f"--rev {commit[:12]} {paths.MODEL.as_posix()}"
        )
    if md5(target) != wanted:
        raise InputError(
            f"DVC's model is not the one that {commit[:12]} records; run: uv run dvc pull"
        )


def _require_own_code(commit: str, folder: Path) -> None:
    """Refuse a model that the server would refuse, because other code trained it."""
    try:
        recorded = read_metadata(folder / paths.MODEL).code
    except InputError:  # the server says what is wrong with the file
        return
    if other := code.changed(folder, recorded):
        raise InputError(
            f"the model of {commit[:12]} was trained with other code: {', '.join(other)} differs; "
            "bundle the commit that trained it, or train again with: uv run dvc repro"
        )


def _write_note(commit: str, model: str, folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    hashes = {path.relative_to(folder).as_posix(): md5(path) for path in files}
    note = {"version": version_of(model), "commit": commit, "files": hashes}
    text = json.dumps(note, indent=2) + "\n"
    (folder / paths.RELEASE).write_text(text, encoding="utf-8", newline="\n")
