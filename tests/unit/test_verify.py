"""Each way to commit results that are not those of the code is caught by its check."""

import hashlib
import json
import shlex
import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import edit
from ruamel.yaml import YAML
from runs import Repository, evaluation, run, write_results
from typer.testing import CliRunner

from tabrail.cli import app as cli
from tabrail.dvc import repository as real
from tabrail.errors import InputError
from tabrail.review import verify
from tabrail.review.check import Check
from tabrail.review.snapshot import Snapshot

PIPELINE: dict[str, Any] = {
    "stages": {
        "train": {
            "cmd": "python -m x",
            "deps": ["data/raw", "schema.yaml", "src"],
            "outs": ["model", {"reports/evaluation.json": {"cache": False}}, {"other": None}],
            "metrics": [{"reports/metrics.json": {"cache": False, "persist": True}}],
            "plots": [{"reports/plot.csv": {"cache": True}}],
        }
    }
}


@dataclass
class Dvc:
    """What DVC is to answer."""

    stale: list[str] = field(default_factory=list)
    folder: Path | None = None
    missing: list[str] = field(default_factory=list)
    refusal: str = ""

    def not_in_remote(self) -> list[str]:
        """Answer for the remote."""
        if self.refusal:
            raise InputError(self.refusal)
        return self.missing


@pytest.fixture
def dvc(monkeypatch: pytest.MonkeyPatch) -> Dvc:
    """Let DVC find nothing wrong, and keep its data elsewhere; see test_dvc.py for the real one."""
    found = Dvc()
    answers = SimpleNamespace(
        stale=lambda: found.stale,
        folder_of_remote=lambda: found.folder,
        not_in_remote=found.not_in_remote,
        lacks=lambda _: set(),
    )
    monkeypatch.setattr(real, "opened", lambda **_: nullcontext(answers))
    return found


