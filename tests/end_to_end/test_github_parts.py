"""GitHub's workflows that release, monitor and train, run on this machine."""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.forge import be_quick, edit, fake_docker, git
from support.github_runner import BOT, Outcome, Runner, on_branch
from support.github_service import GitHub, passed, pending
from support.projects import TEMPLATE, Project

pytestmark = pytest.mark.ci("the jobs of a forge take half a minute each")

SEPTEMBER = TEMPLATE / "sample" / "flights-2013-09.parquet"
BY_HAND = "workflow_dispatch"
FAKE_MONITOR = """#!/bin/sh
case "$*" in
  *"tabrail monitor"*) echo "<html></html>" > "$5"; echo "drift of @carrier"; exit {code};;
esac
exec "{uv}" "$@"
"""


@pytest.fixture
def world(
    finished: Project,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> GitHub:
    """Return a repository with the finished project, on a service that releases it."""
    be_quick(tmp_path_factory, monkeypatch)
    return GitHub(finished, tmp_path)


def started(world: GitHub, workflow: str, branch: str = "main", **given: Any) -> Runner:
    """Return a runner for a workflow that is started by hand, whose jobs reach the DVC remote."""
    shutil.rmtree(world.folder / f"runner-{workflow}", ignore_errors=True)
    runner = world.runner(on_branch(BY_HAND, branch), workflow, **given)
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    return runner


def releasing(world: GitHub, visibility: str = "public", **given: Any) -> Runner:
    """Return a runner that releases main of a public repository, or another one."""
    shutil.rmtree(world.folder / "runner-release", ignore_errors=True)
    event = on_branch(BY_HAND, "main", repository={"visibility": visibility})
    runner = world.runner(event, "release", **given)
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    return runner


def tags(world: GitHub) -> list[str]:
    """Return the tags that the service has."""
    found = git(world.author, "-C", str(world.origin), "tag", "--list").splitlines()
    return sorted(found)


def test_release(world: GitHub) -> None:
    runner = releasing(world, inputs={"version": ""})
    checked = passed(runner.run("checklist"))
    assert "ok        model: " in runner.summary
    assert "skipped   base: no version is in prod" in runner.summary
    passed(runner.run("attest"))
    assert tags(world) == []
    assert passed(runner.run("stage")).outputs == {"version": "model@v0.1.0"}
    assert tags(world) == ["model#staging#1", "model@v0.1.0"]
    shutil.rmtree(runner.folder / "stage")  # when it is run again, it goes on
    assert passed(runner.run("stage")).outputs == {"version": "model@v0.1.0"}
    assert tags(world) == ["model#staging#1", "model@v0.1.0"]
    assert_page_of_the_version(runner, checked.folder / "models" / "model.skops")
    docker = fake_docker(runner.folder / "tools")
    passed(runner.run("bundle"))
    passed(runner.run("publish"))
    image = "ghcr.io/ada/flight-delays:v0.1.0"
    label = f"org.opencontainers.image.revision={runner.github['sha']}"
    assert docker.read_text(encoding="utf-8").splitlines() == [
        "login ghcr.io --username ada --password-stdin",
        "token-of-this-run",
        f"manifest inspect {image}",
        f"build --target server --label {label} --tag {image} --file Dockerfile image",
        "model@v0.1.0",
        f"push {image}",
    ]
    assert_image_is_that_of_the_release(runner, docker)
    # Somebody has to approve, or a variable says that nobody has to.
    assert runner.run("promote").failed.startswith("note() {")
    assert "The environment production has no required reviewers" in runner.summary
    assert "The environment production is open to: all branches." in runner.summary
    for change, why in (
        ({"self_review": True}, "whoever starts a release may approve it"),
        ({"branches": ["main", "try/*"]}, "is open to: main, try/*. Allow main only."),
    ):
        review(runner, **change)
        shutil.rmtree(runner.folder / "promote")
        assert runner.run("promote").result == "failure"
        assert why in runner.summary
    assert "model#prod#2" not in tags(world)
    runner.secrets = {"NO_REVIEWERS": "yes"}
    shutil.rmtree(runner.folder / "promote")
    passed(runner.run("promote"))
    runner.secrets = {}
    review(runner)
    shutil.rmtree(runner.folder / "promote")
    passed(runner.run("promote"))
    assert tags(world) == ["model#prod#2", "model#staging#1", "model@v0.1.0"]
    assert runner.summary.endswith("model@v0.1.0 is in prod.\n")

    # The same commit has one version, and the next commit gets the one that is asked for.
    runner = attested(world, "v0.3.0")
    done = runner.run("stage")
    assert "This commit is registered as model@v0.1.0, not as model@v0.3.0" in done.output
    edit(world.author, "README.md", "# Flight Delays", "# Delays of flights")
    world.author.commit("Rename")
    git(world.author, "push", "--quiet", "origin", "HEAD:main")
    runner = attested(world, "v0.3.0")
    assert passed(runner.run("stage")).outputs == {"version": "model@v0.3.0"}
    review(runner)
    passed(runner.run("promote"))
    assert tags(world)[:2] == ["model#prod#2", "model#prod#4"]


def assert_image_is_that_of_the_release(runner: Runner, docker: Path) -> None:
    """Check that no image is replaced, and that none has a model that was not checked."""

    def again() -> Outcome:
        docker.unlink(missing_ok=True)
        shutil.rmtree(runner.folder / "publish")
        return runner.run("publish")

    passed(again())
    assert "The image of model@v0.1.0 stays as it is" in runner.summary
    fault = docker.with_name("docker.txt.fault")
    fault.write_text("Get https://ghcr.io/v2/: net/http: TLS handshake timeout\n", encoding="utf-8")
    assert "The registry did not say whether ghcr.io/ada/" in again().output
    assert not re.search("^(build|push)", docker.read_text(encoding="utf-8"), re.MULTILINE)
    fault.unlink()
    docker.with_name("docker.txt.revision").write_text("another commit\n", encoding="utf-8")
    assert "exists already, and is not of this commit" in again().output
    assert not re.search("^(build|push)", docker.read_text(encoding="utf-8"), re.MULTILINE)
    model = runner.artifacts / "image" / "models" / "model.skops"
    kept = model.read_bytes()
    model.write_bytes(b"another model")
    assert "models/model.skops: FAILED" in again().output
    assert not docker.exists()
    model.write_bytes(kept)
    docker.with_name("docker.txt.revision").unlink()
    passed(again())


def review(
    runner: Runner, *, self_review: bool = False, branches: Sequence[str] = ("main",)
) -> None:
    """Let the environment `production` have required reviewers, and be for some branches."""
    reviewers = {"type": "required_reviewers", "prevent_self_review": not self_review}
    environment = {
        "protection_rules": [{"type": "branch_policy"}, reviewers],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }
    rules = {"environment": environment, "branches": branches}
    file = runner.folder / "github.json"
    file.write_text(json.dumps(runner.posted | rules), encoding="utf-8")


def assert_page_of_the_version(runner: Runner, model: Path) -> None:
    """Check what is attached to the one version that was released."""
    (release,) = runner.posted["releases"]
    assert release["tag"] == release["title"] == "model@v0.1.0"
    assert "/ada/flight-delays/blob/model@v0.1.0/reports/model_card.md)" in release["notes"]
    files = release["files"]
    assert set(files) == {"SHA256SUMS", "attestation.json", "sbom.json"}
    hashes = {
        "models/model.skops": hashlib.sha256(model.read_bytes()).hexdigest(),
        "sbom.json": hashlib.sha256(files["sbom.json"].encode()).hexdigest(),
    }
    lines = files["SHA256SUMS"].splitlines()
    assert lines == [f"{digest}  {name}" for name, digest in hashes.items()]
    assert json.loads(files["attestation.json"])["subjects"] == hashes
    packages = json.loads(files["sbom.json"])
    assert packages["bomFormat"] == "CycloneDX"
    names = {package["name"] for package in packages["components"]}
    assert {"tabrail", "scikit-learn", "dvc"} < names
    assert not {"ruff", "pytest"} & names


def attested(world: GitHub, version: str) -> Runner:
    """Return a runner whose first two jobs are done: they are those of the release before."""
    kept = world.folder / "runner-release" / "artifacts" / "attested"
    files = {path.name: path.read_bytes() for path in kept.iterdir()}
    runner = releasing(world, inputs={"version": version})
    (runner.artifacts / "attested").mkdir()
    for name, content in files.items():
        (runner.artifacts / "attested" / name).write_bytes(content)
    return runner


@pytest.mark.parametrize(
    ("visibility", "asked", "signs"),
    [("public", "", True), ("private", "", False), ("private", "yes", True)],
)
def test_a_private_repository_attests_if_it_is_asked_to(
    world: GitHub, visibility: str, asked: str, signs: bool
) -> None:
    runner = releasing(world, visibility, secrets={"ATTEST": asked})
    (runner.artifacts / "released").mkdir()
    (runner.artifacts / "released" / "SHA256SUMS").write_text("1  models/model.skops\n")
    passed(runner.run("attest"))
    names = {path.name for path in (runner.artifacts / "attested").iterdir()}
    assert names == {"SHA256SUMS", *(["attestation.json"] if signs else [])}
    assert ("The model is not attested" in runner.summary) != signs


def test_only_main_is_released(world: GitHub) -> None:
    git(world.author, "push", "--quiet", "origin", "HEAD:other")
    done = started(world, "release", "other").run("checklist")
    assert done.result == "failure"
    assert "other is not main" in done.output
    jobs = world.runner(on_branch(BY_HAND, "main"), "release").workflow["jobs"]
    assert [job.get("needs") for job in jobs.values()] == [
        *(None, "checklist", "attest", "stage", ["stage", "bundle"], ["stage", "publish"])
    ]


def test_a_failed_checklist_stops_the_release(world: GitHub) -> None:
    edit(world.author, "docs/runbook.md", "ada@example.com", "you@example.com")
    world.author.commit("Name nobody")
    git(world.author, "push", "--quiet", "origin", "HEAD:main")
    runner = started(world, "release")
    assert runner.run("checklist").result == "failure"
    assert "FAILED    runbook: docs/runbook.md still says: you@example.com" in runner.summary


def watched(world: GitHub, code: int | None = None, log: str = "sqlite:///log.sqlite") -> Runner:
    """Return a runner that watches the model, with a `monitor` that ends with an exit code."""
    state = world.folder / "runner-monitor" / "github.json"
    kept = state.read_text(encoding="utf-8") if state.exists() else ""
    runner = started(world, "monitor", secrets={"PREDICTION_LOG": log})
    if kept:
        state.write_text(kept, encoding="utf-8")
    if code is not None:
        uv = runner.folder / "tools" / "uv"
        uv.write_text(FAKE_MONITOR.format(code=code, uv=shutil.which("uv")), encoding="utf-8")
        uv.chmod(0o755)
    return runner


def test_alert_opens_one_issue_until_all_is_well(world: GitHub) -> None:
    others = [{"number": 1, "state": "open", "user": {"login": "eve"}, "body": "<!-- monitor -->"}]
    for day, code in enumerate((0, 1, 1, 0, 0, 1)):
        runner = watched(world, code)
        if not day:
            file = runner.folder / "github.json"
            file.write_text(json.dumps({"issues": others}), encoding="utf-8")
        passed(runner.run("monitor"))
        assert "drift of @carrier" in runner.summary
        assert "<html" in (runner.artifacts / "monitor.html").read_text(encoding="utf-8")
        passed(runner.run("issue"))
        state = [issue["state"] for issue in runner.posted["issues"]]
        expected = ["open", *[["open"], ["closed"], ["closed", "open"]][(day > 2) + (day > 4)]]
        assert state == (expected if day else ["open"])
        assert len(runner.posted["said"]) == (day > 2)
    alert = runner.posted["issues"][1]
    assert alert["user"] == {"login": BOT}
    assert alert["labels[]"] == "monitoring"
    assert alert["body"].startswith("<!-- monitor -->\n\n[The whole page](https://github.com/")
    assert "~~~~text\ndrift of @carrier\n" in alert["body"]
    assert runner.posted["said"][0]["body"].startswith("The alert is over.\n")
    assert runner.posted["issues"][0] == others[0]


def test_without_a_log_nothing_is_watched(world: GitHub) -> None:
    runner = watched(world, log="")
    passed(runner.run("monitor"))
    assert "the secret PREDICTION_LOG is missing" in runner.summary
    assert runner.run("issue").result == "skipped"


def test_a_model_that_cannot_be_judged_fails(world: GitHub) -> None:
    git(world.author, "tag", "-a", "model@v0.1.0", "-m", "Register")
    git(world.author, "tag", "-a", "model#prod#1", "-m", "Assign")
    git(world.author, "push", "--quiet", "--tags")
    runner = watched(world)
    done = runner.run("monitor")
    assert done.failed.startswith("uv run dvc pull models/model.skops")
    assert git(Project(done.folder), "tag", "--points-at", "HEAD").endswith("model@v0.1.0")
    assert runner.run("issue").result == "skipped"
    assert runner.posted == {}

    # Whoever can push a branch could push such tags. That code would see the secret.
    git(world.author, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", "Unseen")
    git(world.author, "tag", "-a", "model@v9.0.0", "-m", "Register")
    git(world.author, "tag", "-a", "model#prod#99", "-m", "Assign")
    git(world.author, "push", "--quiet", "--tags", "origin", "HEAD:other")
    runner = watched(world)
    done = runner.run("monitor")
    assert "model@v9.0.0 is in prod, but its commit is not on main" in runner.summary
    assert git(Project(done.folder), "tag", "--points-at", "HEAD").endswith("model@v0.1.0")


def retraining(world: GitHub, new: Path | None, *, extend: bool = False, log: str = "") -> Runner:
    """Return a runner that trains with new rows."""
    given = {"NEW_DATA": str(new or ""), "PREDICTION_LOG": log, "MONTHS_BACK": "4 3"}
    inputs = {"force": False, "new_data": True, "extend": extend}
    return started(world, "train", secrets=given, inputs=inputs)


def test_retraining_proposes_what_new_rows_teach(world: GitHub, tmp_path: Path) -> None:
    git(world.author, "tag", "-a", "model@v0.1.0", "-m", "Register")
    git(world.author, "tag", "-a", "model#prod#1", "-m", "Assign")
    git(world.author, "push", "--quiet", "--tags")
    runner = retraining(world, None, log=f"sqlite:///{tmp_path / 'log.sqlite'}")
    said = passed(runner.run("train")).output
    spans = re.findall(
        r"has no row with an outcome from (\d+)-(\d+)-01 .* to (\d+)-(\d+)-01 ", said
    )
    today = datetime.now(UTC)
    months = [[int(y) * 12 + int(m) for y, m in (span[:2], span[2:])] for span in spans]
    now = today.year * 12 + today.month
    assert months == [[now - 4, now - 3], [now - 3, now - 2]]
    assert runner.summary.startswith("There are no new rows.\nNothing changed")

    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(SEPTEMBER, new / "flights.parquet")  # a name that data/raw has, too
    md5 = hashlib.md5(SEPTEMBER.read_bytes(), usedforsecurity=False).hexdigest()
    renamed = f"{md5[:8]}-flights.parquet"
    (new / "notes.txt").write_text("no table\n", encoding="utf-8")
    done = retraining(world, new).run("train")
    assert done.result == "failure"
    assert "dest: 1 new: ILM" in done.output
    assert "nothing was changed; correct the data, or accept with --yes" in done.output

    runner = retraining(world, new, extend=True)
    done = passed(runner.run("train"))
    assert f"added to data/raw: {renamed}" in done.output
    passed(runner.run("propose"))
    git(world.author, "fetch", "--quiet", "origin")
    (branch,) = pending(world)
    changed = git(world.author, "diff", "--name-only", "origin/main", branch)
    assert {"data/raw.dvc", "dvc.lock", "schema.yaml"} < set(changed.splitlines())
    (request,) = runner.posted["pull_requests"]
    assert "ILM" in request["body"]
    assert "<!-- model comparison -->" in request["body"]
    assert "| **fresh rows** | " in request["body"]

    # As long as that waits to be merged, the same rows lead to the same branch.
    runner = retraining(world, new, extend=True)
    assert f"added to data/raw: {renamed}" in passed(runner.run("train")).output
    for _ in range(2):
        shutil.rmtree(runner.folder / "propose", ignore_errors=True)
        done = passed(runner.run("propose"))
        assert "already exists, with the same results" in done.output
    assert len(runner.posted["pull_requests"]) == 1
    git(world.author, "fetch", "--quiet", "origin")
    assert pending(world) == [branch]

    # The rows are in the remote, and once more they are not new.
    git(world.author, "push", "--quiet", "origin", f"{branch}:main")
    kept = world.storage
    world.storage = runner.folder / kept.name
    world.storage = Path(shutil.copytree(world.storage, tmp_path / "kept" / kept.name))
    runner = retraining(world, new)
    passed(runner.run("train"))
    assert runner.summary.startswith("There are no new rows.")


def test_without_a_source_a_schedule_does_nothing(world: GitHub) -> None:
    runner = world.runner(on_branch("schedule", "main"), "train")  # as a new project has it
    done = passed(runner.run("train"))
    assert runner.summary.startswith(
        "Nothing is trained, because neither NEW_DATA nor PREDICTION_LOG is set"
    )
    assert "uv " not in done.output
    assert runner.run("propose").result == "skipped"
    runner = world.runner(on_branch("schedule", "main"), "train", secrets={"NEW_DATA": "/none"})
    shutil.rmtree(runner.folder / "train")
    shutil.copytree(world.storage, runner.folder / world.storage.name)
    done = runner.run("train")
    assert done.failed == "bash retraining/rows.sh"
    assert "/none" in done.output


def test_a_schedule_takes_in_new_rows_and_extends_nothing(world: GitHub) -> None:
    runner = world.runner(on_branch("schedule", "main"), "train")
    (step,) = (s for s in runner.workflow["jobs"]["train"]["steps"] if s.get("id") == "rows")
    assert runner.evaluate(step["if"], {"work": {"outputs": {"there": "yes"}}})
    assert runner.fill(step["env"]["MONTHS_BACK"], {}) == "2 1"
    assert runner.fill(step["env"]["EXTEND"], {}) == ""
    allowed = runner.workflow["jobs"]["propose"]["steps"][2]["env"]
    assert [runner.fill(allowed[name], {}) for name in ("ROWS", "EXTEND")] == ["yes", ""]
