"""Two branches that both trained are merged by one command, on a project and a remote as real."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.projects import PACKAGE, Project

MERGE = ("tabrail", "merge")
RATE = ("learning_rate: 0.1\n", "learning_rate: 0.2\n")
LEAVES = ("max_leaf_nodes: 15\n", "max_leaf_nodes: 7\n")
GENERATED = ("dvc.lock", "reports/metrics.json", "reports/model_card.md")
Work = Callable[[Project], None]
pytestmark = pytest.mark.ci("people train on two branches")


def replace(name: str, old: str, new: str) -> Work:
    """Return work that changes a file's text."""

    def work(project: Project) -> None:
        path = project.path / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return work


def train(project: Project) -> None:
    project.uv("dvc", "repro")


def other_data(rows: int) -> Work:
    """Return work that leaves only some rows of the data."""
    program = (
        "import pandas as pd; name = 'data/raw/flights.parquet'; "
        f"pd.read_parquet(name).iloc[:{rows}].to_parquet(name)"
    )

    def work(project: Project) -> None:
        project.uv("python", "-c", program)
        project.uv("dvc", "add", "--quiet", "data/raw")

    return work


def needs(package: str, before: str) -> Work:
    """Return work that makes the project need a package that it has through others already."""

    def work(project: Project) -> None:
        replace("pyproject.toml", before, f'    "{package}",\n{before}')(project)
        project.run("uv", "lock", "--quiet")

    return work


class Team:
    """An origin, a remote beside it, and branches that people push there."""

    def __init__(self, folder: Path, finished: Project) -> None:
        """Copy a project's Git repository and remote, to be changed by the tests."""
        self.finished = finished
        self.origin = Project(folder / "origin.git")
        storage = "flight-delays-dvc-storage"
        shutil.copytree(finished.path.with_name(storage), folder / storage)
        finished.run("git", "clone", "--quiet", "--bare", ".", str(self.origin.path))
        self.author = self.clone("author")

    def clone(self, name: str) -> Project:
        """Return a clone with environment and data."""
        project = self.origin.clone(name)
        project.sync(self.finished)
        project.take_data(self.finished)
        return project

    def push(self, branch: str, *works: Work) -> None:
        """Do some work on a branch that starts at main, and push it and its data."""
        self.author.run("git", "switch", "--quiet", "--create", branch, "origin/main")
        self.author.uv("dvc", "checkout", "--quiet")
        for work in works:
            work(self.author)
        self.author.commit(f"Work on {branch}")
        self.author.uv("dvc", "push", "--quiet")
        self.author.run("git", "push", "--quiet", "--no-verify", "origin", branch)


@pytest.fixture(scope="module")
def team(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Two branches that both trained."""
    made = Team(tmp_path_factory.mktemp("team"), finished)
    made.push("theirs", replace("params.yaml", *RATE), train)
    made.push("ours", replace("params.yaml", *LEAVES), train)
    return made


@pytest.fixture
def clone(team: Team, request: pytest.FixtureRequest) -> Project:
    """A clone with data, on a branch that has trained."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)
    project = team.clone(name)
    switch(project, "ours")
    return project


def switch(project: Project, branch: str) -> None:
    project.run("git", "switch", "--quiet", branch)
    project.uv("dvc", "pull", "--quiet")


def state(project: Project) -> list[str]:
    """Return all that Git knows of the present state."""
    asked = (["rev-parse", "HEAD"], ["status", "--porcelain"], ["diff"], ["ls-files", "--unmerged"])
    return [project.run("git", *arguments) for arguments in asked]


def merging(project: Project) -> bool:
    found: bool = (project.path / ".git" / "MERGE_HEAD").exists()
    return found


def params(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project.path / "params.yaml").read_text("utf-8"))
    return content


def assert_merged(project: Project) -> None:
    """Assert that HEAD is a merge whose results are those of its code, and are in the remote."""
    assert len(project.run("git", "log", "-1", "--format=%P").split()) == 2
    assert "#" not in project.run("git", "log", "-1", "--format=%B")
    assert "Data and pipelines are up to date." in project.uv("dvc", "status")
    project.uv("dvc", "push", "--quiet")
    checks = json.loads(project.uv(*MERGE[:1], "verify", "--json", code=None))["checks"]
    verdicts = {check["name"]: check["verdict"] for check in checks}
    asked = ("base", "merge", "commit", "pipeline", "reports", "versions", "data")
    assert {verdicts[name] for name in asked} == {"ok"}
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.parametrize("begun", [False, True], ids=["from-a-clean-tree", "from-conflicts"])
def test_both_trained(clone: Project, begun: bool) -> None:
    if begun:
        clone.run("git", "merge", "origin/theirs", code=1)
        said = clone.uv("tabrail", "verify", "--no-remote", code=1)
        assert "FAILED    merge: files are in conflict: dvc.lock" in said
        assert "run: uv run tabrail merge" in said
    said = clone.uv(*MERGE, "origin/theirs")
    assert "Running stage 'train'" in said
    assert "Running stage 'prepare'" not in said
    assert "Done: merge. Next: git push" in said
    options = params(clone)["train"]["options"]["HistGradientBoostingClassifier"]
    assert (options["learning_rate"], options["max_leaf_nodes"]) == (0.2, 7)
    for name in GENERATED:
        for side in ("HEAD^1", "HEAD^2"):
            assert clone.run("git", "diff", "--name-only", "HEAD", side, "--", name)
    assert_merged(clone)
    if begun:
        clone.uv("dvc", "repro", "--force")
        assert clone.run("git", "status", "--porcelain") == ""
    else:
        assert "Nothing to merge" in clone.uv(*MERGE, "origin/theirs")


