"""GitHub as far as tests need it: a repository with pull requests, and runners for its jobs."""

import shutil
from pathlib import Path
from typing import Any

from support.forge import git, origin_and_author
from support.github_runner import Outcome, Runner
from support.projects import STORAGE, Project, add_parts

PARTS = ("docker", "monitor", "release", "train")
MARKER = "<!-- model report -->"


class GitHub:
    """A repository with pull requests and runners."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.origin, self.author = origin_and_author(project, folder)
        self.storage = project.path.with_name(STORAGE)
        self.folder = folder
        # Runners take the workflows from here, those of parts among them.
        self.files = Project(folder / "files")
        self.files.path.mkdir()
        shutil.copytree(self.author.path / ".github", self.files.path / ".github")
        shutil.copy(self.author.path / ".tabrail.json", self.files.path)
        add_parts(self.files, *PARTS)
        # What a workflow calls is in the repository.
        shutil.copytree(self.files.path / "retraining", self.author.path / "retraining")
        self.author.commit("Add parts")
        git(self.author, "push", "--quiet", "origin", "HEAD:main")

    def push(self, branch: str) -> None:
        """Commit what the author changed on a new branch, and propose it for main."""
        git(self.author, "switch", "--quiet", "--create", branch)
        self.author.commit("Change something")
        git(self.author, "push", "--quiet", "origin", branch)
        git(self.author, "switch", "--quiet", "--detach", "origin/main")
        git(self.author, "merge", "--quiet", "--no-ff", "--no-edit", branch)
        git(self.author, "push", "--quiet", "origin", "HEAD:refs/pull/7/merge")

    def runner(self, github: dict[str, Any], name: str = "verify", **given: Any) -> Runner:
        """Return a runner for an event."""
        workflow = self.files.path / ".github" / "workflows" / f"{name}.yaml"
        return Runner(workflow, self.origin, self.folder / f"runner-{name}", github, **given)


def pending(world: "GitHub") -> list[str]:
    """Return the branches that were proposed, as the author's clone knows them."""
    return git(world.author, "branch", "--remotes", "--list", "origin/train/*").split()


def passed(outcome: Outcome) -> Outcome:
    """Fail with what a job printed unless it succeeded."""
    assert outcome.result == "success", outcome.output
    return outcome
