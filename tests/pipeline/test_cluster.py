"""Workers of a Dask cluster give the same bytes as one process, whatever happens to them."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed.client import FutureCancelledError
from support.dask_cluster import DaskCluster, dask_cluster
from support.in_process import call, edit, run_stages, succeed, write_project

from tabrail import cluster, paths
from tabrail.batch import score
from tabrail.cluster import client
from tabrail.cluster import workers as module
from tabrail.data import tables
from tabrail.data.prepare import SPLITS
from tabrail.errors import InputError
from tabrail.ingest import ingest

SLOW = pytest.mark.ci("a cluster takes seconds")
PARTS, ROWS = 6, 700
RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask")) as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a table in parts, of which some rows come again in another part."""
    folder = tmp_path_factory.mktemp("cluster")
    write_project(folder, data_file="t.csv", target="late", project_slug="clustered")
    table = pd.DataFrame(
        {
            "opened": pd.date_range("2021-01-01", periods=PARTS * ROWS, freq="h").strftime(
                "%Y-%m-%d %H:%M"
            ),
            "size": RANDOM.normal(size=PARTS * ROWS).round(3),
            "colour": RANDOM.choice(["red", "green", "blue", ""], PARTS * ROWS),
            "weight": RANDOM.gamma(2, size=PARTS * ROWS).round(2),
        }
    )
    table["late"] = np.where(table["size"] + RANDOM.normal(size=len(table)) > 0.5, "yes", "no")
    table.loc[ROWS * 2 + 5 : ROWS * 2 + 9] = table.loc[3:7].to_numpy()  # in another part
    table.loc[ROWS + 1] = table.loc[ROWS].to_numpy()  # in the same one
    table.loc[ROWS * 5 : ROWS * 5 + 2] = table.loc[3:5].to_numpy()  # for the third time
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "_dvc_add", lambda: None)
        incoming = folder.with_name(f"{folder.name}-incoming")
        incoming.mkdir(exist_ok=True)
        for number in range(PARTS):
            part = table[number * ROWS : (number + 1) * ROWS]
            part.to_csv(incoming / f"part-{number}.csv", index=False)
        succeed("ingest", str(incoming), "--target", "late", "--yes")
        (paths.RAW / "part-empty.csv").write_text(",".join(map(str, table)) + "\n")
        edit("params.yaml", lambda params: params["prepare"].update(parts=True, chunk_rows=300))
        edit("params.yaml", lambda params: params["train"]["search"].update(method="none"))
        run_stages()
        later = Path("later")
        later.mkdir(exist_ok=True)
        for number, file in enumerate(sorted(paths.RAW.glob("part-?.csv"))):
            rows = pd.read_csv(file, dtype="str", keep_default_na=False).drop(columns="late")
            if number == 3:
                rows.loc[5, "size"] = "large"
            rows.to_csv(later / file.name, index=False)
    return folder


@pytest.fixture
def project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(made)
    before = {path: Path(path).read_bytes() for path in ("params.yaml", "schema.yaml")}
    yield made
    for name, content in before.items():
        Path(name).write_bytes(content)


def sums(*places: Path) -> dict[str, str]:
    """Return a hash of each file in some folders, and of some files."""
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    return {
        str(file): sha256(file.read_bytes()).hexdigest() for file in sorted(files) if file.is_file()
    }


PREPARED = (Path("data/prepared"), paths.DATA_REPORT)


def by_time() -> None:
    edit("params.yaml", lambda params: params["prepare"]["split"].update(method="time"))
    edit("schema.yaml", lambda schema: schema.update(time="opened"))


def weighted() -> None:
    edit("schema.yaml", lambda schema: schema.update(weight="weight"))


def keeping() -> None:
    edit("schema.yaml", lambda schema: schema.update(duplicates="keep"))


def nothing() -> None:
    """Change nothing."""


@pytest.mark.parametrize(
    "change", [nothing, by_time, *(pytest.param(one, marks=SLOW) for one in (weighted, keeping))]
)
def test_prepare_gives_the_same_bytes(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]
) -> None:
    change()
    succeed("run", "prepare")
    here = sums(*PREPARED)
    assert len(here) == 3 * (PARTS + 1) + 1
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    said = succeed("run", "prepare")
    assert f"cluster {workers.address} has 2 workers; watch it at http://127.0.0.1:" in said
    assert sums(*PREPARED) == here
    frames = [
        pd.read_parquet(f"data/prepared/{name}.parquet") for name in ("train", "validation", "test")
    ]
    assert sum(map(len, frames)) == PARTS * ROWS - (0 if change is keeping else 9)


class Noon:
    """A clock that stands."""

    @staticmethod
    def now(_zone: object) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_predict_gives_the_same_bytes(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "datetime", Noon)
    options = ("--rejected", "bad.csv", "--overwrite")
    for out in ("scores.csv.gz", "scores.parquet"):
        said = succeed("predict", "later", out, *options)
        here = sums(Path(out), Path("bad.csv"))
        with monkeypatch.context() as patch:
            patch.setenv(cluster.VARIABLE, workers.address)
            assert said in succeed("predict", "later", out, *options)
        assert sums(Path(out), Path("bad.csv")) == here
    assert "4,199 rows scored" in said
    refused = call("predict", "later", "other.csv")
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    there = call("predict", "later", "other.csv")
    assert (there.code, there.crash) == (1, None)
    assert refused.output in there.output
    assert "1 cannot be scored" in there.output
    assert not Path("other.csv").exists()


