"""Persons leave the tables, the log and DVC's stores; models and all other data stay.

On a real repository with DVC, whose pipeline takes a moment.
"""

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import sqlalchemy as sa
from conftest import edit, shops
from dvc.repo import Repo
from support.killed import DYING
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.dvc import command
from tabrail.dvc.repository import opened
from tabrail.erasure import forget as module
from tabrail.ingest import ingest, transaction
from tabrail.log import erasure as of_log
from tabrail.log.entries import OUTCOMES, TRACES, Prediction, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.project import code, erased, git
from tabrail.project.pipeline import recorded_model
from tabrail.review import erased_data, remote, revision, verify
from tabrail.review.bundle import bundle
from tabrail.review.check import Check

# The model of this pipeline says of how many rows it is, and the test rows never have the person.
PIPELINE = """\
stages:
  prepare:
    cmd: python make.py prepare
    deps: [data/raw]
    outs: [data/prepared/train.csv, data/prepared/test.csv]
  train:
    cmd: python make.py train
    deps: [data/prepared/train.csv]
    outs: [models/model.skops]
  parts:
    cmd: python make.py parts
    deps: [data/prepared/train.csv]
    outs: [data/parts]
"""
MAKE = """
import csv, pathlib, sys
raw, prepared = pathlib.Path("data/raw"), pathlib.Path("data/prepared")
if sys.argv[1] == "prepare":
    import pandas as pd
    read = lambda f: pd.read_parquet(f) if f.suffix == ".parquet" else pd.read_csv(f, dtype="str")
    files = [f for f in sorted(raw.rglob("*")) if f.is_file() and f.name[0] not in "._"]
    rows = pd.concat([read(f).astype("str") for f in files])
    prepared.mkdir(exist_ok=True)
    rows[rows["customer"] >= "p-0010"].to_csv(prepared / "test.csv", index=False)
    rows[rows["customer"] < "p-0010"].to_csv(prepared / "train.csv", index=False)
rows = list(csv.DictReader((prepared / "train.csv").open()))
if sys.argv[1] == "train":
    pathlib.Path("models").mkdir(exist_ok=True)
    pathlib.Path("models/model.skops").write_text(f"{len(rows)} rows")
if sys.argv[1] == "parts":
    pathlib.Path("data/parts").mkdir(exist_ok=True)
    for city in {row["city"] for row in rows}:
        part = [row["customer"] for row in rows if row["city"] == city]
        pathlib.Path("data/parts", city).write_text("\\n".join(part))
"""
PERSON, OTHER = "p-0007", "p-0008"
ROWS = 3  # of a customer


def customers(rows: int) -> pd.DataFrame:
    """Return shops() with values of the key that are in no hash."""
    found = shops(rows)
    return found.assign(customer="p-" + found["customer"])


def call(*arguments: str, code: int = 0, given: str = "") -> str:
    done = CliRunner().invoke(cli.app, ["forget", *arguments], input=given or None)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def repro() -> None:
    with Repo() as repo:
        repo.reproduce()


def commit(message: str) -> None:
    git.git("add", "--all")
    git.git("commit", "--quiet", "--no-verify", "--message", message)


def push() -> None:
    with opened() as repo:
        repo.push()


def stores() -> dict[str, list[Path]]:
    """Return the objects of the cache and of the remote."""
    folders = {"cache": Path(".dvc/cache/files"), "remote": Path("../store/files")}
    return {
        name: [path for path in sorted(folder.rglob("*")) if path.is_file()]
        for name, folder in folders.items()
    }


def having(value: str, folders: tuple[str, ...] = (".", "../store")) -> list[Path]:
    """Return all files, Git's and DVC's own as well, that hold a value."""
    found = []
    for file in (path for folder in folders for path in sorted(Path(folder).rglob("*"))):
        if not file.is_file() or file.name == "make.py":
            continue
        content = file.read_bytes()
        if content[:4] == b"PAR1":
            content = pd.read_parquet(file).to_csv().encode()
        elif content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        if value.encode() in content:
            found.append(file)
    return found


