"""The table of cases in the manual: what each row says to do is typed, and everything is right."""

import json
import re
import shlex
from pathlib import Path

import pytest
from end_to_end.copies import copied
from end_to_end.reader import page
from support.projects import PACKAGE, STORAGE, Project, hashes, ran

pytestmark = [pytest.mark.slow, pytest.mark.ci("people work side by side for minutes")]

OPTION = "HistGradientBoostingClassifier"
SOUND = ("merge", "commit", "pipeline", "reports", "versions", "data")
MODEL = "models/model.skops"


def cases() -> dict[str, list[str]]:
    """Return the commands of each row of the table, by the row's name."""
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in page("working_together.md").splitlines()
        if line.startswith("| ")
    ]
    return {name: re.findall(r"`([^`]+)`", commands) for name, _, commands in rows[2:]}


CASES = cases()


def follow(project: Project, case: str, *, code: int | None = 0) -> str:
    """Type what a row says; return what all of it printed.

    Args:
        project: where.
        case: the row's name.
        code: the exit code of the first command; the others succeed.
    """
    printed = []
    for number, command in enumerate(CASES[case]):
        words = shlex.split(command)
        if words[0] == "cd":
            project = Project((project.path / words[1]).resolve(strict=True))
        else:
            printed.append(project.run(*words, code=0 if number else code))
    return "\n".join(printed)


def sound(project: Project, *names: str) -> None:
    """Check that data, code and results belong together, and are in the remote."""
    project.uv("dvc", "push", "--quiet")
    checks = json.loads(project.uv("tabrail", "verify", "--json", code=None))["checks"]
    verdicts = {check["name"]: check for check in checks}
    for name in names or SOUND:
        assert verdicts[name]["verdict"] == "ok", verdicts[name]
    assert project.run("git", "status", "--porcelain") == ""


def train(project: Project, option: str, value: float) -> None:
    """Change an option of the estimator, train and commit."""
    text = project.read("params.yaml")
    changed = re.sub(rf"({option}: )[\d.]+", rf"\g<1>{value}", text, count=1)
    assert changed != text
    project.write("params.yaml", changed)
    project.uv("dvc", "repro")
    project.commit(f"{option} {value}")


def ingest(project: Project, name: str, flight: str) -> None:
    """Bring new rows in and commit them, as yet without a run."""
    program = (
        "import pandas as pd; "
        f"rows = pd.read_parquet('data/raw/flights.parquet').tail(200).assign(flight='{flight}'); "
        f"rows.to_parquet('../{name}.parquet')"
    )
    project.uv("python", "-c", program)
    project.uv("tabrail", "ingest", f"../{name}.parquet", "--yes")
    project.commit(f"Rows of {name}")


def push(project: Project, branch: str) -> None:
    project.uv("dvc", "push", "--quiet")
    project.run("git", "push", "--quiet", "--no-verify", "origin", f"HEAD:{branch}")


def files(project: Project) -> list[str]:
    return sorted(path.name for path in (project.path / "data/raw").glob("*.parquet"))


def raw_rows(project: Project) -> int:
    return int(json.loads(project.read("reports/data.json"))["rows"]["raw"])


@pytest.fixture
def mine(finished: Project, tmp_path: Path) -> Project:
    """A project with an origin, on its branch main."""
    return copied(finished, tmp_path, origin=True)


@pytest.fixture
def colleague(mine: Project, finished: Project) -> Project:
    """A clone of the same origin, beside the same storage."""
    mine.run("git", "clone", "--quiet", "../origin.git", "../colleague")
    project = Project(mine.path.with_name("colleague"))
    for key in ("user.name", "user.email"):
        project.run("git", "config", key, "test@example.com")
    project.sync(finished)
    project.take_data(finished)
    return project


def test_every_case_is_followed() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert len(CASES) >= 20
    for case, commands in CASES.items():
        assert f'"{case}"' in text, case
        assert commands, case


