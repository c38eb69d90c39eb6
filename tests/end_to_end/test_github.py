"""GitHub's workflows, run on this machine."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.forge import be_quick, edit, git
from support.github_runner import BOT, ZEROS, Runner, on_branch, pull_request
from support.github_service import MARKER, GitHub, passed, pending
from support.projects import Project

pytestmark = pytest.mark.ci("the jobs of a forge take half a minute each")


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


def test_pull_request(world: GitHub) -> None:
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.push("rename")
    runner = world.runner(pull_request("rename"))
    passed(runner.run("code"))
    done = passed(runner.run("results"))
    assert "skipped   data: the DVC remote is the folder " in done.output
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
    assert done.failed.startswith('uv run tabrail verify --base "$BASE"')
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
        pull_request("main", author="dependabot[bot]"),
        pull_request("main") | {"event": {"pull_request": {"head": {"repo": None}, "user": {}}}},
    ],
    ids=["fork", "Dependabot", "deleted fork"],
)
def test_strangers_get_neither_credentials_nor_comment(
    world: GitHub, event: dict[str, Any]
) -> None:
    git(world.author, "push", "--quiet", "origin", "HEAD:refs/pull/7/merge")
    runner = world.runner(event)
    runner.needs["results"] = {"result": "success", "outputs": {"report": "1"}}
    assert runner.run("comment").result == "skipped"
    assert no_remote(runner) == "yes"


@pytest.mark.parametrize(
    ("actor", "comments"), [("dependabot[bot]", False), ("ada", True)], ids=["bot", "person"]
)
def test_limits_of_dependabot_follow_who_pushes(world: GitHub, actor: str, comments: bool) -> None:
    git(world.author, "push", "--quiet", "origin", "HEAD:refs/pull/7/merge")
    runner = world.runner(pull_request("main", author="dependabot[bot]", actor=actor))
    assert no_remote(runner) == ("" if comments else "yes")
    runner.needs["results"] = {"result": "success", "outputs": {"report": "1"}}
    assert bool(runner.evaluate(runner.workflow["jobs"]["comment"]["if"], {})) == comments


def test_dependabot_merges(world: GitHub) -> None:
    assert no_remote(world.runner(on_branch("push", "main"))) == ""
    merge = on_branch("push", "main") | {"actor": "dependabot[bot]"}
    assert no_remote(world.runner(merge)) == "yes"


def no_remote(runner: Runner) -> str:
    """Return what the variable is that keeps `verify` from asking the remote."""
    steps = runner.workflow["jobs"]["results"]["steps"]
    (verify,) = (step for step in steps if step.get("name") == "Verify")
    return str(runner.fill(verify["env"]["NO_REMOTE"], {}))


def test_only_runs_of_a_pull_request_replace_each_other(world: GitHub) -> None:
    git(world.author, "push", "--quiet", "origin", "HEAD:refs/pull/7/merge")
    runner = world.runner(pull_request("main"))
    asked = runner.workflow["concurrency"]
    assert runner.fill(asked["group"], {}) == "Verify-7"
    assert runner.evaluate(asked["cancel-in-progress"].strip("${ }"), {})
    runner = world.runner(on_branch("push", "main"))
    assert runner.fill(asked["group"], {}) == "Verify-42"
    assert not runner.evaluate(asked["cancel-in-progress"].strip("${ }"), {})


def test_fork(world: GitHub) -> None:
    (world.author.path / "new.txt").write_text("new\n")
    world.push("new")
    # The remote is within reach, and is not asked.
    runner = world.runner(pull_request("new", repository="eve/flight-delays", author="eve"))
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    done = passed(runner.run("results"))
    assert "skipped   data: the remote is not checked" in done.output
    assert runner.summary.startswith(MARKER)
    assert runner.run("comment").result == "skipped"
    assert runner.posted == {}


@pytest.mark.parametrize("event_name", ["push", "merge_group"])
def test_several_commits_at_once(world: GitHub, event_name: str) -> None:
    before = git(world.author, "rev-parse", "HEAD")
    edit(world.author, "params.yaml", "learning_rate: 0.1\n", "learning_rate: 0.05\n")
    world.author.commit("Forget to train")
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.author.commit("Rename")
    git(world.author, "push", "--quiet", "origin", "HEAD:main")
    details = {"before": before} if event_name == "push" else {"merge_group": {"base_sha": before}}
    runner = world.runner(on_branch(event_name, "main", **details))
    done = runner.run("results")
    assert done.failed.startswith("uv run tabrail verify")
    assert f"compared with {before}" in done.output
    assert "HistGradientBoostingClassifier.learning_rate" in runner.summary


@pytest.mark.parametrize("before", [ZEROS, "1" * 40], ids=["new branch", "forced push"])
def test_main(world: GitHub, before: str) -> None:
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.author.commit("Rename")
    git(world.author, "push", "--quiet", "origin", "HEAD:main")
    runner = world.runner(on_branch("push", "main", before=before))
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    done = passed(runner.run("results"))
    assert "ok        data: data and model are in the DVC remote" in done.output
    assert "compared with the commit before" in done.output
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
    assert done.failed.startswith("uv run tabrail report")
    assert "this clone has no commit origin/elsewhere" in done.output
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
        assert runner.run("propose").result == "skipped"
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
    assert git(world.author, "ls-remote", "origin", "train/*") == ""
    passed(runner.run("propose"))
    assert git(world.author, "ls-remote", "origin", "shorter").split()[0] == before
    git(world.author, "fetch", "--quiet", "origin")
    (branch,) = pending(world)
    assert git(world.author, "rev-parse", f"{branch}^") == before
    assert git(world.author, "log", "-1", "--format=%an %s", branch) == f"{BOT} Train shorter"
    changed = git(world.author, "diff", "--name-only", before, branch).splitlines()
    assert {"dvc.lock", "reports/metrics.json"} < set(changed)
    assert all(path == "dvc.lock" or path.startswith("reports/") for path in changed)
    (request,) = runner.posted["pull_requests"]
    assert request.pop("body") == runner.summary
    assert runner.summary.startswith(MARKER)
    assert request == {
        "base": "shorter",
        "head": branch.removeprefix("origin/"),
        "title": "Train shorter",
        "token": "token-of-a-person",
    }
    # All that the new commit needs is in the remote.
    verified = Project(done.folder).uv("tabrail", "verify", "--no-remote", code=None)
    assert "ok        pipeline" in verified
    status = Project(done.folder).uv("dvc", "data", "status", "--not-in-remote", "--json")
    assert "not_in_remote" not in json.loads(status)


def trained(world: GitHub, file: str) -> Runner:
    """Return a runner that finds a file changed in what was trained."""
    path = world.author.path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed\n", encoding="utf-8")
    world.author.commit("Train main\n\nAccept-Gate: slices: nobody looks at it")
    runner = world.runner(on_branch("workflow_dispatch", "main"), "train")
    artifact = runner.artifacts / "trained"
    artifact.mkdir()
    (artifact / "report.md").write_text(f"{MARKER}\n", encoding="utf-8")
    git(world.author, "bundle", "create", str(artifact / "commit.bundle"), "origin/main..HEAD")
    runner.needs["train"] = {"result": "success", "outputs": {"changed": "yes"}}
    return runner


@pytest.mark.parametrize(
    "file", ["src/flight_delays/train.py", "reports.md", "reportsx/a", "a/reports/b", "reports"]
)
def test_training_changes_results_only(world: GitHub, file: str) -> None:
    if file == "reports":
        shutil.rmtree(world.author.path / file)
    done = trained(world, file).run("propose")
    assert done.failed.endswith("bash retraining/propose.sh\n")
    assert done.output.endswith(f"Commit these other files on the branch first:\n{file}\n")
    assert git(world.author, "ls-remote", "origin", "train/*") == ""


def test_training_hands_over_files_only(world: GitHub) -> None:
    runner = trained(world, "reports/new.json")
    passed(runner.run("propose"))
    git(world.author, "fetch", "--quiet", "origin")
    (branch,) = pending(world)
    assert git(world.author, "log", "-1", "--format=%an: %B", branch) == f"{BOT}: Train main"
    shown = git(world.author, "diff", "--name-only", "origin/main", branch)
    assert shown == "reports/new.json"
    (request,) = runner.posted["pull_requests"]
    assert request["token"] == "token-of-this-run"  # noqa: S105
