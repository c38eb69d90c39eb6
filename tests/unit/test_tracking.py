"""A committed run goes to MLflow once, and the registry there follows the tags of GTO."""

import base64
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from runs import Repository
from support.mlflow_stub import Client, answering
from support.servers import free_port
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.tracking import recorded, runs, server
from tabrail.tracking import track as tracking
from tabrail.tracking.server import Server

LOCK = """schema: '2.0'
stages:
  train:
    params:
      params.yaml:
        train: {{estimator: a.B, options: {{layers: [32, 16], deep: {{er: 0.1}}, none: null}}}}
        prepare.split.method: hash
      pyproject.toml:
        tool.tabrail.results.train: 2
    outs:
    - path: models/model.skops
      md5: {model}
"""
PIPELINE = """stages:
  evaluate:
    cmd: evaluate
    metrics:
    - reports/metrics.json: {cache: false}
    - reports/mine.yaml: {cache: false}
    outs:
    - reports/plots: {cache: false}
"""
METRICS = {"validation.roc_auc": 0.7, "test.f1": None, "rows": 3, "whole": True}
SECONDS = count(1_800_000_000)
PROJECT = '[project]\nname = "shops"\n'


def files(model: str) -> dict[str, str]:
    """Return the files of a run whose model has some content."""
    md5 = hashlib.md5(model.encode(), usedforsecurity=False).hexdigest()
    return {
        "dvc_lock": LOCK.format(model=md5),
        "dvc_yaml": PIPELINE,
        "params_yaml": "train: {}\n",
        "pyproject_toml": PROJECT,
        "reports__metrics_json": json.dumps(METRICS),
        "reports__mine_yaml": "cost (€): 12\nname: mine\n",
    }


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository with a run; let `bundle` write a model of its commit."""
    monkeypatch.chdir(tmp_path)
    paths.METRICS.parent.mkdir()

    def bundle(folder: Path, commit: str) -> str:
        (folder / paths.MODEL).parent.mkdir(parents=True)
        (folder / paths.MODEL).write_text(commit, encoding="utf-8")
        return ""

    monkeypatch.setattr(runs, "bundle", bundle)
    monkeypatch.setattr(runs, "checked_out", lambda _: nullcontext())
    made = Repository()
    made.commit("Train", **files("one"))
    return made


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Let MLflow be in memory."""
    made = Client()

    @contextmanager
    def connected() -> Iterator[Server]:
        yield Server("http://mlflow.example", made)

    monkeypatch.setattr(tracking, "connected", connected)
    return made


def track(revision: str = "HEAD", name: str = "") -> list[str]:
    """Track a revision and return what is said."""
    said: list[str] = []
    tracking.track(revision, name, said.append)
    return said


def gto(repository: Repository, *names: str) -> None:
    """Write tags as GTO does, one a second: of HEAD, or of the version that `… of …` names."""
    for name in names:
        tag, _, version = name.partition(" of ")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GIT_COMMITTER_DATE", f"{next(SECONDS)} +0000")
            repository.git("tag", "--annotate", tag, f"{version or 'HEAD'}^{{}}", "--message", "x")


def test_the_key_is_the_hash_of_the_lock_file(repository: Repository) -> None:
    content = paths.LOCK.read_bytes()
    assert recorded.read("HEAD").key == hashlib.sha256(content).hexdigest()
    paths.LOCK.write_text("something else", encoding="utf-8")  # it is read as committed
    assert recorded.read("HEAD").key == hashlib.sha256(content).hexdigest()


def test_parameters_are_those_of_the_run_and_metrics_those_that_dvc_shows(
    repository: Repository,
) -> None:
    found = recorded.read("HEAD")
    assert found.params == {
        "train.estimator": "a.B",
        "train.options.layers": "[32, 16]",
        "train.options.deep.er": "0.1",
        "train.options.none": "null",
        "prepare.split.method": "hash",
        "tool.tabrail.results.train": "2",
    }
    assert found.metrics == {
        "validation.roc_auc": 0.7,
        "rows": 3.0,
        "reports/mine/cost ___": 12.0,
    }


def test_a_run_is_logged_once(repository: Repository, client: Client) -> None:
    (first,) = track()
    assert first.startswith(f"the run of {recorded.read('HEAD').commit[:12]} is logged: http://")
    assert first.endswith("/#/experiments/1/runs/r0")
    repository.commit("Explain", readme_md="words")  # of the same run
    (second,) = track()
    assert "was logged before" in second
    (run,) = client.runs
    assert client.experiments == ["shops"]
    assert run.info.status == "FINISHED"
    assert run.data.tags["dvc_lock_sha256"] == recorded.read("HEAD").key
    assert run.data.tags["model_md5"] == recorded.read("HEAD").model
    assert run.data.tags["mlflow.source.git.commit"] == git.commit("HEAD^")
    assert run.data.name.endswith(" Train")
    assert set(run.data.artifacts) == {
        *("dvc.lock", "dvc.yaml", "params.yaml", "model/model.skops"),
        *("reports/metrics.json", "reports/mine.yaml"),
    }