@pytest.fixture
def repository(
    project: Path, dvc: Dvc, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Repository:
    """Stand in a project that passes every check, which may be in a folder of its repository."""
    shutil.rmtree("src")
    for folder in ("reports", "src"):
        Path(folder).mkdir(exist_ok=True)
    Path("src/code.py").write_text("")
    Path("data/raw.dvc").write_text("outs: []\n")
    Path(".gitignore").write_text("/data/raw\n")
    write_results(evaluation())
    Path("reports/metrics.json").write_text("{}")
    Path("uv.lock").write_text('[[package]]\nname = "numpy"\nversion = "2.4.6"\n')
    YAML().dump(PIPELINE, Path("dvc.yaml"))
    files = list(Path().iterdir())
    repository = Repository()
    place = project / getattr(request, "param", ".")
    place.mkdir(parents=True, exist_ok=True)
    for file in files:
        file.rename(place / file.name)
    monkeypatch.chdir(place)
    lock()
    repository.on_main(repository.commit("Start"))
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit("Mine")
    return repository


def lock() -> None:
    """Let dvc.lock be what a run would write now."""
    results = ("reports/evaluation.json", "reports/metrics.json", "reports/replicates.json")
    outs = [{"path": name, "md5": md5(name)} for name in results]
    deps = [{"path": name, "md5": "1"} for name in PIPELINE["stages"]["train"]["deps"]]
    train = {"cmd": "python -m x", "deps": deps, "outs": [{"path": "model", "md5": "1"}, *outs]}
    YAML().dump({"schema": "2.0", "stages": {"train": train}}, Path("dvc.lock"))


def md5(name: str) -> str:
    """Return a file's MD5."""
    return hashlib.md5(Path(name).read_bytes(), usedforsecurity=False).hexdigest()


def verdicts(*, remote: bool = True) -> dict[str, Check]:
    """Return the checks by name."""
    return {check.name: check for check in verify.checks(None, remote=remote)}


def failed() -> list[str]:
    """Return the names of the checks that fail."""
    return [name for name, check in verdicts().items() if check.verdict == "FAILED"]


@pytest.mark.parametrize("repository", [".", "models/shops"], indirect=True)
def test_all_is_well(repository: Repository) -> None:
    found = verdicts()
    skipped = [name for name, check in found.items() if check.verdict == "skipped"]
    # Nobody has set a goal, and these results have neither counts nor distributions.
    assert skipped == ["goal", "rows", "drift"]
    assert {check.verdict for check in found.values()} == {"ok", "skipped", "disabled"}
    assert list(found)[:9] == [
        "merge",
        "commit",
        "tracked",
        "bytes",
        "pipeline",
        "reports",
        "versions",
        "data",
        "base",
    ]


@pytest.mark.parametrize("repository", [".", "models/shops"], indirect=True)
@pytest.mark.parametrize("name", ["schema.yaml", "src/new.py", "reports/metrics.json", "x.dvc"])
def test_what_a_run_reads_or_writes_is_committed(repository: Repository, name: str) -> None:
    with Path(name).open("a") as file:
        file.write("# a comment\n")
    repository.git("config", "status.showUntrackedFiles", "no")
    found = verdicts()["commit"]
    assert (found.verdict, found.detail) == ("FAILED", f"files are not committed: {name}")
    is_new = name in ("src/new.py", "x.dvc")
    assert found.fix == (
        f"run: git add -- {name}, and commit" if is_new else "run: git commit --all, or: git stash"
    )
    repository.commit()
    assert verdicts()["commit"].verdict == "ok"


def test_other_files_need_not_be_committed(repository: Repository) -> None:
    Path("notes.md").write_text("")
    assert verdicts()["commit"].verdict == "ok"


def test_a_stage_that_would_run_is_named(repository: Repository, dvc: Dvc) -> None:
    dvc.stale = ["prepare", "train"]
    found = verdicts()["pipeline"]
    assert (found.verdict, found.detail) == (
        "FAILED",
        "changed since the last run: prepare, train",
    )
    assert found.fix == "run: uv run dvc repro, and commit what it changes"


def test_data_that_is_not_what_git_says_may_be_others(repository: Repository, dvc: Dvc) -> None:
    dvc.stale = ["data/raw.dvc", "train"]
    found = verdicts()["pipeline"]
    assert (found.verdict, found.detail) == (
        "FAILED",
        "data/raw differs from what data/raw.dvc records",
    )
    assert found.fix == (
        "if others changed the data, run: uv run dvc checkout data/raw.dvc; "
        "if you changed it: uv run dvc repro"
    )


@pytest.mark.parametrize("name", ["schema.yaml", "src/code.py", "data/raw.dvc"])
def test_what_a_stage_reads_is_not_deleted(repository: Repository, name: str) -> None:
    repository.git("rm", "--quiet", name)
    repository.commit("Delete")
    found = verdicts()["pipeline"]
    gone = {"src/code.py": "src", "data/raw.dvc": "data/raw"}.get(name, name)
    assert (found.verdict, found.detail) == (
        "FAILED",
        f"Git lacks files that a stage reads: {gone}",
    )
    command = found.fix.removeprefix("run: ").removesuffix(", and commit")
    subprocess.run(shlex.split(command), check=True)
    repository.commit("Back")
    assert verdicts()["pipeline"].verdict == "ok"
    assert name in repository.git("ls-files")
    assert not repository.git("ls-files", "data/raw")


@pytest.mark.parametrize(
    "path", ["s3://bucket/a.csv", "/mnt/a.csv", "../a.csv", "model/part", "src"]
)
def test_what_a_stage_reads_may_be_elsewhere(repository: Repository, path: str) -> None:
    edit(Path("dvc.lock"), lambda c: c["stages"]["train"]["deps"].append({"path": path}))
    repository.commit()
    assert verdicts()["pipeline"].verdict == "ok"


def test_code_that_a_clone_has_otherwise_is_found(repository: Repository) -> None:
    Path("schema.yaml").write_bytes(Path("schema.yaml").read_bytes().replace(b"\n", b"\r\n"))
    Path(".gitattributes").write_text("* text=auto eol=lf\n")
    repository.commit("Edit on Windows")
    assert failed() == ["bytes"]
    assert verdicts()["bytes"].fix.startswith("run: uv run mixed-line-ending --fix=lf schema.yaml")


def test_a_frozen_stage_is_not_up_to_date(repository: Repository) -> None:
    edit(Path("dvc.yaml"), lambda pipeline: pipeline["stages"]["train"].update(frozen=True))
    repository.commit("Freeze")
    found = verdicts()["pipeline"]
    assert (found.verdict, found.detail) == ("FAILED", "frozen stages never run: train")
    assert "dvc unfreeze train" in found.fix


def test_a_folder_of_results_is_left_to_dvc(repository: Repository) -> None:
    folder = {"reports/extra": {"cache": False}}
    edit(Path("dvc.yaml"), lambda pipeline: pipeline["stages"]["train"]["outs"].append(folder))
    Path("reports/extra").mkdir()
    repository.commit("Write more")
    assert verdicts()["reports"].verdict == "ok"


def test_results_edited_by_hand_are_found(repository: Repository) -> None:
    Path("reports/metrics.json").write_text('{"roc_auc": 1.0}')
    repository.commit("Better")
    assert failed() == ["reports"]
    found = verdicts()["reports"]
    assert found.detail == "results have changed since the last run: reports/metrics.json"
    assert found.fix == "run: git checkout -- reports dvc.lock, or run: uv run dvc repro"


@pytest.mark.parametrize(
    ("change", "others"),
    [
        (lambda: Path("reports/metrics.json").unlink(), "reports/metrics.json"),
        (lambda: Path("dvc.lock").unlink(), "reports/evaluation.json, reports/metrics.json"),
        (
            lambda: Path("dvc.lock").write_text(""),
            "reports/evaluation.json, reports/metrics.json",
        ),
    ],
)
def test_missing_results_are_found(
    repository: Repository, change: Callable[[], object], others: str
) -> None:
    change()
    repository.commit()
    assert verdicts()["reports"].detail == f"results have changed since the last run: {others}"


def test_results_of_other_libraries_are_found() -> None:
    assert verify.versions_are_locked(run()).verdict == "ok"
    found = verify.versions_are_locked(run(packages={"numpy": "2.5.0"}))
    assert (found.verdict, found.detail) == (
        "FAILED",
        "the model was trained with numpy 2.4.6 (uv.lock has 2.5.0)",
    )
    assert "dvc pull, uv run dvc repro --force" in found.fix
    assert verify.versions_are_locked(run(packages={"numpy": "2.4.60"})).verdict == "FAILED"
    several = run(packages={"numpy": "2.3.0 or 2.4.6"})
    assert verify.versions_are_locked(several).verdict == "ok"
    assert verify.versions_are_locked(run(packages={})).verdict == "ok"
    assert verify.versions_are_locked(run(evaluation={})).verdict == "skipped"


def test_the_remote_is_asked(repository: Repository, dvc: Dvc) -> None:
    assert verdicts()["data"].detail == "data and model are in the DVC remote"
    dvc.missing = ["data/raw", "model"]
    found = verdicts()["data"]
    assert (found.verdict, found.detail) == ("FAILED", "the DVC remote lacks: data/raw, model")
    assert found.fix.startswith("run: uv run dvc push, or,")
    dvc.refusal = "the DVC remote cannot be reached: Unable to locate credentials"
    found = verdicts()["data"]
    assert (found.verdict, found.detail) == ("FAILED", dvc.refusal)
    assert verdicts(remote=False)["data"].verdict == "skipped"


@pytest.mark.parametrize(("folder", "verdict"), [("nowhere", "skipped"), ("store", "FAILED")])
def test_a_folder_of_another_machine_is_not_asked(
    repository: Repository, dvc: Dvc, tmp_path: Path, folder: str, verdict: str
) -> None:
    (tmp_path / "store").mkdir()
    dvc.folder, dvc.missing = tmp_path / folder, ["model"]
    found = verdicts()["data"]
    assert found.verdict == verdict
    assert (str(tmp_path) in found.detail) == (verdict == "skipped")


def test_without_an_origin_main_has_no_base(repository: Repository) -> None:
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    repository.git("update-ref", "refs/heads/main", "HEAD")
    found = verdicts()
    # What the gate says without a comparison stands there all the same.
    assert list(found)[list(found).index("base") :] == ["base", "baseline", "model_size"]
    assert found["base"].detail == "there is nothing to compare with: this clone has no origin/main"


def test_an_unknown_base_is_named_with_the_fix(repository: Repository) -> None:
    (found,) = verify.gate_is_passed("origin/nowhere")
    assert found.verdict == "FAILED"
    assert found.detail == "this clone has no commit origin/nowhere"
    assert found.fix == "run: git fetch origin"


def test_a_merge_in_conflict_comes_first(repository: Repository) -> None:
    Path("reports/metrics.json").write_text('{"a": 1}')
    repository.commit("Mine")
    repository.git("checkout", "--quiet", "main")
    Path("reports/metrics.json").write_text('{"b": 1}')
    repository.commit("Others")
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "mine")
    (found,) = verify.checks(None, remote=True)
    assert (found.name, found.verdict) == ("merge", "FAILED")
    assert found.detail == "files are in conflict: reports/metrics.json"
    assert found.fix.endswith(" merge")