def test_rows_are_neither_lost_nor_brought_back_unasked(mine: Project, colleague: Project) -> None:
    before = raw_rows(mine)
    ingest(colleague, "theirs", "9001")
    colleague.uv("dvc", "repro")
    colleague.commit("Train with them")
    push(colleague, "main")

    mine.run("git", "pull", "--quiet")
    printed = mine.uv("dvc", "repro", code=255)  # as if the rows of before were new
    assert "data/raw is the version that data/raw.dvc names in commit" in printed
    assert "git checkout HEAD -- data/raw.dvc && uv run dvc checkout data/raw.dvc" in printed
    mine.run("git", "checkout", "--quiet", "HEAD", "--", "data/raw.dvc", "dvc.lock", "reports")
    follow(mine, "Pull")
    assert files(mine) == ["flights.parquet", "theirs.parquet"]
    sound(mine)

    mine.run("git", "branch", "mine", "HEAD~2")
    follow(mine, "Switch branches")
    assert files(mine) == ["flights.parquet"]
    mine.run("git", "switch", "--quiet", "main")
    mine.uv("dvc", "checkout", "--quiet")

    mine.run("cp", "data/raw/theirs.parquet", "data/raw/again.parquet")
    mine.uv("dvc", "add", "--quiet", "data/raw")
    follow(mine, "Stash")
    assert files(mine) == ["flights.parquet", "theirs.parquet"]
    assert ran(mine.uv("dvc", "repro")) == []
    follow(mine, "Apply a stash")
    assert files(mine) == ["again.parquet", "flights.parquet", "theirs.parquet"]
    mine.run("git", "checkout", "--quiet", "HEAD", "--", "data/raw.dvc")
    mine.uv("dvc", "checkout", "--quiet")

    mine.run("git", "switch", "--quiet", "--create", "back", "HEAD~1")
    follow(mine, "Go back to earlier data")
    assert raw_rows(mine) == before
    follow(mine, "Worktree")
    second = Project(mine.path.with_name("second"))
    sound(second)
    assert hashes(second)[MODEL] == hashes(mine)[MODEL]


def test_the_rows_of_both_who_ingested_are_there(mine: Project, colleague: Project) -> None:
    before = raw_rows(mine)
    ingest(colleague, "theirs", "9001")
    push(colleague, "theirs")
    ingest(mine, "mine", "9002")
    follow(mine, "Both sides ingested")
    assert files(mine) == ["flights.parquet", "mine.parquet", "theirs.parquet"]
    assert raw_rows(mine) == before + 400
    sound(mine)


def test_two_who_trained(mine: Project, colleague: Project) -> None:
    train(colleague, "learning_rate", 0.2)
    push(colleague, "theirs")
    train(mine, "max_leaf_nodes", 7)
    mine.run("git", "fetch", "--quiet", "origin")
    start = mine.run("git", "rev-parse", "HEAD").strip()
    models = set()
    for case, code in {"Merge": 0, "Rebase": 1, "Cherry-pick": 1}.items():
        mine.run("git", "reset", "--quiet", "--hard", start)
        mine.uv("dvc", "checkout", "--quiet")
        follow(mine, case, code=code)
        text = mine.read("params.yaml")
        assert "learning_rate: 0.2" in text
        assert "max_leaf_nodes: 7" in text
        sound(mine)
        parents = mine.run("git", "log", "-1", "--format=%P").split()
        assert len(parents) == (2 if case == "Merge" else 1)
        models.add(hashes(mine)[MODEL])
    assert len(models) == 1


def test_a_run_that_was_killed(mine: Project) -> None:
    mine.edit("params.yaml", "max_iter: 100", "max_iter: 30")
    lock = mine.path / ".dvc/tmp/rwlock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("", encoding="utf-8")
    assert "corrupted" in mine.uv("dvc", "repro", code=255)
    follow(mine, "Killed run")
    mine.commit("Train for less long")
    sound(mine)


def test_a_run_whose_disk_was_full(mine: Project) -> None:
    mine.edit("params.yaml", "max_iter: 100", "max_iter: 30")
    whole = mine.read("dvc.lock")
    for length in (0, 40, 300):
        (mine.path / "dvc.lock").write_text(whole[:length], encoding="utf-8")
        assert "dvc.lock' validation failed" in mine.uv("dvc", "repro", code=255)
    follow(mine, "Full disk")
    mine.commit("Train for less long")
    sound(mine)


