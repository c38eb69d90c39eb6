"""Each check of the launch checklist fails when what it asks for is not so, and says what to do."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PARAMS, edit
from runs import GATE, Repository, evaluation, write_results
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.config import Card, Goal, Latency
from tabrail.errors import InputError
from tabrail.markdown import plain
from tabrail.project import cost, registry, uv
from tabrail.review import checklist, verify
from tabrail.review.check import Check

CARD = Card.model_validate(PARAMS["card"])
SEEN = {"model": "model@v0.1.0", "versions": {"numpy": "2.4.6"}, "p50_ms": 5.25}
OWNER = "Ada Byron <ada@example.com>"


def called(
    patch: pytest.MonkeyPatch, *, code: int = 0, out: str = "", err: str = ""
) -> list[list[str]]:
    """Let uv be a program that prints something; return the commands that it gets."""
    commands: list[list[str]] = []

    def fake(*arguments: str) -> subprocess.CompletedProcess[str]:
        commands.append(list(arguments))
        return subprocess.CompletedProcess(arguments, code, out, err)

    patch.setattr(uv, "run", fake)
    return commands


def written(card: Card, text: str = "") -> None:
    """Write a model card."""
    paths.MODEL_CARD.parent.mkdir(exist_ok=True)
    paths.MODEL_CARD.write_text(f"{plain(card.owner)} {plain(card.limits)} {text}")


def test_the_lock_must_be_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = called(monkeypatch)
    assert checklist.lock_is_fresh().verdict == "ok"
    assert commands[0] == ["lock", "--check"]
    called(monkeypatch, code=1, err="Resolved\nerror: The lockfile needs to be updated.\n")
    check = checklist.lock_is_fresh()
    assert check.verdict == "FAILED"
    assert check.detail == "uv.lock is outdated: The lockfile needs to be updated."
    assert "uv lock" in check.fix


def test_without_uv_the_lock_is_no_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", "/nowhere/uv")
    with pytest.raises(InputError, match="uv was not found; install it"):
        checklist.lock_is_fresh()


def test_a_card_must_be_complete(project: Path) -> None:
    assert "is missing" in checklist.card_is_complete(CARD).detail
    written(CARD)
    assert checklist.card_is_complete(CARD).verdict == "ok"
    check = checklist.card_is_complete(CARD.model_copy(update={"intended_use": " "}))
    assert (check.verdict, check.detail) == ("FAILED", "empty: intended_use")
    limits = "Decisions that the model must not be used for have not been written down yet."
    check = checklist.card_is_complete(CARD.model_copy(update={"limits": limits}))
    assert check.detail == "unchanged since the project was generated: limits"
    assert "dvc repro" in check.fix


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "Who it is has not been written down yet.",
            "docs/decisions.md still lacks 1",
        ),
        (
            "Who, and what for, have not\n  been written down yet",
            "docs/decisions.md still lacks 1",
        ),
        ("Still to be written\nReplace this paragraph: why", "docs/decisions.md still lacks 2"),
        (None, "docs/decisions.md is missing"),
    ],
)
def test_an_empty_paper_does_not_pass(text: str | None, detail: str, project: Path) -> None:
    path = checklist.DECISIONS
    path.parent.mkdir(exist_ok=True)
    if text:
        path.write_text(text, encoding="utf-8")
    check = checklist.paper_is_written(path)
    assert (check.name, check.verdict) == ("decisions", "FAILED")
    assert check.detail.startswith(detail)
    path.write_text("All is known.", encoding="utf-8")
    assert checklist.paper_is_written(path).verdict == "ok"


def test_a_plan_has_a_success_number(project: Path) -> None:
    checklist.PLAN.parent.mkdir(exist_ok=True)
    checklist.PLAN.write_text("For whom has not been written down yet.", encoding="utf-8")
    assert "lacks 1 answer" in checklist.plan_is_written(Goal(at_least=0.7)).detail
    checklist.PLAN.write_text("For the travel desk.", encoding="utf-8")
    check = checklist.plan_is_written(Goal())
    assert (check.verdict, "gate.goal has no number" in check.detail) == ("FAILED", True)
    for goal in (Goal(at_least=0), Goal(at_most=3)):
        assert checklist.plan_is_written(goal).verdict == "ok"


def test_the_datasheet_says_how_many_columns_are_described(project: Path) -> None:
    paths.DATASHEET.parent.mkdir(exist_ok=True)
    paths.DATASHEET.write_text("From the shops.", encoding="utf-8")
    check = checklist.data_is_described()
    assert check.verdict == "ok"
    assert check.detail.endswith("0 of 8 columns have a description")


def test_a_card_must_be_of_this_run(project: Path) -> None:
    written(CARD.model_copy(update={"owner": "Somebody else"}))
    check = checklist.card_is_complete(CARD)
    assert (check.verdict, check.fix) == ("FAILED", f"{verify.RUN}, and commit what it changes")


@pytest.mark.parametrize(
    "owner", [OWNER, "the team @shops/models", "https://example.com/team", "ada@example.com"]
)
def test_an_owner_has_an_address(owner: str) -> None:
    assert checklist.owner_can_be_reached(owner).verdict == "ok"


@pytest.mark.parametrize(
    "owner", ["", " ", "Your Name <you@example.com>", "Ada", "you@example.com"]
)
def test_somebody_must_own_the_model(owner: str) -> None:
    check = checklist.owner_can_be_reached(owner)
    assert check.verdict == "FAILED"
    assert "card.owner" in check.fix


def test_the_runbook_must_name_the_owner(project: Path) -> None:
    assert "is missing" in checklist.runbook_names_the_owner(OWNER).detail
    checklist.RUNBOOK.parent.mkdir()
    for text, verdict in (
        ("**Owner:** Ada Byron, ada@example.com.", "ok"),
        ("**Owner:** Ada Byron.", "FAILED"),
        ("**Owner:** Your Name, you@example.com; ada@example.com", "FAILED"),
    ):
        checklist.RUNBOOK.write_text(text)
        assert checklist.runbook_names_the_owner(OWNER).verdict == verdict
    assert "card.owner" in checklist.runbook_names_the_owner(OWNER).fix


def test_the_model_must_work_where_only_a_servers_libraries_are(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pyproject.toml").write_text("[dependency-groups]\nxgboost = []\n")
    commands = called(monkeypatch, out=json.dumps(SEEN))
    model, latency = checklist.model_works_elsewhere(Latency())
    assert (model.verdict, latency.verdict) == ("ok", "ok")
    assert model.detail.endswith("in a clean environment with numpy 2.4.6")
    assert latency.detail == "one row takes 5.25 ms of CPU time (p50); at most 200"
    assert "--no-default-groups" in commands[0]
    assert "--group=xgboost" not in commands[0]
    edit(paths.PARAMS, lambda content: content["train"].update(estimator="xgboost.XGBClassifier"))
    list(checklist.model_works_elsewhere(Latency()))
    assert "--group=xgboost" in commands[1]

    called(monkeypatch, code=1, err="error: the model's reference predictions differ by 0.2\n")
    (model,) = checklist.model_works_elsewhere(Latency())
    assert model.verdict == "FAILED"
    assert "reference predictions differ by 0.2" in model.detail
    assert "dvc pull" in model.fix


@pytest.mark.parametrize(
    ("state", "verdict"), [("enabled", "FAILED"), ("dry_run", "dry run"), ("disabled", "disabled")]
)
def test_a_slow_model_is_judged_as_the_gate_says(
    state: str, verdict: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pyproject.toml").write_text("")
    called(monkeypatch, out=json.dumps(SEEN | {"p50_ms": 900}))
    time = GATE.prediction_time.model_copy(update={"check": state})
    assert list(checklist.model_works_elsewhere(time))[1].verdict == verdict


@pytest.fixture
def repository(project: Path) -> Repository:
    """Stand in a repository with results."""
    made = Repository()
    paths.EVALUATION.parent.mkdir()
    commit(made, 0.7)
    return made


def commit(repository: Repository, value: float, message: str = "Train") -> None:
    """Commit results with a main metric."""
    write_results(evaluation({"roc_auc": value}))
    repository.commit("Change", message)


def release(repository: Repository, *tags: str) -> None:
    """Make tags as GTO does."""
    for tag in tags:
        repository.git("tag", "--annotate", tag, "--message", "Release")


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def gate_of_prod() -> dict[str, Check]:
    """Return what the gate says of HEAD, beside the version in prod."""
    return by_name(list(checklist.gate_is_passed("prod", registry.released("prod"), GATE)))


def test_without_a_release_only_fixed_bounds_apply(repository: Repository) -> None:
    assert registry.released("prod") is None
    checks = gate_of_prod()
    assert checks["base"].verdict == checks["main_metric"].verdict == "skipped"
    assert checks["base"].detail.startswith("no version is in prod; nothing is compared")
    assert checks["baseline"].verdict == "ok"
    commit(repository, 0.5)
    checks = gate_of_prod()
    assert checks["baseline"].verdict == "FAILED"
    commit(repository, 0.5, "Accept-Gate: baseline: it is a first try")
    checks = gate_of_prod()
    assert checks["baseline"].verdict == "accepted"


def test_small_losses_since_the_release_add_up(repository: Repository) -> None:
    release(repository, "model@v0.1.0", "model#prod#1")
    checks = gate_of_prod()
    assert checks["base"].detail == "model@v0.1.0, which is in prod, is this commit"
    for value in (0.694, 0.688):
        commit(repository, value)
    assert registry.released("prod") == "model@v0.1.0"
    checks = gate_of_prod()
    assert checks["base"].detail.startswith("compared with model@v0.1.0 (")
    assert checks["main_metric"].verdict == "FAILED"
    commit(repository, 0.688, "Accept-Gate: main_metric: twice as fast")
    checks = gate_of_prod()
    assert checks["main_metric"].verdict == "accepted"
    commit(repository, 0.687)  # which nobody has accepted
    checks = gate_of_prod()
    assert checks["main_metric"].verdict == "FAILED"


def test_a_version_that_is_back_is_compared_with(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(second: int, tag: str, commit: str = "HEAD") -> None:
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-01T00:00:{second:02}Z")
        repository.git("tag", "--annotate", tag, commit, "--message", "Release")

    at(1, "model@v0.1.0")
    at(2, "model#prod#1")
    commit(repository, 0.71)
    at(3, "model@v0.2.0")
    at(4, "model#prod#2")
    assert registry.released("prod") == "model@v0.2.0"
    at(5, "model#prod#3", "model@v0.1.0^{}")
    assert registry.released("prod") == "model@v0.1.0"


def test_a_version_that_was_taken_out_is_not_compared_with(repository: Repository) -> None:
    release(repository, "model@v0.1.0", "model#prod#1")
    commit(repository, 0.71)
    release(repository, "model@v0.2.0", "model#staging#2")
    assert registry.released("prod") == "model@v0.1.0"
    assert registry.released("staging") == "model@v0.2.0"
    repository.git("tag", "--annotate", "model#prod!#3", "model@v0.1.0^{}", "--message", "Out")
    assert registry.released("prod") is None


@pytest.mark.parametrize("verdict", ["ok", "FAILED"])
def test_the_exit_code_is_for_scripts(
    verdict: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: Callable[[str], list[Check]] = lambda stage: [Check(stage, verdict, "why", "do it")]  # type: ignore[arg-type]  # noqa: E731
    monkeypatch.setattr(checklist, "checks", checks)
    done = CliRunner().invoke(cli.app, ["checklist", "--stage", "live"])
    assert done.output == f"{verdict:<8}  live: why; do it\n"
    assert done.exit_code == (verdict == "FAILED")
    done = CliRunner().invoke(cli.app, ["checklist", "--json"])
    assert json.loads(done.output)["passed"] == (verdict == "ok")


def test_a_conflict_is_found_before_all_else(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflict = Check("merge", "FAILED", "in conflict: dvc.lock")
    monkeypatch.setattr(verify, "nothing_is_in_conflict", lambda: conflict)
    assert list(checklist.checks("prod")) == [conflict]


def test_every_question_of_a_launch_is_asked_once_and_in_order(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def stand_in(name: str, count: int) -> None:
        def answer(*_: object, **__: object) -> Check | list[Check]:
            asked.append(name)
            return Check(name, "ok", "") if count == 1 else [Check(name, "ok", "")] * count

        place, _, function = name.rpartition(".")
        monkeypatch.setattr(f"tabrail.review.{place}.{function}", answer)

    one = {
        "verify.nothing_is_in_conflict",
        *(f"checklist.{name}" for name in ("lock_is_fresh", "plan_is_written", "paper_is_written")),
        *(f"checklist.{name}" for name in ("data_is_described", "card_is_complete")),
        *(f"checklist.{name}" for name in ("owner_can_be_reached", "runbook_names_the_owner")),
        "checklist.training_cost",
        *("rehearsal.monitor_runs", "rehearsal.way_back"),
    }
    order = [
        *("verify.nothing_is_in_conflict", "verify.results_are_sound", "origin.checks"),
        *("checklist.lock_is_fresh", "checklist.gate_is_passed", "checklist.plan_is_written"),
        *("checklist.data_is_described", "checklist.paper_is_written"),
        *("checklist.card_is_complete", "checklist.owner_can_be_reached"),
        *("checklist.runbook_names_the_owner", "checklist.model_works_elsewhere"),
        *("checklist.training_cost", "rehearsal.server_answers"),
        *("rehearsal.monitor_runs", "rehearsal.way_back"),
    ]
    for name in order:
        stand_in(name, 1 if name in one else 2)
    monkeypatch.setattr(checklist, "released", lambda stage: f"model@{stage}")
    found = [check.name for check in checklist.checks("prod")]
    assert found == [name for name in order for _ in range(1 if name in one else 2)]
    assert sorted(asked) == sorted(order)


def test_the_cost_of_the_training_is_that_of_the_present_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert checklist.training_cost().verdict == "skipped"
    paths.MODEL.parent.mkdir()
    for content in ("first", "second"):
        with cost.measured("train"):
            paths.MODEL.write_text(content, encoding="utf-8")
    with cost.measured("evaluate"):
        time.sleep(0.11)
    with pytest.raises(ZeroDivisionError), cost.measured("train"):
        print(1 / 0)
    with paths.COSTS.open("a", encoding="utf-8") as file:
        file.write('{"stage": "train"}\n{"sta')
    found = checklist.training_cost()
    assert found.verdict == "ok"
    assert re.fullmatch(
        r"training took 0 s \(0 s of CPU time\) and at most [\d,]{2,} MB of memory on this machine",
        found.detail,
    ), found.detail
    assert len(paths.COSTS.read_text(encoding="utf-8").splitlines()) == 5
    paths.MODEL.write_text("third", encoding="utf-8")
    assert checklist.training_cost().verdict == "skipped"
    assert "uv run dvc repro --force" in str(checklist.training_cost())


def test_a_cost_that_cannot_be_logged_fails_no_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    paths.COSTS.parent.write_text("no folder", encoding="utf-8")
    with cost.measured("train"):
        pass
    assert "warning: log/costs.jsonl cannot be written" in capsys.readouterr().err
