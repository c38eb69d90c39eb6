"""GitHub's workflows, of generated projects and of this repository: sound on paper, and run."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import TEMPLATE, Project, generated
from forge import be_quick, edit, git, origin_and_author
from github_runner import BOT, Outcome, Runner, on_branch, pull_request

# All actions that a workflow may use. To update one, change it here and in every workflow that
# `git grep` finds: Dependabot sees .github only, not the workflow of generated projects.
PINS = {
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1  # v7.0.1",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c  # v8.0.1",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97  # v7.0.0",
    "actions/upload-artifact": "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a  # v7.0.1",
    "astral-sh/setup-uv": "c771a70e6277c0a99b617c7a806ffedaca235ff9  # v9.0.0",
}
GITHUB = {
    ".github",
    ".github/CODEOWNERS",
    ".github/dependabot.yml",
    ".github/ruleset.json",
    ".github/workflows",
    ".github/workflows/train.yaml",
    ".github/workflows/verify.yaml",
}
GITLAB = {".gitlab", ".gitlab-ci.yml", ".gitlab/comment.py", "renovate.json"}
SCHEMAS = {
    "github-workflows": [".github/workflows/train.yaml", ".github/workflows/verify.yaml"],
    "dependabot": [".github/dependabot.yml"],
    "gitlab-ci": [".gitlab-ci.yml"],
    "renovate": ["renovate.json"],
}
REMOTES = {"folder": "", "S3": "s3://bucket/folder", "Azure": "azure://container/folder"}
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
MARKER = "<!-- model report -->"


@pytest.mark.parametrize(
    ("ci", "files"),
    [("github", GITHUB), ("gitlab", GITLAB), ("none", set())],
    ids=["github", "gitlab", "none"],
)
def test_only_the_chosen_service_has_files(ci: str, files: set[str], tmp_path: Path) -> None:
    rendered = generated(tmp_path, ci=ci, setup=False)
    found = [*rendered.path.glob(".git[hl]*"), *rendered.path.glob(".git[hl]*/**/*")]
    found += rendered.path.glob("renovate*")
    assert {path.relative_to(rendered.path).as_posix() for path in found} == files
    for schema, places in SCHEMAS.items():
        if chosen := [place for place in places if place in files]:
            rendered.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *chosen)


@pytest.mark.parametrize("remote", REMOTES.values(), ids=list(REMOTES))
def test_generated_workflows_are_sound(remote: str, tmp_path: Path) -> None:
    rendered = generated(tmp_path, dvc_remote=remote, setup=False)
    assert_workflows_are_sound(rendered)
    for file in (rendered.path / ".github" / "workflows").iterdir():
        text = file.read_text(encoding="utf-8")
        assert all((key in text) == remote.startswith("s3:") for key in KEYS)
        assert "pull_request_target" not in text
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), "others could write what is run"


def test_workflows_of_this_repository_are_sound() -> None:
    assert_workflows_are_sound(Project(TEMPLATE))


def assert_workflows_are_sound(project: Project) -> None:
    project.run("zizmor", "--offline", "--quiet", "--persona=pedantic", ".github")
    workflows = sorted((project.path / ".github" / "workflows").iterdir())
    project.run("actionlint", *map(str, workflows))
    for workflow in workflows:
        for used in re.findall(r"uses:(.*)", workflow.read_text(encoding="utf-8")):
            action, _, pin = used.strip().partition("@")
            assert pin == PINS.get(action), f"{workflow.name}: {used}; see PINS in {__file__}"


def test_pins_are_commits_with_their_version() -> None:
    for action, pin in PINS.items():
        assert re.fullmatch(r"[0-9a-f]{40}  # v\d+\.\d+\.\d+", pin), action


def test_ruleset_asks_for_jobs_that_are_there(finished: Project) -> None:
    folder = finished.path / ".github"
    rules = {
        rule["type"]: rule for rule in json.loads((folder / "ruleset.json").read_text())["rules"]
    }
    checks = rules["required_status_checks"]["parameters"]["required_status_checks"]
    jobs = yaml.safe_load((folder / "workflows" / "verify.yaml").read_text())["jobs"]
    always = {job["name"] for job in jobs.values() if "if" not in job}
    assert {check["context"] for check in checks} == always


class GitHub:
    """A repository with pull requests and runners."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.origin, self.author = origin_and_author(project, folder)
        self.storage = project.path.with_name("flight-delays-dvc-storage")
        self.folder = folder

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
        workflow = self.author.path / ".github" / "workflows" / f"{name}.yaml"
        return Runner(workflow, self.origin, self.folder / f"runner-{name}", github, **given)