@SLOW
def test_search_finds_the_same(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"method": "random", "candidates": 3, "folds": 2}
    edit("params.yaml", lambda params: params["train"]["search"].update(wanted))
    succeed("run", "train")
    here = sums(paths.SEARCH, paths.MODEL)
    assert len(pd.read_csv(paths.SEARCH)) == 3
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    assert "2 workers" in succeed("run", "train")
    assert sums(paths.SEARCH, paths.MODEL) == here


CLEAN = """
def clean(rows: pd.DataFrame) -> pd.DataFrame:
    {body}


def main"""


@contextlib.contextmanager
def cleaning(body: str) -> Iterator[None]:
    """Let the project have another cleaning function."""
    file = Path("src/clustered/prepare.py")
    before = file.read_text()
    head, _, rest = before.partition("def clean")
    _, _, main = rest.partition("def main")
    file.write_text(f"import os\n{head}{CLEAN.format(body=body).strip()}{main}")
    try:
        yield
    finally:
        file.write_text(before)


def test_workers_take_the_code_of_now(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    succeed("run", "prepare")
    plain = sums(*PREPARED)
    with cleaning("return rows[rows.index % 5 != 0]"):
        succeed("run", "prepare")
        there = sums(*PREPARED)
        monkeypatch.delenv(cluster.VARIABLE)
        assert "left out by clean" in succeed("run", "prepare")
        assert sums(*PREPARED) == there != plain


@SLOW
def test_workers_go_from_one_project_to_another(
    project: Path, workers: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    succeed("run", "prepare")
    other = shutil.copytree(project, tmp_path / "other")
    with cleaning("return rows[rows.index % 5 != 0]"), monkeypatch.context() as patch:
        shutil.copytree("src", other / "src", dirs_exist_ok=True)
        patch.chdir(other)
        assert "left out by clean" in succeed("run", "prepare")
    assert "left out by clean" not in succeed("run", "prepare")


KILLED = """if os.path.exists("kill") and "TQDM_DISABLE" in os.environ:
        os.remove("kill")
        os.kill(os.getpid(), 9)
    return rows"""


@pytest.mark.parametrize("stage", ["prepare", pytest.param("predict", marks=SLOW)])
def test_a_worker_that_is_killed_changes_nothing(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with cleaning(KILLED):
        command, results = ["run", "prepare"], list(PREPARED)
        if stage == "predict":
            monkeypatch.setattr(score, "datetime", Noon)
            command = ["predict", "later", "scores.csv", "--overwrite", "--rejected", "bad.csv"]
            results = [Path("scores.csv")]
            run_stages()
        succeed(*command)
        here = sums(*results)
        Path("kill").touch()
        monkeypatch.setenv(cluster.VARIABLE, workers.address)
        succeed(*command)
    assert not Path("kill").exists()
    assert sums(*results) == here
    assert not list(Path("data/prepared").glob("*.tmp"))
    workers.wait(2)


@pytest.mark.ci("workers end and come back")
def test_a_search_survives_a_worker(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"method": "random", "candidates": 3, "folds": 2}
    edit("params.yaml", lambda params: params["train"]["search"].update(wanted))
    features = Path("src/clustered/features.py")
    before = features.read_text()
    head, _, rest = before.partition("def derive")
    signature, _, body = rest.partition("\n")
    killing = f"    {KILLED}".replace("    return rows", "")
    try:
        features.write_text(f"import os\n{head}def derive{signature}\n{killing}\n{body}")
        succeed("run", "prepare")
        succeed("run", "train")
        here = sums(paths.SEARCH, paths.MODEL)
        Path("kill").touch()
        monkeypatch.setenv(cluster.VARIABLE, workers.address)
        succeed("run", "train")
        assert not Path("kill").exists()
        assert sums(paths.SEARCH, paths.MODEL) == here
    finally:
        features.write_text(before)
        Path("kill").unlink(missing_ok=True)
        workers.wait(2)


def test_a_search_over_which_workers_end_is_given_up(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    calls = []

    def end() -> None:
        calls.append(1)
        raise InputError("train.search: lost") from FutureCancelledError("key", "forgotten")

    with pytest.raises(
        InputError, match="workers ended 3 times during the search, probably because"
    ):
        cluster.with_joblib(project, end)
    assert len(calls) == 3


def refused(*command: str) -> str:
    """Run a command that is refused, before which nothing has changed; return what it prints."""
    before = sums(*PREPARED)
    done = call(*command)
    assert (done.code, done.crash) == (1, None), done.output
    assert sums(*PREPARED) == before
    return done.output


def test_a_fault_of_the_data_is_said_as_here(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in ("raise ValueError('no such thing')", "return rows.drop(columns='size')"):
        with cleaning(body):
            here = refused("run", "prepare")
            with monkeypatch.context() as patch:
                patch.setenv(cluster.VARIABLE, workers.address)
                there = refused("run", "prepare")
        error = next(line for line in here.splitlines() if line.startswith("error: "))
        assert error in there
        assert "clustered.prepare.clean" in error


def test_a_scheduler_that_is_not_there_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nowhere", "udp://127.0.0.1:1", "tls://127.0.0.1:9"):
        monkeypatch.setenv(cluster.VARIABLE, address)
        said = refused("run", "prepare")
        assert f"error: DASK_SCHEDULER is '{address}', but no scheduler answers there" in said
        assert "unset DASK_SCHEDULER" in said


def test_workers_that_differ_are_refused(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    real = module.fingerprint(project)
    for name, shown in (
        ("tabrail", "does not have the same tabrail as this machine; check out the same commit"),
        ("the project's uv.lock", "does not have the same uv.lock"),
        ("the project's code in src", "does not have the same code in src"),
        ("the package numpy", f"numpy {real['the package numpy']}, but this machine has 1.0"),
    ):
        other = real | {name: "1.0"}
        with monkeypatch.context() as patch:
            patch.setattr(module, "fingerprint", lambda *_, other=other: other)
            assert shown in refused("run", "prepare")


def test_a_worker_without_the_data_is_refused(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    said = f"worker tcp://.* has no {Path('elsewhere').resolve()}; every worker needs the project"
    with (
        pytest.raises(InputError, match=said),
        cluster.chosen(project, [paths.RAW, Path("elsewhere")]),
    ):
        pass


def test_one_run_at_a_time_uses_the_workers(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    with cluster.chosen(project) as first, cluster.chosen(project) as second:
        assert list(second(range, [2, 3], "count")) == [0, 1, 0, 1, 2]
        with pytest.raises(
            InputError, match="now work for another run of tabrail; use them for one"
        ):
            list(first(range, [2, 3], "count"))


def test_parts_are_needed_on_a_cluster(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("params.yaml", lambda params: params["prepare"].update(parts=False))
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    assert "set prepare.parts to true in params.yaml, or unset DASK" in refused("run", "prepare")


@SLOW
def test_tables_change_between_a_file_and_parts(project: Path) -> None:
    succeed("run", "prepare")
    rows = {name: tables.read(path) for name, path in SPLITS.items()}
    report = paths.DATA_REPORT.read_bytes()
    edit("params.yaml", lambda params: params["prepare"].update(parts=False))
    succeed("run", "prepare")
    assert paths.TRAIN.is_file()
    for name, path in SPLITS.items():
        pd.testing.assert_frame_equal(rows[name], tables.read(path))
    assert paths.DATA_REPORT.read_bytes() == report
    edit("params.yaml", lambda params: params["prepare"].update(parts=True))
    succeed("run", "prepare")
    assert paths.TRAIN.is_dir()


@pytest.mark.ci("it starts more workers")
def test_a_worker_without_the_settings_of_the_library_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dask_cluster(tmp_path, workers=0) as found:
        monkeypatch.setenv(cluster.VARIABLE, found.address)
        with monkeypatch.context() as patch:
            patch.setattr(client, "SECONDS", 2)
            said = refused("run", "prepare")
            assert f"the scheduler at {found.address} has no workers; start one" in said
        # As on a processor for which OpenBLAS picks another kernel.
        found.add_worker(preload="numpy", OPENBLAS_CORETYPE="Nehalem")
        assert "start it with: --preload tabrail" in refused("run", "prepare")


@pytest.mark.ci("workers end and come back")
def test_a_worker_without_memory_is_said(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hungry = """if "TQDM_DISABLE" in os.environ:
        kept = [bytearray(b"x" * 100_000_000) for _ in range(40)]
    return rows"""
    with dask_cluster(tmp_path, workers=0) as found, cleaning(hungry):
        found.add_worker("--nthreads", "1", "--memory-limit", "700MB")
        monkeypatch.setenv(cluster.VARIABLE, found.address)
        said = refused("run", "prepare")
    assert "workers ended during this work" in said
    assert "(667.57 MiB)" in said
    assert "--memory-limit" in said


@pytest.mark.ci("it starts more workers")
def test_threads_and_the_order_change_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed("run", "prepare")
    here = sums(*PREPARED)
    late = """if "TQDM_DISABLE" in os.environ and len(rows) and rows.index[0] == 0:
        __import__("time").sleep(0.3 * (os.getpid() % 2))
    return rows"""
    with dask_cluster(tmp_path, workers=0) as found:
        found.add_worker("--nthreads", "3")
        found.add_worker("--nthreads", "2")
        monkeypatch.setenv(cluster.VARIABLE, found.address)
        for _ in range(3):
            succeed("run", "prepare")
            assert sums(*PREPARED) == here
        with cleaning(late):
            succeed("run", "prepare")
            assert sums(*PREPARED) == here
