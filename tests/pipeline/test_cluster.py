"""Workers of a Dask cluster give the same bytes as one process, whatever happens to them."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.dask_cluster import DaskCluster, dask_cluster
from support.in_process import call, edit, run_stages, succeed, write_project
from support.projects import shared_folder

from tabrail import cluster, paths
from tabrail.batch import score
from tabrail.ingest import ingest

PARTS, ROWS = 6, 700
RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask")) as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a table in parts, of which some rows come again in another part."""
    folder = shared_folder(tmp_path_factory) / f"cluster-{tmp_path_factory.getbasetemp().name}"
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
        incoming = Path("../incoming")
        incoming.mkdir(exist_ok=True)
        for number in range(PARTS):
            part = table[number * ROWS : (number + 1) * ROWS]
            part.to_csv(incoming / f"part-{number}.csv", index=False)
        succeed("ingest", str(incoming), "--target", "late", "--yes")
        (paths.RAW / "part-empty.csv").write_text(",".join(map(str, table)) + "\n")
        edit("params.yaml", lambda params: params["prepare"].update(parts=True, chunk_rows=300))
        edit("params.yaml", lambda params: params["train"]["search"].update(method="none"))
        run_stages()
    return folder


@pytest.fixture
def project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(made)
    before = {path: Path(path).read_bytes() for path in ("params.yaml", "schema.yaml")}
    yield made
    for name, content in before.items():
        Path(name).write_bytes(content)


@pytest.fixture
def on_cluster(workers: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> DaskCluster:
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    return workers


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


@pytest.mark.parametrize("change", [nothing, by_time, weighted, keeping])
def test_prepare_gives_the_same_bytes(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]
) -> None:
    change()
    succeed("run", "prepare")
    here = sums(*PREPARED)
    assert len(here) == 3 * (PARTS + 1) + 1
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    said = succeed("run", "prepare")
    assert f"cluster {workers.address}: 2 workers, watch them at http://127.0.0.1:" in said
    assert sums(*PREPARED) == here
    frames = [
        pd.read_parquet(f"data/prepared/{name}.parquet") for name in ("train", "validation", "test")
    ]
    assert sum(map(len, frames)) == PARTS * ROWS - (0 if change is keeping else 9)


def test_predict_gives_the_same_bytes(
    project: Path, workers: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noon:
        @staticmethod
        def now(_zone: object) -> datetime:
            return datetime(2026, 1, 1, 12, tzinfo=UTC)

    monkeypatch.setattr(score, "datetime", Noon)
    later = Path("later")
    later.mkdir(exist_ok=True)
    for number, file in enumerate(sorted(paths.RAW.glob("part-?.csv"))):
        rows = pd.read_csv(file, dtype="str", keep_default_na=False).drop(columns="late")
        if number == 3:
            rows.loc[5, "size"] = "large"
        rows.to_csv(later / file.name, index=False)
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
