"""Check out a revision in a temporary folder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from tabrail import paths
from tabrail.dvc.copies import settings_of_copy
from tabrail.dvc.settings import Config
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.base import experiment


@contextmanager
def checked_out(revision: str) -> Iterator[Config]:
    """Work in a temporary folder with the project at a revision.

    Args:
        revision: a commit, branch or tag, or the name of an experiment of DVC.

    Yields:
        The settings with which DVC uses the project's cache and remote in that folder.

    Raises:
        InputError: there is no such revision here, or the project is not in it.
    """
    commit = git.commit(revision) or experiment(revision)
    if commit is None:
        raise InputError(f"this clone has no commit {revision}; see: git log --all")
    if git.text(commit, paths.PIPELINE) is None:
        raise InputError(f"{revision} has no {paths.PIPELINE}, so there is nothing to check")
    project, below_top = Path.cwd(), git.git("rev-parse", "--show-prefix").strip()
    git.git("worktree", "prune")  # left by a killed process
    with tempfile.TemporaryDirectory(prefix="tabrail-") as temporary:
        top = Path(temporary, "tree")
        # Without hooks, because the one of `dvc install` would check out data.
        add = ("-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--detach", "--quiet")
        git.git(*add, str(top), commit)
        try:
            config = settings_of_copy(project, top / below_top)
            with chdir(top / below_top):
                yield config
        finally:
            git.git("worktree", "remove", "--force", str(top))