@pytest.fixture
def world(
    finished: Project,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> GitHub:
    """Return a repository with the finished project."""
    be_quick(tmp_path_factory, monkeypatch)
    return GitHub(finished, tmp_path)


def passed(outcome: Outcome) -> Outcome:
    """Fail with what a job printed unless it succeeded."""
    assert outcome.result == "success", outcome.output
    return outcome


def test_pull_request(world: GitHub) -> None:
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.push("rename")
    runner = world.runner(pull_request("rename"))
    passed(runner.run("code"))
    done = passed(runner.run("results"))
    assert "skipped   data: the DVC remote is a folder of another machine" in done.output
    assert "compared with origin/main" in done.output
    assert not (done.folder / "models" / "model.skops").exists()
    status = Project(done.folder).run("git", "status", "--porcelain")
    assert status == "?? report.md\n"
    assert "<html" in (runner.artifacts / "index.html").read_text(encoding="utf-8")
    report = (runner.artifacts / "report").read_text(encoding="utf-8")
    assert report.startswith(f"{MARKER}\n\n## ✅ Nothing changed\n")
    assert "(https://github.com/artifacts/index.html)" in report
    assert runner.summary == report
    assert runner.posted == {}

    # Others' comments stay as they are, even if they look like ours.
    others = [
        {"id": 1, "user": {"login": "eve"}, "body": f"{MARKER}\nHa"},
        {"id": 2, "user": {"login": BOT}, "body": "Welcome!"},
    ]
    state = {"comments": others, "pull_requests": []}
    (runner.folder / "github.json").write_text(json.dumps(state), encoding="utf-8")
    passed(runner.run("comment"))
    ours = {"id": 3, "user": {"login": BOT}, "body": report}
    assert runner.posted["comments"] == [*others, ours]

    shutil.rmtree(runner.folder / "comment")
    (runner.artifacts / "report").write_text(f"{MARKER}\n\nAnother one\n", encoding="utf-8")
    passed(runner.run("comment"))
    edited = {**ours, "body": f"{MARKER}\n\nAnother one\n"}
    assert runner.posted["comments"] == [*others, edited]


def test_failure_is_reported_all_the_same(world: GitHub) -> None:
    edit(world.author, "params.yaml", "learning_rate: 0.1\n", "learning_rate: 0.05\n")
    world.push("slower")
    runner = world.runner(pull_request("slower"))
    done = runner.run("results")
    assert done.result == "failure"
    assert done.failed.startswith('uv run flight-delays verify --base "$BASE"')
    assert "changed since the last run: train; run: uv run dvc repro" in done.output
    assert "train.options.HistGradientBoostingClassifier.learning_rate" in runner.summary
    passed(runner.run("comment"))
    (comment,) = runner.posted["comments"]
    assert comment["body"] == runner.summary


def test_lint_error(world: GitHub) -> None:
    (world.author.path / "src" / "flight_delays" / "untidy.py").write_text("import os\n")
    world.push("untidy")
    done = world.runner(pull_request("untidy")).run("code")
    assert done.failed == "uv run ruff check"
    assert "untidy.py" in done.output


@pytest.mark.parametrize(
    "event",
    [
        pull_request("main", repository="eve/flight-delays", author="eve"),
        pull_request("dependabot/uv/python", author="dependabot[bot]"),
        pull_request("gone") | {"event": {"pull_request": {"head": {"repo": None}, "user": {}}}},
    ],
    ids=["fork", "Dependabot", "deleted fork"],
)
def test_strangers_get_neither_credentials_nor_comment(
    world: GitHub, event: dict[str, Any]
) -> None:
    runner = world.runner(event)
    runner.needs["results"] = {"result": "success", "outputs": {"report": "1"}}
    assert runner.run("comment").result == "skipped"
    (verify,) = (
        s for s in runner.workflow["jobs"]["results"]["steps"] if s.get("name") == "Verify"
    )
    assert runner.fill(verify["env"]["NO_REMOTE"], {}) == "yes"


def test_fork(world: GitHub) -> None:
    (world.author.path / "new.txt").write_text("new\n")
    world.push("new")
    # The remote is within reach, and is not asked.
    runner = world.runner(pull_request("new", repository="eve/flight-delays", author="eve"))
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    done = passed(runner.run("results"))
    assert "skipped   data: the remote is not asked" in done.output
    assert runner.summary.startswith(MARKER)
    assert runner.run("comment").result == "skipped"
    assert runner.posted == {}


def test_main(world: GitHub) -> None:
    runner = world.runner(on_branch("push", "main"))
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    done = passed(runner.run("results"))
    assert "ok        data: data and model are in the DVC remote" in done.output
    assert runner.summary.startswith(MARKER)
    assert [path.name for path in runner.artifacts.iterdir()] == ["report"]
    assert runner.run("comment").result == "skipped"


def test_base_without_dvc(world: GitHub) -> None:
    empty = git(world.author, "mktree")
    base = git(world.author, "commit-tree", empty, "-m", "Begin")
    head = git(world.author, "commit-tree", "HEAD^{tree}", "-p", base, "-m", "Add all")
    for commit, ref in ((base, "heads/base"), (head, "heads/head"), (head, "pull/7/merge")):
        git(world.author, "push", "--quiet", "origin", f"{commit}:refs/{ref}")
    runner = world.runner(pull_request("head", base="base"))
    passed(runner.run("results"))
    assert "which has no results yet" in runner.summary
    assert (runner.artifacts / "index.html").exists()


def test_report_is_impossible(world: GitHub) -> None:
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.push("rename")
    runner = world.runner(pull_request("rename", base="elsewhere"))
    done = runner.run("results")
    assert done.failed.startswith("uv run flight-delays report")
    assert "origin/elsewhere is no commit that is here" in done.output
    assert runner.run("comment").result == "skipped"


def test_training_changes_nothing(world: GitHub) -> None:
    for force in (False, True):
        runner = world.runner(
            on_branch("workflow_dispatch", "main"), "train", inputs={"force": force}
        )
        shutil.copytree(world.storage, runner.folder / world.storage.name)
        done = passed(runner.run("train"))
        assert ("Running stage 'evaluate'" in done.output) == force
        assert runner.summary == "Nothing changed: the committed results are up to date.\n"
        assert runner.posted == {}
        shutil.rmtree(runner.folder)
    assert git(world.author, "ls-remote", "origin", "train/*") == ""


def test_training_opens_a_pull_request(world: GitHub) -> None:
    edit(world.author, "params.yaml", "max_iter: 100\n", "max_iter: 20\n")
    world.push("shorter")
    before = git(world.author, "rev-parse", "origin/shorter")
    runner = world.runner(
        on_branch("workflow_dispatch", "shorter"),
        "train",
        inputs={"force": False},
        secrets={"TRAIN_TOKEN": "token-of-a-person"},
    )
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    done = passed(runner.run("train"))
    assert "Stage 'prepare' didn't change, skipping" in done.output
    assert git(world.author, "ls-remote", "origin", "shorter").split()[0] == before
    git(world.author, "fetch", "--quiet", "origin")
    assert git(world.author, "rev-parse", "origin/train/42-1^") == before
    assert (
        git(world.author, "log", "-1", "--format=%an %s", "origin/train/42-1")
        == f"{BOT} Train shorter"
    )
    changed = git(world.author, "diff", "--name-only", before, "origin/train/42-1").splitlines()
    assert {"dvc.lock", "reports/metrics.json"} < set(changed)
    assert all(path == "dvc.lock" or path.startswith("reports/") for path in changed)
    (request,) = runner.posted["pull_requests"]
    assert request.pop("body") == runner.summary
    assert runner.summary.startswith(MARKER)
    assert request == {
        "base": "shorter",
        "head": "train/42-1",
        "title": "Train shorter",
        "token": "token-of-a-person",
    }
    # All that the new commit needs is in the remote.
    verified = Project(done.folder).uv("flight-delays", "verify", "--no-remote", code=None)
    assert "ok        pipeline" in verified
    status = Project(done.folder).uv("dvc", "data", "status", "--not-in-remote", "--json")
    assert "not_in_remote" not in json.loads(status)
