"""The branch `example`: what is on it, how a release pushes it, and the listing of its files."""

import json
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from end_to_end.markdown import links
from support.forge import git
from support.github_runner import Runner
from support.github_service import passed
from support.projects import AUTHOR, TEMPLATE, Project

sys.path.append(str(TEMPLATE / "tools"))  # as where the program is run
try:
    import example
    from generated_project import Folder
finally:
    sys.path.remove(str(TEMPLATE / "tools"))

BRANCH = "refs/heads/example"
TAG = "v9.9.9"


@pytest.fixture
def listing(finished: Project) -> str:
    """The listing of a project that these tests have generated."""
    return example.listing(Folder(finished.path))


def released(template: Path, folder: Path) -> Runner:
    """Return a runner of the workflow *Release*, for a tag of a repository with these files."""
    author, origin = Project(template), folder / "origin.git"
    git(author, "init", "--quiet")
    for key in ("user.name", "user.email"):
        git(author, "config", key, "ada@example.com")
    author.commit("Release")
    git(author, "tag", TAG)
    git(author, "clone", "--quiet", "--bare", ".", str(origin))
    workflow = TEMPLATE / ".github" / "workflows" / "release.yaml"
    push = {"actor": "ada", "event_name": "push", "ref": f"refs/tags/{TAG}", "event": {}}
    push |= {"ref_name": TAG, "ref_type": "tag"}
    return Runner(workflow, origin, folder / "runner", push)


def show(runner: Runner) -> str:
    """Run the job that pushes the branch; return the last line of the run's page."""
    shutil.rmtree(runner.folder / "show", ignore_errors=True)
    passed(runner.run("show"))
    return runner.summary.splitlines()[-1]


def on_origin(runner: Runner, *arguments: str) -> list[str]:
    """Ask Git something about the repository that stands for GitHub's, and return the lines."""
    command = ["git", f"--git-dir={runner.origin}", *arguments]
    return subprocess.check_output(command, encoding="utf-8").splitlines()


def test_the_listing_holds_the_files_of_a_new_project(listing: str) -> None:
    assert example.AUTHOR == AUTHOR
    wrong = example.differences(listing, example.LISTING.read_text(encoding="utf-8"))
    assert not wrong, example.refusal(wrong)


def test_files_without_a_hash_are_those_that_depend_on_something(listing: str) -> None:
    hashes = example.files(listing)
    without = [name for name, fingerprint in hashes.items() if fingerprint == example.NO_HASH]
    assert {"LICENSE", "uv.lock", "dvc.lock"} < set(without)
    assert len(without) < len(hashes) / 2
    for pattern in example.DEPENDENT:
        assert any(fnmatchcase(name, pattern) for name in without), pattern


def test_each_difference_is_named_with_the_command_that_renews_the_listing() -> None:
    known = "1  README.md\n2  dvc.yaml\n-  uv.lock\n"
    assert example.differences(known, known) == []
    found = example.differences("1  AGENTS.md\n3  dvc.yaml\n-  uv.lock\n", known)
    assert found == ["AGENTS.md is new", "README.md is gone", "dvc.yaml changed"]
    message = example.refusal(found)
    assert "tests/template/example.txt" in message
    assert message.endswith(f": {example.RENEW}")


def test_a_release_pushes_the_branch(finished: Project, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    (template / "README.md").write_text("The template\n", encoding="utf-8")
    runner = released(template, tmp_path)
    kept = runner.artifacts / "example"
    example.lay_out(Folder(finished.path), kept)

    assert show(runner) == f"The branch example shows what {TAG} generates."
    name = finished.path.name
    files = on_origin(runner, "ls-tree", "-r", "--name-only", BRANCH)
    assert sorted(files) == sorted(["README.md", *(f"{name}/{f}" for f in finished.tracked())])
    assert not [file for file in files if file.startswith(".github")]
    lock = on_origin(runner, "show", f"{BRANCH}:{name}/dvc.lock")
    assert lock == finished.read("dvc.lock").splitlines()

    assert show(runner) == "The branch example is as it was."
    (kept / name / "AGENTS.md").write_text("Other rules\n", encoding="utf-8")
    assert show(runner) == f"The branch example shows what {TAG} generates."
    said = on_origin(runner, "log", "--format=%an: %s", BRANCH)
    assert said == [f"github-actions[bot]: Show what {TAG} generates"] * 2
    changed = on_origin(runner, "diff", "--name-only", f"{BRANCH}^", BRANCH)
    assert changed == [f"{name}/AGENTS.md"]


def test_the_page_of_the_branch_leads_somewhere(finished: Project, tmp_path: Path) -> None:
    example.lay_out(Folder(finished.path), tmp_path)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    version = json.loads(finished.read(".tabrail.json"))["tabrail"]
    assert f"is what version {version} of" in page
    dead = []
    for link in links(page):
        on_main = link.startswith(("../../tree/main", "../../blob/main"))
        inside = TEMPLATE / link[len("../../tree/main/") :] if on_main else tmp_path / link
        if urlsplit(link).scheme or not inside.exists():
            dead.append(link)
    assert dead == []


@pytest.mark.ci("generates a project, with packages that uv fetches")
def test_a_release_renders_the_branch(copy: Path, tmp_path: Path) -> None:
    runner = released(copy, tmp_path)
    done = passed(runner.run("example"))
    assert "as tests/template/example.txt lists" in done.output
    project = runner.artifacts / "example" / "flight-delays"
    assert (project / "reports" / "metrics.json").is_file()
    assert (project / ".github" / "workflows" / "verify.yaml").is_file()
    assert show(runner) == f"The branch example shows what {TAG} generates."