@pytest.mark.parametrize("name", ["dvc.lock", "params.yaml", "reports/metrics.json", "uv.lock"])
def test_marks_of_a_conflict_that_were_committed_are_found(
    repository: Repository, name: str
) -> None:
    text = Path(name).read_text()
    Path(name).write_text(f"<<<<<<< HEAD\n{text}\n=======\n{text}\n>>>>>>> mine\n")
    repository.commit("Oh")
    (found,) = verify.checks(None, remote=True)
    assert (found.verdict, found.detail) == ("FAILED", f"marks of a merge conflict are in {name}")


def test_a_base_in_conflict_can_be_mended(repository: Repository) -> None:
    text = Path("reports/evaluation.json").read_text()
    Path("reports/evaluation.json").write_text(f"<<<<<<< HEAD\n{text}=======\n>>>>>>> mine\n")
    repository.on_main(repository.commit("Oh"))
    Path("reports/evaluation.json").write_text(text)
    repository.commit("Mend")
    assert failed() == []
    assert verdicts()["main_metric"].detail == "the base has no results"


@pytest.mark.parametrize(
    ("name", "text", "checks"),
    [
        ("reports/evaluation.json", "{", ["reports", "versions", "base"]),
        ("dvc.yaml", "a: [", ["pipeline", "reports"]),
        ("dvc.lock", "a: [", ["bytes", "pipeline", "reports", "versions", "base"]),
        ("schema.yaml", "columns: 3", ["versions", "base"]),
        ("params.yaml", "gate: {}", ["base"]),
    ],
)
def test_a_damaged_file_does_not_end_the_other_checks(
    repository: Repository, name: str, text: str, checks: list[str]
) -> None:
    Path(name).write_text(text)
    repository.commit("Damage")
    assert [one for one in failed() if one not in {"main_metric", "schema"}] == checks