def iterations(project: Project) -> str:
    """Return the number of iterations, as params.yaml has it."""
    (found,) = re.findall(r"max_iter: (\d+)\n", project.read("params.yaml").partition(OPTION)[2])[
        :1
    ]
    return str(found)


def test_experiments(mine: Project, colleague: Project) -> None:
    follow(mine, "Queue")
    mine.uv("dvc", "queue", "logs", "thirty", "--follow")
    mine.uv("dvc", "queue", "logs", "twenty", "--follow")
    assert iterations(mine) == "100"
    follow(mine, "Experiment in a temporary folder")
    follow(mine, "Push an experiment")
    follow(colleague, "Pull an experiment")
    assert iterations(colleague) == "40"
    assert "up to date" in colleague.uv("dvc", "status")

    follow(mine, "Apply an experiment")
    assert iterations(mine) == "20"
    sound(mine)
    follow(mine, "Make a branch from an experiment")
    assert iterations(mine) == "30"
    sound(mine)


def test_storage_and_registry(mine: Project, colleague: Project) -> None:
    start = mine.run("git", "rev-parse", "HEAD").strip()
    colleague.run("git", "switch", "--quiet", "--create", "theirs")
    train(colleague, "max_iter", 20)
    push(colleague, "theirs")
    theirs = hashes(colleague)[MODEL]
    colleague.run("git", "tag", "model@v0.1.0", start)
    colleague.run("git", "push", "--quiet", "--no-verify", "origin", "model@v0.1.0")
    assert "v0.1.0" not in mine.uv("gto", "show")
    assert "v0.1.0" in follow(mine, "Squash and tags")

    follow(mine, "Copy a file from another project")
    assert (mine.path.parent / "flights.parquet").stat().st_size > 100_000
    other = mine.path.with_name("other")
    mine.run("git", "clone", "--quiet", "../origin.git", str(other))
    follow(mine, "Import a file from another project")
    assert (mine.path / "other.skops").read_bytes() == (mine.path / MODEL).read_bytes()

    mine.uv("dvc", "pull", "--quiet")
    mine.run("git", "fetch", "--quiet", "origin")
    follow(mine, "Free disk space")
    follow(mine, "Free space in the remote")
    stored = mine.path.with_name(STORAGE) / "files/md5"
    for digest in (theirs, hashes(mine)[MODEL]):
        assert (stored / digest[:2] / digest[2:]).exists()
    sound(mine)

    digest = hashes(mine)[MODEL]
    train(mine, "max_iter", 30)
    (stored / digest[:2] / digest[2:]).unlink()
    (mine.path / ".dvc/cache/files/md5" / digest[:2] / digest[2:]).unlink()
    failed = mine.uv("tabrail", "verify", code=1)
    assert "the DVC remote lacks the models of released versions: model@v0.1.0" in failed
    follow(mine, "Lost release")
    assert (stored / digest[:2] / digest[2:]).exists()


def test_another_name_and_another_library(mine: Project) -> None:
    mine.edit(f"{PACKAGE}/evaluate.py", '    "roc_auc",\n', "")
    mine.uv("dvc", "repro")
    mine.commit("Another main metric")
    verdicts = mine.uv("tabrail", "verify", code=1)
    assert "main_metric: roc_auc, the base's main metric, is no longer in METRICS" in verdicts
    follow(mine, "Renamed metric")
    assert "accepted  main_metric" in mine.uv("tabrail", "verify", code=None)

    mine.edit("uv.lock", 'name = "skops"\nversion = "', 'name = "skops"\nversion = "0')
    mine.run("git", "commit", "--all", "--quiet", "--no-verify", "--message", "Update")
    assert "FAILED    versions: the model was trained with skops" in mine.uv(
        "tabrail", "verify", "--no-remote", code=1, UV_FROZEN="1"
    )
    mine.run("git", "checkout", "--quiet", "HEAD~1", "--", "uv.lock")
    assert ran(follow(mine, "Update of a library")) == ["prepare", "train", "evaluate"]