def test_a_run_that_was_broken_off_is_completed(repository: Repository, client: Client) -> None:
    client.breaks_at = "model.skops"
    with pytest.raises(ConnectionError):
        track()
    (run,) = client.runs
    assert run.info.status == "RUNNING"
    before = (dict(run.data.params), list(run.data.metrics))
    client.breaks_at = ""
    assert "is logged" in track()[0]
    assert len(client.runs) == 1
    assert run.info.status == "FINISHED"
    assert (run.data.params, run.data.metrics) == before
    assert "model/model.skops" in run.data.artifacts


def test_two_at_the_same_moment_log_into_one_run(
    repository: Repository, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = client.create_run

    def both(*given: Any, **more: Any) -> Any:
        create(*given, **more)  # the other one's
        return create(*given, **more)

    monkeypatch.setattr(client, "create_run", both)
    assert track()[0].endswith("/runs/r0")
    (run,) = client.runs
    assert (run.info.run_id, run.info.status) == ("r0", "FINISHED")


def test_a_model_that_is_not_to_be_had_leaves_no_run(
    repository: Repository, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bundle(*_: Any) -> str:
        raise InputError("gone")

    monkeypatch.setattr(runs, "bundle", bundle)
    with pytest.raises(InputError, match="gone"):
        track()
    assert client.runs == []


def test_a_revision_without_a_run_is_refused(repository: Repository, client: Client) -> None:
    with pytest.raises(InputError, match="nowhere is not a revision in this clone"):
        track("nowhere")
    repository.commit(dvc_lock="stages: {}\n")
    with pytest.raises(InputError, match=r"has no run, because its dvc.lock does not name models"):
        track()


def test_a_version_is_registered_once(repository: Repository, client: Client) -> None:
    gto(repository, "model@v0.1.0", "model@v0.1.1")
    said = track()
    assert said[1:] == ["model@v0.1.1 is version 1 of shops", "model@v0.1.0 is version 2 of shops"]
    assert track()[1:] == said[1:]
    assert len(client.runs) == 1
    assert {one.run_id for one in client.versions} == {"r0"}
    assert client.aliases == {}


def test_a_withdrawn_version_is_not_registered(repository: Repository, client: Client) -> None:
    gto(repository, "model@v0.1.0", "model@v0.1.0!")
    assert len(track()) == 1
    assert client.models == []


def test_aliases_follow_promotion_rollback_and_an_emptied_stage(
    repository: Repository, client: Client
) -> None:
    gto(repository, "model@v0.1.0", "model#staging#1", "model#prod#2")
    said = track()
    assert said[2:] == [
        "alias prod of shops is version 1",
        "alias staging of shops is version 1",
    ]
    repository.commit("Train again", **files("two"))
    gto(repository, "model@v0.2.0", "model#staging#3")
    assert track()[2:] == [
        "model@v0.1.0 is version 1 of shops",
        "alias staging of shops is version 2",
    ]
    gto(repository, "model#prod#4")
    track()
    assert client.aliases == {"prod": "2", "staging": "2"}
    gto(repository, "model#prod#5 of model@v0.1.0")
    assert track()[-1] == "alias prod of shops is version 1"
    gto(repository, "model#prod!#6 of model@v0.1.0")
    assert track()[-1] == "alias prod of shops is version 2"  # as GTO has it
    gto(repository, "model#prod!#7 of model@v0.2.0")
    client.aliases["champion"] = "2"  # somebody's own
    assert track()[-1] == "alias prod of shops is deleted, because the stage is empty"
    assert client.aliases == {"staging": "2", "champion": "2"}
    # GTO can also be told to delete its tags.
    repository.git("tag", "--delete", "model#staging#1", "model#staging#3")
    track()
    assert client.aliases == {"champion": "2"}
    assert len(client.runs) == len(client.versions) == 2


def test_a_version_in_a_stage_is_logged_with_another_revision(
    repository: Repository, client: Client
) -> None:
    gto(repository, "model@v0.1.0", "model#prod#1")
    repository.commit("Train again", **files("two"))
    track()
    assert [run.data.name.split(" ", 1)[1] for run in client.runs] == ["Train again", "Train"]
    assert client.versions[0].run_id == "r1"
    assert client.aliases == {"prod": "1"}


def test_a_tag_that_was_moved_is_another_version(repository: Repository, client: Client) -> None:
    gto(repository, "model@v0.1.0", "model#prod#1")
    track()
    repository.git("tag", "--delete", "model@v0.1.0", "model#prod#1")
    repository.commit("Train again", **files("two"))
    gto(repository, "model@v0.1.0", "model#prod#1")
    track()
    assert client.aliases == {"prod": "2"}


def test_tags_of_origin_are_fetched(
    repository: Repository, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("clone", "--quiet", ".", "clone")
    gto(repository, "model@v0.1.0", "model#prod#1")
    monkeypatch.chdir("clone")
    track()
    assert client.aliases == {"prod": "1"}
    repository.git("remote", "set-url", "origin", str(tmp_path / "gone"))
    assert track()[0].startswith("warning: the stage is read from this clone")
    monkeypatch.chdir(tmp_path)
    repository.git("clone", "--quiet", "--depth=1", tmp_path.as_uri(), "shallow")
    monkeypatch.chdir("shallow")
    with pytest.raises(InputError, match="lacks the registry's tags; run: git fetch --unshallow"):
        track()


def test_names(repository: Repository, client: Client) -> None:
    track(name="Shops of 2026")
    assert client.experiments == ["Shops of 2026"]
    with pytest.raises(InputError, match='"a\' OR 1" cannot be the name of a model'):
        track(name="a' OR 1")


def test_an_experiment_that_cannot_be_used(repository: Repository, client: Client) -> None:
    client.location = "/mlruns/1"
    with pytest.raises(InputError, match="stores files in /mlruns/1, a folder on its own machine"):
        track()
    client.location, client.stage = "mlflow-artifacts:/1", "deleted"
    with pytest.raises(InputError, match="the experiment 'shops' was deleted at http://mlflow"):
        track()
    assert client.runs == []


def command(monkeypatch: pytest.MonkeyPatch, address: str = "") -> str:
    """Run the command with a server's address; return its message, which has no password."""
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    monkeypatch.setenv(server.VARIABLE, address)
    start = time.monotonic()
    done = CliRunner().invoke(cli.app, ["track"])
    assert time.monotonic() - start < 10
    assert done.exit_code == 1
    assert "s3cret" not in done.output
    assert done.output.startswith("error: ")
    assert done.output.count("\n") == 1
    return done.output.removeprefix("error: ")


def test_without_an_address_it_says_what_to_set(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(monkeypatch).startswith("MLFLOW_TRACKING_URI is not set; set it to the address")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:s3cret@host/db",
        "ada:s3cret@host",
        "http://",
        "http://[s3cret",
        "http://a:s3cret",
        "mlruns",
    ],
)
def test_what_is_no_address_is_refused(
    address: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = command(monkeypatch, address)
    assert found.startswith("MLFLOW_TRACKING_URI is not the address of a server")


def test_without_the_client_it_says_what_to_run(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    found = command(monkeypatch, "http://127.0.0.1:1")
    assert "is not installed in this environment; run: uv run --group mlflow tabrail track" in found


def test_a_missing_server(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    found = command(monkeypatch, f"http://ada:s3cret@127.0.0.1:{port}/")
    address = f"http://127.0.0.1:{port}"
    assert found == (
        f"no server answers at {address} (connection refused); check MLFLOW_TRACKING_URI\n"
    )


def test_the_rest_of_an_address_is_kept(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = command(monkeypatch, f"http://ada:s3cret@[::1]:{free_port()}/a/b/?c")
    assert re.search(r"no server answers at http://\[::1\]:\d+/a/b \(", found)


def test_a_server_that_does_not_answer(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with answering(200, seconds=3) as (port, _):
        found = command(monkeypatch, f"http://ada:s3cret@127.0.0.1:{port}")
    assert "no server answers at http://127.0.0.1:" in found
    assert "(timed out)" in found


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, "You are not authenticated.", "refuses the credentials (401); set MLFLOW_TRACKING"),
        (403, "Permission denied", "does not allow this (403); ask for the right"),
        (
            403,
            '{"error_code": "PERMISSION_DENIED", "message": "no"}',
            "does not allow this (403); ask for the right",
        ),
        (
            404,
            "<html>Not found</html>",
            "is not an MLflow server (error 404); check MLFLOW_TRACKING",
        ),
        (404, '{"detail": "Not Found"}', "is not an MLflow server (its answer is not MLflow's)"),
        (200, "<html>Welcome</html>", "is not an MLflow server (its answer is not MLflow's)"),
        (200, "[]", "is not an MLflow server (its answer is not MLflow's)"),
        (200, "{}", "is not an MLflow server (it stores no files); check MLFLOW_TRACKING_URI"),
        (500, "Oops", "fails (error 500); check its log, and run the command again"),
        (
            400,
            '{"error_code": "INVALID_STATE", "message": "The store\\nis locked"}',
            "refuses it: INVALID_STATE: The store is locked",
        ),
    ],
)
def test_a_server_that_says_no(
    status: int,
    body: str,
    expected: str,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(status, body) as (port, sent):
        found = command(monkeypatch, f"http://ada:s3cret%21@127.0.0.1:{port}")
    assert f"at http://127.0.0.1:{port} {expected}" in found
    assert set(sent) == {"Basic " + base64.b64encode(b"ada:s3cret!").decode()}
