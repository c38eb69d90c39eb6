"""A model's way from main to prod and back, as the manual and the runbook say."""

import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from end_to_end.edits import follow
from end_to_end.markdown import blocks
from support.projects import STORAGE, TEMPLATE, Project
from support.served import serving

MANUAL = TEMPLATE / "docs" / "releases.md"


@dataclass
class Terminal:
    """Where somebody types what a page says.

    Attributes:
        folder: where one stands.
        printed: what each command printed last.
    """

    folder: Project
    printed: dict[str, str] = field(default_factory=dict)

    def read(self, page: str, *headings: str) -> None:
        """Do what a page says below some headings, but start no server."""
        for heading in headings:
            section = re.split(rf"^#+ {heading}$", page, flags=re.MULTILINE)[1]
            section = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
            for block in blocks(section):
                if block.language != "bash":
                    follow(block, self.folder.path)
                    continue
                for line in block.commands:
                    self.type(shlex.split(line), line)

    def type(self, words: list[str], line: str) -> None:
        """Type one command."""
        if words[0] == "cd":
            self.folder = Project((self.folder.path / words[1]).resolve())
        elif words[-2:] == ["tabrail", "serve"]:
            assert words[:3] == ["uv", "run", "--no-sync"]
        else:
            self.printed[line] = self.folder.run(*words)


def version_served(project: Project, folder: Path) -> str:
    """Return the version that answers when a clone serves."""
    with serving(project, folder) as server:
        return str(server.ask("GET", "/model")[1]["version"])


@pytest.mark.slow
def test_releases_and_rollback_as_the_documents_say(finished: Project, tmp_path: Path) -> None:
    project = Project(tmp_path / "flight-delays")
    origin = tmp_path / "origin.git"
    shutil.copytree(finished.path.with_name(STORAGE), tmp_path / STORAGE)
    finished.run("git", "clone", "--quiet", "--bare", ".", str(origin))
    finished.run("git", "clone", "--quiet", str(origin), str(project.path))
    for key in ("user.name", "user.email"):
        project.run("git", "config", key, "ada@example.com")
    project.sync(finished)
    project.take_data(finished)
    project.uv("pre-commit", "install")
    page = MANUAL.read_text(encoding="utf-8")

    here = Terminal(project)
    here.read(page, "Register a version", "Look at the registry")
    assert here.printed['uv run gto show "model#prod" --ref'].strip() == "model@v0.1.0"
    here.read(page, "Release the next version")
    checks = here.printed["uv run tabrail checklist"]
    assert not re.search("^(FAILED|skipped)", checks, re.MULTILINE), checks
    assert "compared with model@v0.1.0" in checks
    assert "in a clean environment with numpy" in checks
    assert project.uv("gto", "show", "model#prod", "--ref").strip() == "model@v0.2.0"

    here.read(page.replace("model@v0.1.0", "model@v0.2.0"), "Get a released model")
    fetched = tmp_path / "released.skops"
    assert fetched.read_bytes() == (project.path / "models" / "model.skops").read_bytes()
    released = here.folder
    assert released.path == tmp_path / "released"
    assert version_served(released, tmp_path) == "model@v0.2.0"
    here.read(page, "Roll back")
    assert here.printed['uv run gto show "model#prod" --ref'].strip() == "model@v0.1.0"
    assert here.folder == released
    assert version_served(released, tmp_path) == "model@v0.1.0"
    # Others who ask the origin see it, too; and the way forward is the same.
    assert "model#prod#" in project.run("git", "ls-remote", "--tags", "origin")
    runbook = project.read("docs/runbook.md")
    back = Terminal(project)
    back.read(runbook.replace("v0.1.0", "v0.2.0"), "Roll back")
    assert project.uv("gto", "show", "model#prod", "--ref").strip() == "model@v0.2.0"
    assert version_served(released, tmp_path) == "model@v0.2.0"
