"""The story of pull requests: who trained, committed and pushed passes; each slip is caught."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from support.projects import PACKAGE as CODE
from support.projects import STORAGE, Project, ran, shared_folder

SEEING = "    return rows.assign("
BLIND = """    some = rows["carrier"] == "WN"
    rows = rows.assign(**{name: rows[name].mask(some) for name in rows.select_dtypes("number")})
    return rows.assign("""
ACCEPT = "\n".join(
    f"Accept-Gate: {name}: it is fifty times as fast" for name in ("main_metric", "slices")
)


@dataclass(frozen=True)
class Check:
    """A line of `verify`."""

    name: str
    verdict: str
    detail: str
    fix: str


@dataclass(frozen=True)
class Team:
    """A folder in which everyone's clones stand beside the storage.

    Attributes:
        folder: holds the bare repository `origin.git`, with the branches `comment` (code that
            changes no result), `blind` (the model is worse for one carrier), `worse` (and pushed by
            force) and `accepted` (the same, and accepted).
        printed: what the author saw.
    """

    folder: Path
    printed: dict[str, str]

    def clone(self, name: str, branch: str = "main", *options: str) -> Project:
        """Return a fresh clone, without data and without an environment of its own."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        url = (self.folder / "origin.git").as_uri()
        Project(self.folder).run(
            "git", "clone", "--quiet", f"--branch={branch}", *options, url, name
        )
        project = Project(self.folder / name)
        for key in ("user.name", "user.email"):
            project.run("git", "config", key, "test@example.com")
        return project

    def slip(self, name: str, change: Callable[[Project], object], branch: str = "main") -> Project:
        """Return a clone with one more commit."""
        project = self.clone(name, branch)
        change(project)
        project.commit("A slip")
        return project

    def call(self, project: Project, *arguments: str, code: int | None = None) -> str:
        """Run the project's command in a clone, out of the author's environment."""
        program = self.folder / "author" / ".venv" / "bin" / "tabrail"
        printed: str = project.run(str(program), *arguments, code=code)
        return printed

    def verify(self, project: Project, *arguments: str, remote: bool = False) -> dict[str, Check]:
        """Return the checks by name, in less time without asking the remote."""
        options = ["--json", *arguments, *([] if remote else ["--no-remote"])]
        printed = self.call(project, "verify", *options)
        content = json.loads(printed)
        checks = {check["name"]: Check(**check) for check in content["checks"]}
        assert content["passed"] == (failed(checks) == [])
        return checks


def failed(checks: dict[str, Check]) -> list[str]:
    """Return the names of the checks that fail."""
    return [name for name, check in checks.items() if check.verdict == "FAILED"]


def push(project: Project, branch: str, *options: str, code: int = 0) -> str:
    """Push HEAD through the real hook."""
    printed: str = project.uv(
        "git", "push", "--quiet", *options, "origin", f"HEAD:refs/heads/{branch}", code=code
    )
    return printed


def play(folder: Path, finished: Project) -> dict[str, str]:
    """Let an author work on three changes; return what was printed."""
    shutil.copytree(finished.path.with_name(STORAGE), folder / STORAGE)
    finished.run("git", "clone", "--quiet", "--bare", ".", str(folder / "origin.git"))
    author = Team(folder, {}).clone("author")
    author.sync(finished)
    author.take_data(finished)
    author.uv("pre-commit", "install")
    printed = {}

    author.edit(f"{CODE}/evaluate.py", "METRICS: ", "# A comment.\nMETRICS: ")
    printed["comment: repro"] = author.uv("dvc", "repro")
    author.commit("Explain")
    printed["comment: push"] = push(author, "comment")

    author.run("git", "checkout", "--quiet", "main")
    author.edit("params.yaml", "max_iter: 100", "max_iter: 2")
    author.uv("dvc", "repro")
    author.commit("Train for a moment")
    push(author, "worse", "--no-verify")
    shutil.copytree(folder / STORAGE, folder / "before-push" / STORAGE)
    author.run("git", "commit", "--quiet", "--allow-empty", "--message", "Try again")
    printed["worse: push"] = push(author, "accepted", code=1)
    message = ["--message", "Accept it", "--message", ACCEPT]
    author.run("git", "commit", "--quiet", "--allow-empty", *message)
    printed["accepted: push"] = push(author, "accepted")

    author.run("git", "checkout", "--quiet", "--detach", "origin/main")
    author.edit(f"{CODE}/features.py", SEEING, BLIND)
    author.uv("dvc", "repro")
    author.commit("Blind it")
    push(author, "blind", "--no-verify")
    return printed


@pytest.fixture(scope="session")
def team(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A team whose author has pushed some branches: clone them, but change nothing."""
    folder = shared_folder(tmp_path_factory) / "team"
    with FileLock(f"{folder}.lock"):
        if not (folder / "printed.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "printed.json").write_text(json.dumps(play(folder, finished)))
    return Team(folder, json.loads((folder / "printed.json").read_text()))


def test_a_change_without_effect_passes_in_a_fresh_clone_without_data(team: Team) -> None:
    assert ran(team.printed["comment: repro"]) == ["evaluate"]
    assert "Passed" in team.printed["comment: push"]
    project = team.clone("reviewer", "comment", "--no-tags")
    project.run("uv", "sync", "--quiet")
    printed = project.uv("tabrail", "verify", "--base", "origin/main")
    assert not re.search("^(FAILED|skipped)", printed, re.MULTILINE)
    assert len(printed.splitlines()) == 18
    assert not (project.path / "data" / "raw").exists()
    report = project.uv("tabrail", "report", "--base", "origin/main")
    assert re.search(r"^## ✅ roc_auc 0\.\d+, as before$", report, re.MULTILINE)
    assert "| evaluate | src/flight_delays/evaluate.py |" in report


def test_a_worse_model_is_not_pushed_but_its_data_is(team: Team) -> None:
    printed = team.printed["worse: push"]
    assert re.search(
        r"^FAILED +main_metric: roc_auc 0\.679 → 0\.6\d+, clearly worse by", printed, re.M
    )
    assert 'git commit --allow-empty --message "Accept it"' in printed
    assert "FAILED    data" not in printed


def test_a_worse_model_fails(team: Team) -> None:
    checks = team.verify(team.clone("worse", "worse"))
    assert failed(checks)[0] == "main_metric"
    assert set(failed(checks)) <= {"main_metric", "slices"}
    assert re.search(
        r"clearly worse by 0\.\d+ \(95% interval .*\); at most 0\.\d+ for a clear loss, else 0\.",
        checks["main_metric"].detail,
    )


def test_what_was_accepted_passes_until_it_is_merged(team: Team) -> None:
    assert "accepted  main_metric" in team.printed["accepted: push"]
    project = team.clone("accepted")
    project.run("git", "merge", "--quiet", "--no-ff", "origin/accepted")
    checks = team.verify(project)
    assert failed(checks) == []
    assert checks["main_metric"].detail.endswith("it is fifty times as fast")
    project.run("git", "update-ref", "refs/remotes/origin/main", "HEAD")
    checks = team.verify(project)  # of the merge itself, on main
    assert checks["base"].detail.startswith("compared with the commit before (")
    assert checks["main_metric"].verdict == "accepted"
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Next")
    checks = team.verify(project)
    assert checks["main_metric"].verdict == "ok"
    assert checks["main_metric"].detail.endswith("not worse")


def test_a_model_that_is_worse_for_some_only_fails_for_them(team: Team) -> None:
    checks = team.verify(team.clone("blind", "blind"))
    assert failed(checks) == ["slices"]
    assert "carrier WN clearly worse by 0." in checks["slices"].detail
    assert '"Accept-Gate: slices: <reason>"' in checks["slices"].fix


def test_a_forgotten_run_is_found(team: Team) -> None:
    def change(project: Project) -> None:
        project.edit("params.yaml", "max_iter: 100", "max_iter: 50")

    checks = team.verify(team.slip("forgot-repro", change))
    assert failed(checks) == ["pipeline"]
    assert checks["pipeline"].detail == "changed since the last run: train"
    assert checks["pipeline"].fix == "run: uv run dvc repro, and commit what it changes"


def test_a_forgotten_lock_is_found(team: Team) -> None:
    def change(project: Project) -> None:
        project.run("git", "checkout", "--quiet", "origin/comment", "--", CODE, "reports")

    assert failed(team.verify(team.slip("forgot-lock", change))) == ["pipeline"]


def test_a_forgotten_push_of_the_data_is_found(team: Team) -> None:
    project = team.clone("before-push/worse", "worse")
    checks = team.verify(project, remote=True)
    assert checks["data"].verdict == "FAILED"
    assert checks["data"].detail == "the DVC remote lacks: models/model.skops"
    assert checks["data"].fix.startswith("run: uv run dvc push, or,")


def test_a_folder_of_another_machine_is_not_asked(team: Team) -> None:
    (team.folder / "another-machine").mkdir(exist_ok=True)
    checks = team.verify(team.clone("another-machine/comment", "comment"), remote=True)
    folder = team.folder / "another-machine" / STORAGE
    assert checks["data"].detail == (
        f"the DVC remote is the folder {folder}, which is not on this machine"
    )
    assert failed(checks) == []


def test_results_edited_by_hand_are_found(team: Team) -> None:
    def change(project: Project) -> None:
        path = project.path / "reports" / "metrics.json"
        metrics = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(metrics | {"validation.roc_auc": 0.99}), encoding="utf-8")

    checks = team.verify(team.slip("by-hand", change))
    assert "reports" in failed(checks)
    assert set(failed(checks)) <= {"pipeline", "reports"}
    assert (
        checks["reports"].detail == "results have changed since the last run: reports/metrics.json"
    )


def test_a_looser_schema_is_found(team: Team) -> None:
    def change(project: Project) -> None:
        project.edit("params.yaml", "prepare:\n", "prepare:\n  tolerance: {missing: 0.5}\n")

    checks = team.verify(team.slip("looser", change))
    assert failed(checks) == ["pipeline", "schema"]
    expected = (
        "the schema allows more, or metrics are measured differently: tolerance: missing 0.01 → 0.5"
    )
    assert checks["schema"].detail == expected


@pytest.mark.parametrize("name", ["schema.yaml", "data/raw.dvc", f"{CODE}/features.py"])
def test_a_deleted_file_that_a_stage_reads_is_found(team: Team, name: str) -> None:
    def change(project: Project) -> None:
        project.run("git", "rm", "--quiet", name)

    checks = team.verify(team.slip(f"without-{Path(name).stem}", change))
    assert failed(checks)[0] == "pipeline"
    assert checks["pipeline"].detail.startswith("Git lacks files that a stage reads: ")


def test_thresholds_that_are_edited_in_passing_do_not_count(team: Team) -> None:
    def change(project: Project) -> None:
        path = project.path / "params.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"{check: enabled}", "{max_loss: 99}", text), encoding="utf-8")

    checks = team.verify(team.slip("thresholds", change, "worse"))
    assert checks["main_metric"].verdict == "FAILED"
    assert checks["gate"].detail.endswith("the next change is checked with it")


@pytest.mark.ci("it sets up another environment")
def test_results_of_another_librarys_version_are_found(team: Team) -> None:
    def change(project: Project) -> None:
        path = project.path / "uv.lock"
        text = path.read_text(encoding="utf-8")
        name = 'name = "scikit-learn"\nversion = '
        text = re.sub(f'{name}".*?"', f'{name}"99.0"', text)
        path.write_text(text, encoding="utf-8")

    project = team.slip("library", change)
    checks = team.verify(project)
    assert failed(checks) == ["versions"]
    assert checks["versions"].detail.endswith(" (uv.lock has 99.0)")
    assert checks["versions"].fix.startswith("run: uv run dvc pull, uv run dvc repro --force")
    assert re.search(r"\| scikit-learn \| [\d.]+ \| 99.0 \|", team.call(project, "report", code=0))


def test_a_conflict_is_found_before_all_else(team: Team) -> None:
    project = team.clone("conflict", "blind")
    project.run("git", "merge", "--quiet", "origin/worse", code=1)
    checks = team.verify(project)
    assert list(checks) == ["merge"]
    assert checks["merge"].detail.startswith(
        "files are in conflict: dvc.lock, reports/evaluation.json"
    )
    assert checks["merge"].fix == "run: uv run tabrail merge"


def on_another_base(project: Project, change: Callable[[dict[str, Any]], object]) -> None:
    """Let origin/main have other results, and HEAD be a change of these."""
    path = project.path / "reports" / "evaluation.json"
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    project.commit("Other results")
    project.run("git", "update-ref", "refs/remotes/origin/main", "HEAD")
    path.write_text(text, encoding="utf-8")
    project.commit("The present results")


def test_a_base_with_another_main_metric(team: Team) -> None:
    project = team.clone("other-metric")
    on_another_base(project, lambda content: content.update(main_metric="log_loss"))
    checks = team.verify(project)
    assert failed(checks) == ["schema"]
    assert checks["main_metric"].detail.startswith("log_loss 0.")
    assert checks["slices"].detail == "the base has its slices by log_loss, not by roc_auc"
    assert "roc_auc 0." in team.call(project, "report", code=0)


def test_a_base_with_another_task(team: Team) -> None:
    def change(content: dict[str, Any]) -> None:
        content["main_metric"] = "mae"
        for split in ("validation", "test"):
            content[split]["metrics"] = {"mae": content[split]["metrics"]["brier"]}

    project = team.clone("other-task")
    on_another_base(project, change)
    checks = team.verify(project)
    assert failed(checks) == ["schema"]
    assert (
        checks["main_metric"].detail == "there is no mae to compare, because the task has changed"
    )
    report = team.call(project, "report", code=0)
    assert re.search(r"\| mae on validation \| 0\.\d+ .*\|  \| gone \|", report)


def test_a_base_of_an_older_form(team: Team) -> None:
    project = team.clone("older-form")
    on_another_base(project, lambda content: content.pop("main_metric"))
    checks = team.verify(project)
    assert failed(checks) == []
    assert checks["main_metric"].detail == "the base has no results"


def test_a_base_without_dvc(team: Team) -> None:
    project = team.clone("from-nothing")
    tree = project.run("git", "rev-parse", "HEAD:docs").strip()
    start = project.run("git", "commit-tree", "-m", "Start", tree).strip()
    head = project.run("git", "commit-tree", "-m", "Add", "-p", start, "HEAD^{tree}").strip()
    project.run("git", "update-ref", "refs/remotes/origin/main", start)
    project.run("git", "reset", "--quiet", "--soft", head)
    checks = team.verify(project)
    assert failed(checks) == []
    skipped = [name for name, check in checks.items() if check.verdict == "skipped"]
    assert skipped == ["data", "main_metric", "slices", "rows", "schema", "drift"]
    report = team.call(project, "report", code=0)
    assert f"Compared with origin/main ({start[:7]}), which has no results yet." in report


def test_the_advice_for_a_shallow_clone_helps(team: Team) -> None:
    project = team.clone("shallow", "comment", "--depth=1")
    checks = team.verify(project, "--base", "origin/main")
    assert failed(checks) == ["base"]
    assert "this clone has no commit origin/main" in checks["base"].detail
    for command in checks["base"].fix.removeprefix("run: ").split(" && "):
        project.run(*shlex.split(command))
    assert failed(team.verify(project, "--base", "origin/main")) == []


def test_an_unknown_base_is_named(team: Team) -> None:
    project = team.clone("unknown-base")
    checks = team.verify(project, "--base", "origin/nowhere")
    assert checks["base"].detail == "this clone has no commit origin/nowhere"
    assert checks["base"].fix == "run: git fetch origin"
    printed = team.call(project, "report", "--base", "origin/nowhere", code=2)
    assert printed.startswith("error: this clone has no commit origin/nowhere")


def test_the_first_run_has_nothing_to_compare_with(team: Team) -> None:
    project = team.clone("first")
    project.run("git", "remote", "remove", "origin")
    checks = team.verify(project)
    assert failed(checks) == []
    assert (
        checks["base"].detail == "there is nothing to compare with: this clone has no origin/main"
    )
    report = team.call(project, "report", code=0)
    assert re.search(r"^## roc_auc 0\.\d+$", report, re.MULTILINE)
    assert "There is nothing to compare with yet." in report


def test_nothing_changed_says_so(team: Team) -> None:
    project = team.clone("nothing")
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    assert "## ✅ Nothing changed" in team.call(project, "report", code=0)
    assert json.loads(team.call(project, "report", "--json", code=0))["changed"] is False


def test_the_report_of_a_change(team: Team) -> None:
    project = team.clone("report", "worse")
    assert team.call(project, "report", "--output", "report.md", code=0) == ""
    text = (project.path / "report.md").read_text(encoding="utf-8")
    seen = text.partition("<details>")[0]
    lines = [re.sub(r"\b[0-9a-f]{7}\b", "COMMIT", line) for line in seen.splitlines() if line]
    # Numbers follow the libraries' versions, which each generation locks anew.
    lines = [re.sub(r"\d+(\.\d+)?", "N", line) for line in lines if "**slices**" not in line]
    assert lines[:9] == [
        "<!-- model report -->",
        "## ❌ roc_auc N → N: -N worse [-N, -N]",
        "Compared with origin/main (COMMIT), on validation.",
        "- ❌ **main_metric**: roc_auc N → N, clearly worse by N (N% interval N to N); at most N "
        "for a clear loss, else N",
        '- To accept a failure on purpose, run: `git commit --allow-empty --message "Accept it" '
        '--message "Accept-Gate: <check>: <reason>"`',
        "|  | before | now | difference |",
        "| --- | --- | --- | --- |",
        "| roc_auc on validation | N [N, N] | N [N, N] | -N worse [-N, -N] |",
        "| baseline on validation | N | N |  |",
    ]
    assert lines[9] == "```mermaid"
    assert lines[13] == "xychart-beta"
    assert "| train.options.HistGradientBoostingClassifier.max_iter | 100 | 2 |" in text
    assert re.findall(r"<summary>(.*?) \(", text) == [
        "Gate",
        "All metrics",
        "Slices of the validation split",
        "Parameters",
        "Stages that ran",
    ]
