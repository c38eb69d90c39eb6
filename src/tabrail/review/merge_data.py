"""Combine the data of two sides: the files that each added to a folder tracked by DVC."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tabrail.documents import load_yaml, write_texts
from tabrail.dvc import command, hashes, pointers, repository
from tabrail.dvc.repository import Repository
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.check import some

Files = Mapping[str, str]  # MD5s by the path in the folder


def merge_data(fork: str, other: str) -> list[str]:
    """Stage each `.dvc` file that both sides changed, with the files of both sides in it.

    If a person has staged such a file, it is only checked: no file of a side may be missing.

    Args:
        fork: the commit that both sides start from.
        other: the commit that is merged into HEAD.

    Returns:
        The `.dvc` files that were staged.

    Raises:
        InputError: both sides changed one file, a file of one side would be lost, or DVC does not
            have the lists of files.
    """
    both = [path for path in _changed(fork, "HEAD") if path in _changed(fork, other)]
    if not both:
        return []
    with repository.opened() as repo:
        return [path for path in both if _merged(repo, path, fork, other)]


def _changed(fork: str, side: str) -> list[str]:
    return git.git("diff", "--name-only", "--relative", fork, side, "--", pointers.ALL).splitlines()


def _merged(repo: Repository, path: str, fork: str, other: str) -> bool:
    """Stage one `.dvc` file if it is in conflict, else check what is staged."""
    texts = {side: git.text(side, Path(path)) for side in (fork, "HEAD", other)}
    if not all(texts.values()):
        return False  # one side deleted it, or both added it: a person decides
    before, ours, theirs = (_files(repo, path, str(text)) for text in texts.values())
    if before is None or ours is None or theirs is None:
        return False  # not a folder
    wanted = {
        name: side[name]
        for side in (ours, theirs)
        for name in side
        if before.get(name) != side[name]
    }
    clash = [name for name in wanted if _differ(name, before, ours, theirs)]
    conflict = bool(git.git("ls-files", "--unmerged", "--", path))
    if conflict and clash:
        raise InputError(
            f"both sides changed {some(sorted(clash))} in {pointers.data_of(path)}, so a person "
            "decides: start the merge with git merge, take one side's data with: git checkout "
            f"--theirs -- {path} && git add {path}, then run: uv run tabrail merge"
        )
    if conflict:
        # DVC accepts only a path in the project that is not ignored.
        with tempfile.TemporaryDirectory(dir=".", prefix="merge-") as folder:
            sides = [Path(folder, name) for name in ("ancestor", "our", "their")]
            for file, text in zip(sides, texts.values(), strict=True):
                file.write_text(str(text), encoding="utf-8")
            merged = command.merge_pointers(*sides)
        write_texts({Path(path): merged})
        git.git("add", "--", path)
    staged = _files(repo, path, git.git("show", f":./{path}")) or {}
    kept = wanted.keys() - set(clash)
    if lost := [name for name in kept if staged.get(name) != wanted[name]]:
        raise InputError(
            f"{path} lacks files that one side added: {some(sorted(lost))}; to get the files of "
            f"both sides, run: git checkout --merge -- {path} && uv run tabrail merge"
        )
    return conflict


def _differ(name: str, before: Files, ours: Files, theirs: Files) -> bool:
    """Return whether both sides changed a file in different ways."""
    changed = [side.get(name) for side in (ours, theirs) if side.get(name) != before.get(name)]
    return len(changed) == 2 and changed[0] != changed[1]


def _files(repo: Repository, path: str, text: str) -> Files | None:
    """Return the files of the folder that a `.dvc` file names; None if it names no folder."""
    digests = pointers.digests(load_yaml(text) or {})
    if len(digests) != 1 or not hashes.is_folder(digests[0]):
        return None
    files = repo.files_of(digests[0])
    if files is None:
        raise InputError(
            f"a list of the files in {pointers.data_of(path)} is neither here nor in the DVC "
            "remote; ask who committed it to run: uv run dvc push"
        )
    return files
