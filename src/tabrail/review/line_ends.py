"""Find files whose bytes differ between this folder and a clone. DVC hashes those in this folder.

The usual reason is an editor that writes Windows line ends. Git stores Unix ones and shows no
change. So dvc.lock has the hash of bytes that Git never stores. In every clone, the results then
look outdated.
"""

import shlex
import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tabrail.dvc import runs
from tabrail.dvc.stages import reads
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.pipeline import inside, stages
from tabrail.review.check import Check, some

# The settings of a clone without any configuration.
NO_SETTINGS = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")
AGAIN = "then: uv run dvc repro, and commit what it changes"
WRITTEN = (
    'let the stage write "\\n" at the end of a line (Path.write_text: newline="\\n"; csv.writer: '
    'lineterminator="\\n")'
)


def bytes_are_those_of_git(lock: Mapping[str, Any]) -> Check:
    """Compare the files that the last run read and wrote with those of a clone.

    Args:
        lock: the stages of dvc.lock.
    """
    read, written, params = (
        {name for stage in lock.values() for name in of_run(stage)}
        for of_run in (runs.read, runs.written, runs.params)
    )
    unlike = _unlike_a_clone(read | written | params)
    for name in params.difference(read, written).intersection(unlike):
        if _with_unix_ends(name) == unlike[name]:  # DVC compares the values, which are equal
            del unlike[name]
    for name in git.changed_files(*unlike) if unlike else []:  # another check says so
        unlike.pop(name, None)
    if not unlike:
        return Check("bytes", "ok", "the bytes that DVC hashed are those of a clone")
    if hidden := [name for name, tag in _listed(unlike).items() if tag != "H"]:
        what = f"Git is set to ignore changes in {some(hidden)}, but there are changes"
        return Check("bytes", "FAILED", what, f"run: {_unhide(hidden)}, and commit it")
    fix = WRITTEN if written.issuperset(unlike) else f"run: {_mend(unlike)}"
    what = f"the bytes that DVC hashed here differ from those of a clone: {_shown(unlike)}"
    return Check("bytes", "FAILED", what, f"{fix}, {AGAIN}")


def require_bytes_of_git(stage: str) -> None:
    """Check that a clone will have the same bytes in the files that a stage reads.

    Without Git, nothing is checked.

    Args:
        stage: the stage's name.

    Raises:
        InputError: Git would store other bytes; DVC would run the stage again in every clone.
    """
    names = set(reads(stages().get(stage, {})))
    try:
        unlike = _unlike_a_clone(names)
        if edited := [*unlike, *_listed(names, "--others", "--exclude-standard")]:
            unlike = _unlike_a_clone_once_added(edited)
    except (InputError, OSError):
        return
    if unlike:
        raise InputError(
            f"{stage} reads files whose bytes will differ in a clone: {_shown(unlike)}. In every "
            f"clone, the results would look outdated. First run: {_mend(unlike)}"
        )


def _unlike_a_clone(
    names: Collection[str], environment: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """Return the files in Git whose bytes differ in a clone, with the clone's bytes."""
    listed = _listed(names, environment=environment)
    hidden = ["--ignore-skip-worktree-bits"] if {"S", "s"} & {*listed.values()} else []
    below_top = git.git("rev-parse", "--show-prefix").strip()
    unlike = {}
    with tempfile.TemporaryDirectory() as folder:
        write = ("checkout-index", "--quiet", "-z", "--stdin", *hidden, f"--prefix={folder}/")
        git.git(*NO_SETTINGS, *write, given="\0".join(listed), environment=environment)
        for name in listed:
            clone, here = Path(folder, below_top, name), Path(name)
            if clone.is_file() and here.is_file() and clone.read_bytes() != here.read_bytes():
                unlike[name] = clone.read_bytes()
    return unlike


def _unlike_a_clone_once_added(names: Collection[str]) -> dict[str, bytes]:
    """Return the files whose bytes will differ in a clone after `git add`.

    They are added to a copy of the index. Git's folder does not change.
    """
    with tempfile.TemporaryDirectory() as folder:
        index, objects = Path(folder, "index"), Path(folder, "objects")
        shutil.copyfile(git.path_of("index"), index)
        objects.mkdir()
        environment = {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git.path_of("objects").resolve()),
        }
        add = ("-c", "core.safecrlf=false", "update-index", "--add", "-z", "--stdin")
        git.git(*add, given="\0".join(names), environment=environment)
        return _unlike_a_clone(names, environment)


def _listed(
    names: Collection[str], *options: str, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the files that Git lists of files and folders of the project, each with its tag.

    The tag of a file in the index is H, unless Git is set to ignore changes in the file.
    """
    own = sorted(inside(names))
    if not own:
        return {}
    search = ("--literal-pathspecs", "ls-files", "-v", "-z", *options, "--", *own)
    listed = git.git(*search, environment=environment).split("\0")
    return {entry[2:]: entry[0] for entry in listed if entry}


def _shown(unlike: Mapping[str, bytes]) -> str:
    return some(sorted(unlike)) + (" (Windows line ends)" if _by_line_ends(unlike) else "")


def _mend(unlike: Mapping[str, bytes]) -> str:
    """Return the command that gives the files the bytes of a clone and keeps all edits."""
    files = shlex.join(sorted(unlike))
    if _by_line_ends(unlike):
        return f"uv run mixed-line-ending --fix=lf {files}"
    return f"git add {files} && rm {files} && git checkout -- {files}"


def _unhide(names: Collection[str]) -> str:
    """Return the command after which Git notices changes in these files again."""
    files = shlex.join(names)
    return " && ".join(
        f"git update-index --no-{flag} {files}" for flag in ("skip-worktree", "assume-unchanged")
    )


def _by_line_ends(unlike: Mapping[str, bytes]) -> bool:
    return all(_with_unix_ends(name) == content for name, content in unlike.items())


def _with_unix_ends(name: str) -> bytes:
    return Path(name).read_bytes().replace(b"\r\n", b"\n")