def test_the_command_prints_a_line_per_check(repository: Repository) -> None:
    done = CliRunner().invoke(cli.app, ["verify"])
    lines = done.output.splitlines()
    assert (done.exit_code, len(lines)) == (0, 18)
    assert lines[1] == "ok        commit: code, parameters and results are committed"
    Path("reports/metrics.json").write_text("[]")
    repository.commit("By hand")
    done = CliRunner().invoke(cli.app, ["verify", "--no-remote"])
    assert done.exit_code == 1
    assert (
        "FAILED    reports: results have changed since the last run: reports/metrics.json; run: git"
        in done.output
    )
    assert "skipped   data: the remote is not checked" in done.output


def test_the_command_prints_json(repository: Repository) -> None:
    done = CliRunner().invoke(cli.app, ["verify", "--json", "--base", "main"])
    content = json.loads(done.output)
    assert content["passed"] is True
    assert content["checks"][0] == {
        "name": "merge",
        "verdict": "ok",
        "detail": "no file is in conflict",
        "fix": "",
    }
    Path("reports/evaluation.json").write_text("{")
    done = CliRunner().invoke(cli.app, ["verify", "--json"])
    assert (done.exit_code, json.loads(done.output)["passed"]) == (1, False)


@pytest.mark.parametrize(
    ("model", "python", "detail"),
    [
        (
            {"versions": {"tabrail": "2.0.0+editable"}},
            "",
            "the model was trained with tabrail 2.0.0+editable, which nobody else has",
        ),
        (
            {"versions": {"numpy": "2.4.6"}, "python": "3.12"},
            "3.13",
            "the model was trained with Python 3.12, but .python-version has 3.13",
        ),
    ],
)
def test_results_that_nobody_can_repeat_are_found(
    model: dict[str, Any], python: str, detail: str
) -> None:
    found = verify.versions_are_locked(run(evaluation=evaluation(**model), python=python))
    assert (found.name, found.verdict, found.detail) == ("versions", "FAILED", detail)
    assert found.fix == "run: uv sync, then run: uv run dvc repro --force, and commit"


def test_without_results_no_version_is_asked_about() -> None:
    assert verify.versions_are_locked(Snapshot()).verdict == "skipped"