@pytest.fixture(scope="module")
def made(_files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project of three commits, and its remote.

    The person is in the second commit, and the third has more rows of the person.
    """
    place = tmp_path_factory.mktemp("made")
    top = place / "top"
    top.mkdir()
    with chdir(top):
        for name, text in _files.items():
            if not name.startswith(("data/", "dvc.yaml")):
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_text(text, encoding="utf-8")
        git.git("init", "--quiet", "--initial-branch", "main")
        git.git("config", "user.name", "Ada")
        git.git("config", "user.email", "ada@example.com")
        Path(".dvc").mkdir()
        Path(".dvc/config").write_text(
            "[core]\n    analytics = false\n    remote = s\n"
            "['remote \"s\"']\n    url = ../../store\n"
        )
        Path(".dvc/.gitignore").write_text("/cache\n/tmp\n")
        Path(".gitignore").write_text("*.tmp\n/log\n__pycache__\n")
        Path("make.py").write_text(MAKE)
        Path("dvc.yaml").write_text(PIPELINE)
        Path("data/raw").mkdir(parents=True)
        Path("data/raw/.salt").write_text("0" * 64 + "\n")
        for number, write in enumerate([write_first, write_second, write_third]):
            write(customers(60))
            with Repo() as repo:
                repo.add(["data/raw"])
                repo.reproduce()
                commit(f"{number}")
                repo.push()
            git.git("tag", f"model@v0.{number}.0")
    return place


def write_first(rows: pd.DataFrame) -> None:
    rows[rows["customer"] > OTHER].to_csv("data/raw/a.csv", index=False)


def write_second(rows: pd.DataFrame) -> None:
    rows[rows["customer"] < "p-0004"].to_csv("data/raw/b.csv.gz", index=False)
    rows[rows["customer"].between("p-0004", OTHER)].to_parquet("data/raw/c.parquet")


def write_third(rows: pd.DataFrame) -> None:
    more = Path("data/raw/customer=p-0007/d.csv")
    more.parent.mkdir()
    rows[:2].drop(columns="customer").to_csv(more, index=False)
    rows[:3].assign(customer=[PERSON, OTHER, "p-0001"]).to_csv("data/raw/e.csv", index=False)


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a copy of the project, beside a copy of its remote."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "top")
    monkeypatch.delenv("PREDICTION_LOG", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    code.forget("shops")
    return tmp_path / "top"


def logged(*customers: str) -> None:
    """Write predictions of customers, two to a request."""
    with PredictionLog() as log:
        for number, customer in enumerate(customers):
            request = f"{number // 2:032x}"
            log.write(
                [
                    Prediction(
                        f"{number:032x}",
                        "champion",
                        utc_now(),
                        "m",
                        True,
                        {"customer": customer},
                        [0.5],
                        "no",
                        True,
                        1.0,
                        request,
                        "margin",
                        f"given {number // 2}",
                        trace=f"trace {number // 2}",
                        held=False,
                        texts={"length": 1.0},
                    )
                ]
            )
            log.record(OUTCOMES, {f"{number:032x}": "yes"})


def test_a_person_leaves_tables_log_cache_and_remote_and_models_stay(here: Path) -> None:
    logged(PERSON, PERSON, OTHER, PERSON)
    models = [recorded_model(f"model@v0.{number}.0") for number in range(3)]
    before = stores()
    first = git.text("model@v0.0.0", paths.RAW_POINTER)
    shown = call(PERSON, "--dry-run")
    assert "these would be forgotten" in shown
    assert "6 rows of data/raw" in shown
    assert git.changed_files() == []

    said = call(PERSON)
    assert "6 rows of data/raw" in said
    assert "3 predictions" in said
    assert not Path("data/raw/customer=p-0007").exists()
    assert having(PERSON, ("data/raw", "log")) == []
    assert Path("data/raw/.salt").read_text() == "0" * 64 + "\n"
    left = pd.read_parquet("data/raw/c.parquet")
    assert OTHER in set(left["customer"])
    assert PERSON not in set(left["customer"])
    with PredictionLog() as log:
        rows = log.predictions(utc_now().replace(year=2020), utc_now())
        assert rows["row"].tolist() == [{"customer": OTHER}]
        assert log.requests("given 0") == []
        assert log.requests("given 1") == [f"{1:032x}"]
        with log._engine.connect() as connection:
            assert set(connection.scalars(sa.select(TRACES.c.trace))) == {"trace 1"}
    assert "not committed" in call("--purge", code=1)
    repro()
    commit("Erase data")
    push()
    assert "would be deleted" in call("--purge", "--dry-run")
    assert having(PERSON, ("../store",))
    assert "objects deleted" in call("--purge")
    assert having(PERSON) == []
    for name, found in stores().items():
        lost = {f"{path.parent.name}{path.name}" for path in set(before[name]) - set(found)}
        assert 0 < len(lost) < len(before[name]), name
        assert lost <= set(erased.here()), name
    for digest in models:
        for folder in ("../store", ".dvc/cache"):
            assert Path(folder, "files/md5", digest[:2], digest[2:]).exists()
    assert first == git.text("model@v0.0.0", paths.RAW_POINTER)
    with opened() as repo:  # of the commit without the person, all is there
        assert repo.not_in_remote() == []
    git.git("checkout", "--quiet", "model@v0.0.0")
    with Repo() as repo:
        repo.checkout(force=True)
    with opened() as repo:
        assert repo.stale() == []
    assert command.failure("pull", "--force") == ""


def test_a_second_run_does_nothing(here: Path) -> None:
    logged(PERSON, OTHER)
    call(PERSON)
    changed = git.git("status", "--porcelain")
    record = paths.ERASED.read_bytes()
    assert "nothing to forget" in call(PERSON)
    assert (git.git("status", "--porcelain"), paths.ERASED.read_bytes()) == (changed, record)
    repro()
    commit("Erase data")
    push()
    call("--purge")
    objects = stores()
    assert "nothing to forget" in call(PERSON)
    assert "nothing to delete" in call("--purge")
    assert stores() == objects
    assert git.changed_files() == []


def test_the_record_has_no_value_and_is_known_to_earlier_commits(here: Path) -> None:
    call(PERSON)
    text = paths.ERASED.read_text()
    assert PERSON not in text
    assert len(erased.read(text)) > 5
    commit("Erase data")
    assert erased.of_data() == ""
    assert erased.of_data("model@v0.1.0")
    assert erased.of_data("model@v0.0.0") == ""
    assert erased.is_history("model@v0.1.0")
    git.git("checkout", "--quiet", "-b", "side", "model@v0.1.0")
    assert erased.of_data()
    assert erased.is_history("HEAD")
    Path("new").write_text("")
    commit("elsewhere")
    assert erased.of_data()
    assert not erased.is_history("HEAD")


def test_another_person_is_found_in_what_is_left_of_a_folder(here: Path) -> None:
    for value in (PERSON, "p-0002"):
        call(value)
        repro()
        commit("Erase data")
        push()
        call("--purge")
    assert having(PERSON) == []
    assert having("p-0002") == []


def test_several_persons_come_by_standard_input(here: Path) -> None:
    assert "6 predictions" not in call("-", given=f"{PERSON}\n{OTHER}\n")
    assert having(PERSON, ("data/raw",)) == []
    assert having(OTHER, ("data/raw",)) == []


def test_what_no_commit_names_is_found_in_the_cache(here: Path) -> None:
    customers(30).assign(note="tried").to_csv("data/raw/f.csv", index=False)
    with Repo() as repo:
        repo.add(["data/raw"])
        repo.reproduce()
    git.git("checkout", "--quiet", "--", ".")
    with Repo() as repo:
        repo.checkout(force=True)
    call(PERSON)
    repro()
    commit("Erase data")
    call("--purge")
    assert having(PERSON, (".dvc/cache",)) == []


def test_an_earlier_table_in_another_form_is_read(here: Path) -> None:
    text = customers(30).to_csv(index=False, sep=";")
    Path("data/raw/a.csv").write_text(text.replace("customer", "client"), encoding="utf-16")
    Path("data/raw/broken.csv").write_bytes(b"\x00\x00")
    shutil.rmtree("data/raw/customer=p-0007")
    Path("data/raw/g.csv").write_text(text, encoding="utf-16")
    with Repo() as repo:
        repo.add(["data/raw"])
    commit("other forms")
    git.git("revert", "--no-edit", "HEAD")
    with Repo() as repo:
        repo.checkout(force=True)
    said = call(PERSON)
    assert "1 earlier tables have no column 'customer'" in said
    assert "1 earlier tables can no longer be read" in said
    digests = erased.here()
    old = git.text("HEAD~1", paths.RAW_POINTER)
    assert old is not None
    with opened() as repo:
        (folder,) = [one for one in digests if one in old]
        files = repo.files_of(folder)
    assert files is not None
    assert {"broken.csv", "g.csv"} <= {name for name in files if files[name] in digests}
    assert files["a.csv"] not in digests


def test_an_object_that_only_the_remote_has_is_looked_into(here: Path) -> None:
    shutil.rmtree(".dvc/cache")
    call(PERSON)
    repro()
    commit("Erase data")
    push()
    call("--purge")
    assert having(PERSON) == []
    assert not Path(".dvc/tmp/tabrail-fetched").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "who is to be forgotten"),
        (("--purge",), "records nothing"),
        (("--purge", PERSON), "--purge takes neither"),
        ((PERSON, "--column", "custmer"), "no column 'custmer' in the key"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, here: Path
) -> None:
    said = call(*arguments, code=1)
    assert said.count("\n") == 1
    assert sentence in said


def no_key() -> str:
    edit(paths.SCHEMA, lambda content: content.pop("key"))
    return "has no key"


def uncommitted() -> str:
    Path("make.py").write_text("")
    return "make.py is not committed"


def other_data() -> str:
    customers(9).to_csv("data/raw/new.csv", index=False)
    return "data/raw differs from what data/raw.dvc records"


def no_remote_folder() -> str:
    Path("../store").rename("../elsewhere")
    return "is not on this machine"


def over_http() -> str:
    config = Path(".dvc/config")
    config.write_text(config.read_text() + "['remote \"web\"']\n    url = http://127.0.0.1:9/x\n")
    commit("another remote")
    return "nothing can be deleted over HTTP in the DVC remote web"


def versioned() -> str:
    config = Path(".dvc/config")
    config.write_text(config.read_text() + "    worktree = true\n    version_aware = true\n")
    commit("versions")
    return "keeps versions of files by name"


def no_log() -> str:
    os.environ["PREDICTION_LOG"] = "nothing://x"
    return "PREDICTION_LOG is not the URL of an installed database"


def all_of_it() -> str:
    for name in ("a.csv", "b.csv.gz", "c.parquet", "e.csv"):
        Path("data/raw", name).unlink()
    with Repo() as repo:
        repo.add(["data/raw"])
    commit("less")
    return "would have no rows left"


@pytest.mark.parametrize(
    "happens",
    [
        no_key,
        uncommitted,
        other_data,
        no_remote_folder,
        over_http,
        versioned,
        no_log,
        all_of_it,
    ],
    ids=lambda happens: happens.__name__,
)
def test_what_stands_in_the_way_is_one_sentence_and_nothing_changes(
    happens: Callable[[], str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged(OTHER)
    monkeypatch.setenv("PREDICTION_LOG", "sqlite:///log/predictions.sqlite")
    sentence = happens()
    before, objects = git.git("status", "--porcelain"), stores()
    rows = {path: path.read_bytes() for path in Path("data").rglob("*") if path.is_file()}
    said = call(PERSON, code=1)
    assert said.count("\n") == 1, said
    assert sentence in said
    assert PERSON not in said.replace("customer=p-0007", "")
    assert (git.git("status", "--porcelain"), stores()) == (before, objects)
    after = {path: path.read_bytes() for path in Path("data").rglob("*") if path.is_file()}
    assert after == rows


def test_purge_waits_for_the_pipeline_and_for_the_merge(here: Path) -> None:
    call(PERSON)
    commit("Erase data, and forget the pipeline")
    objects = stores()
    assert "prepare has not run since" in call("--purge", code=1)
    git.git("checkout", "--quiet", "HEAD^", "--", "data/raw.dvc")
    commit("Bring the data back")
    assert "names data that was erased on" in call("--purge", code=1)
    assert stores() == objects


def test_a_remote_that_is_gone_stops_the_purge_before_it_begins(here: Path) -> None:
    call(PERSON)
    repro()
    commit("Erase data")
    Path("../store").rename("../elsewhere")
    objects = stores()
    said = call("--purge", code=1)
    assert "is not on this machine" in said
    assert stores() == objects


@pytest.mark.parametrize("arguments", [(PERSON,), ("--purge",)])
def test_a_remote_out_of_reach_is_one_sentence(
    arguments: tuple[str, ...], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if arguments == ("--purge",):
        call(PERSON)
        repro()
        commit("Erase data")

    def refuse(path: str) -> bool:
        raise OSError(f"no route to {Path(path).name}")

    def remote(*_: object) -> SimpleNamespace:
        fs = SimpleNamespace(exists=refuse, version_aware=False, protocol="ssh")
        return SimpleNamespace(fs=fs, path="/store", worktree=False)

    monkeypatch.setattr("dvc.data_cloud.DataCloud.get_remote", remote)
    before, objects = git.git("status", "--porcelain"), stores()
    said = call(*arguments, code=1)
    assert said == "error: the DVC remote cannot be reached: no route to store\n"
    assert (git.git("status", "--porcelain"), stores()) == (before, objects)


def test_a_sensitive_key_is_not_in_the_log_and_ids_are(here: Path) -> None:
    edit(paths.SCHEMA, lambda content: content["columns"]["customer"].update(sensitive=True))
    commit("sensitive")
    logged("x", "y")
    said = call(PERSON, "--prediction", f"{1:032x}")
    assert "1 predictions" in said
    assert "name the predictions" not in said
    with PredictionLog() as log:
        assert len(log.predictions(utc_now().replace(year=2020), utc_now())) == 1
    assert "is sensitive, so the prediction log does not have it" in call(PERSON)


@pytest.mark.parametrize("place", ["log", "overwrite", "write", "put", "track"])
def test_a_failure_is_finished_by_the_second_run(
    place: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged(PERSON, OTHER)
    places = {
        "log": (of_log, "delete"),
        "overwrite": (of_log, "overwrite"),
        "write": (module, "write_without"),
        "put": (transaction.Transaction, "put_in_place"),
        "track": (ingest, "_dvc_add"),
    }

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    before = Path("data/raw.dvc").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(*places[place], fail)
        call(PERSON, code=130)
    assert Path("data/raw.dvc").read_bytes() == before
    assert not list(Path("data").glob("*.tmp"))
    call(PERSON)
    assert having(PERSON, ("data/raw", "log")) == []
    assert paths.ERASED.exists()


def test_what_a_killed_run_has_deleted_from_the_log_is_overwritten_by_the_next_one(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    visitor = "p-9999"  # of no table
    logged(visitor, OTHER)
    with PredictionLog():  # as a server that goes on
        with monkeypatch.context() as patch:
            patch.setattr(of_log, "overwrite", fail)
            call(visitor, code=130)
        assert having(visitor, ("log",))
        assert "nothing to forget" in call(visitor)
        assert having(visitor, ("log",)) == []


KILLED = (
    DYING
    + """
from tabrail.cli.app import program
from tabrail.ingest import ingest, transaction
from tabrail.log import erasure
from dvc_objects.fs.local import LocalFileSystem
import dvc_objects.fs.local as local

owners = {
    "delete": (erasure, "delete"), "begun": (transaction.Transaction, "put_in_place"),
    "texts": (transaction, "write_texts"), "track": (ingest, "_dvc_add"), "unlink": (os, "unlink"),
    "end": (transaction, "_end"),
}
dying(*owners[place], times)
program()
"""
)


@pytest.mark.parametrize(
    ("place", "times"),
    [
        ("delete", 0),
        ("begun", 0),
        ("texts", 1),
        ("texts", 2),
        ("texts", 3),
        ("track", 0),
        ("end", 0),
    ],
)
def test_a_killed_run_is_finished_by_the_second_one(place: str, times: int, here: Path) -> None:
    logged(PERSON, OTHER)
    command = [sys.executable, "-c", KILLED, place, str(times), "forget", PERSON]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    call(PERSON)
    assert having(PERSON, ("data/raw", "log")) == []
    assert not list(Path("data").glob("*.tmp"))
    repro()
    commit("Erase data")
    push()
    call("--purge")
    assert having(PERSON) == []


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_killed_purge_is_finished_by_the_second_one(times: int, here: Path) -> None:
    call(PERSON)
    repro()
    commit("Erase data")
    push()
    command = [sys.executable, "-c", KILLED, "unlink", str(times), "forget", "--purge"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    call("--purge")
    assert having(PERSON) == []


@pytest.fixture
def later(here: Path) -> Path:
    """Go back to a commit whose data was erased since, in a fresh clone."""
    call(PERSON)
    repro()
    commit("Erase data")
    push()
    call("--purge")
    git.git("clone", "--quiet", ".", "../clone")
    os.chdir("../clone")
    git.git("checkout", "--quiet", "model@v0.1.0")
    git.git("config", "user.name", "Ada")
    git.git("config", "user.email", "ada@example.com")
    return here


def found() -> dict[str, Check]:
    checks = [verify.pipeline_is_up_to_date(), *erased_data.checks(), *remote.checks()]
    return {check.name: check for check in checks}


def test_an_earlier_commit_is_said_to_be_erased_and_keeps_its_model(later: Path) -> None:
    checks = found()
    assert checks["pipeline"].verdict == "ok"
    assert checks["erased"].verdict == "skipped"
    assert re.search(r"was erased on \d{4}-\d\d-\d\d \(data/erased.txt\)", checks["erased"].detail)
    assert str(checks["data"]) == "ok        data: the model is in the DVC remote"
    assert "releases" not in checks
    with revision.checked_out("HEAD") as config:
        assert remote.pushed(config).verdict == "skipped"
    assert command.failure("pull", "models/model.skops") == ""
    assert Path("models/model.skops").read_text() == "30 rows"
    assert "failed" in command.failure("pull").lower()
    model = Path("../store/files/md5", recorded_model()[:2], recorded_model()[2:])
    model.unlink()
    assert found()["data"].verdict == "FAILED"


def test_a_commit_without_the_person_is_not_said_to_be_erased(later: Path) -> None:
    git.git("checkout", "--quiet", "model@v0.0.0")
    checks = found()
    assert "erased" not in checks
    assert checks["data"].detail == "data and model are in the DVC remote"


def test_a_branch_from_before_must_be_merged(later: Path) -> None:
    git.git("switch", "--quiet", "--create", "side")
    Path("new").write_text("")
    commit("elsewhere")
    check = found()["erased"]
    assert (check.verdict, check.fix) == ("FAILED", "run: git fetch && uv run tabrail merge")


def test_a_pointer_that_came_back_is_refused(later: Path) -> None:
    git.git("checkout", "--quiet", "main")
    assert "erased" not in found()
    git.git("checkout", "--quiet", "HEAD^", "--", "data/raw.dvc")
    commit("Bring the data back")
    check = found()["erased"]
    assert check.verdict == "FAILED"
    assert check.fix.startswith("run: git checkout ")
    command = check.fix.removeprefix("run: ").partition(" && ")[0]
    subprocess.run(command.split(), check=True)
    assert erased.of_data() == ""


def test_a_bundle_says_that_the_data_is_erased(later: Path) -> None:
    for path in (paths.EVALUATION, paths.DISTRIBUTIONS):
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    git.git("switch", "--quiet", "--create", "side")
    commit("reports")
    assert "(the data that it was trained with was erased on 2" in bundle(Path("../bundle"))
    assert Path("../bundle/models/model.skops").read_text() == "30 rows"