def test_the_data_of_the_other_side_is_what_the_run_reads(team: Team, clone: Project) -> None:
    team.push("data", other_data(9000))
    clone.run("git", "fetch", "--quiet")
    assert "9,000 rows read" in clone.uv(*MERGE, "origin/data")
    assert clone.run("git", "diff", "HEAD^2", "--", "data/raw.dvc") == ""
    assert "Data and pipelines are up to date." in clone.uv("dvc", "status")


def test_data_of_both_sides_is_for_a_person(team: Team, clone: Project) -> None:
    team.push("fewer-rows", other_data(9001))
    team.push("yet-fewer-rows", other_data(9002))
    clone.run("git", "fetch", "--quiet")
    switch(clone, "fewer-rows")
    before = state(clone)
    said = clone.uv(*MERGE, "origin/yet-fewer-rows", code=1)
    assert "error: both sides changed flights.parquet in data/raw, so a person decides" in said
    assert state(clone) == before
    clone.run("git", "merge", "origin/yet-fewer-rows", code=1)
    clone.run("git", "checkout", "--theirs", "data/raw.dvc")
    clone.run("git", "add", "data/raw.dvc")
    assert "9,002 rows read" in clone.uv(*MERGE)
    assert clone.run("git", "diff", "HEAD^2", "--", "data/raw.dvc") == ""


def test_sources_in_conflict_are_for_a_person(team: Team, clone: Project) -> None:
    team.push("rate-too", replace("params.yaml", RATE[0], "learning_rate: 0.05\n"), train)
    clone.run("git", "fetch", "--quiet")
    switch(clone, "theirs")
    before = state(clone)
    said = clone.uv(*MERGE, "origin/rate-too", code=1)
    assert "error: both sides changed params.yaml; nothing was changed" in said
    assert "run: git merge origin/rate-too" in said
    assert state(clone) == before
    assert not merging(clone)
    assert "up to date" in clone.uv("dvc", "status")

    clone.run("git", "merge", "origin/rate-too", code=1)
    before = state(clone)
    said = clone.uv(*MERGE, code=1)
    assert "error: both sides changed params.yaml; resolve and git add them" in said
    assert state(clone) == before
    assert merging(clone)


@pytest.mark.parametrize("begun", [False, True], ids=["from-a-clean-tree", "from-conflicts"])
def test_both_changed_the_libraries(team: Team, clone: Project, begun: bool) -> None:
    for package, before in {"six": '    "dvc', "shellingham": '    "pytest>'}.items():
        if f"origin/{package}" not in clone.run("git", "branch", "--remotes"):
            team.push(package, needs(package, before))
    clone.run("git", "fetch", "--quiet")
    switch(clone, "shellingham")
    if begun:
        clone.run("git", "merge", "origin/six", code=1)
    assert "uv.lock is the other side's" in clone.uv(*MERGE, "origin/six")
    clone.run("uv", "lock", "--check")
    lock = clone.run("git", "show", "HEAD:uv.lock")
    for package in ("six", "shellingham"):
        assert f'{{ name = "{package}" }},' in lock
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_failed_run_is_gone_on_with(team: Team, clone: Project) -> None:
    program = f"{PACKAGE}/evaluate.py"
    broken = 'raise SystemExit("broken by a merge")\n'
    team.push("broken", replace(program, "METRICS: ", f"{broken}METRICS: "))
    clone.run("git", "fetch", "--quiet")
    replace("params.yaml", *RATE)(clone)
    clone.uv("dvc", "repro", "train")
    clone.commit("Train, but do not evaluate")
    said = clone.uv(*MERGE, "origin/broken", code=1)
    assert "broken by a merge" in said
    assert "failed, and the merge is still in progress; fix the cause, git add the fix" in said
    assert merging(clone)
    replace(program, broken, "")(clone)
    assert f"changed, but not staged: {program}" in clone.uv(*MERGE, code=1)
    clone.run("git", "add", program)
    assert "Running stage 'train'" not in clone.uv(*MERGE)
    assert "Data and pipelines are up to date." in clone.uv("dvc", "status")
    assert not merging(clone)


def test_uncommitted_changes_are_refused(clone: Project) -> None:
    replace("params.yaml", *RATE)(clone)
    before = state(clone)
    assert "error: changes are not committed: params.yaml" in clone.uv(
        *MERGE, "origin/theirs", code=1
    )
    assert state(clone) == before
