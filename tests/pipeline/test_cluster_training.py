"""Workers of a Dask cluster fit one model together: the same bytes again, and XGBoost's own."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from support.dask_cluster import DaskCluster, dask_cluster
from support.in_process import call, edit, run_stages, succeed, write_project
from support.projects import shared_folder
from xgboost.core import XGBoostError

from tabrail import InputError, Project, cluster, fit, load_model, paths, save_model
from tabrail.cluster import together
from tabrail.data import sample
from tabrail.model.metadata import read_metadata
from tabrail.project import code
from tabrail.testing import check_model

PARTS, ROWS = 5, 400
OPTIONS = {"n_estimators": 10, "max_leaves": 7, "subsample": 0.8, "colsample_bytree": 0.8}
TASKS = {"binary": "late", "multiclass": "level", "regression": "delay"}


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what makes the project of a task, whose training table is in parts."""
    folders: dict[str, Path] = {}

    def make(task: str) -> Path:
        if task not in folders:
            base = shared_folder(tmp_path_factory) / tmp_path_factory.getbasetemp().name
            base.mkdir(parents=True, exist_ok=True)
            # A worker may come back to this module, and then makes its projects again.
            folders[task] = write(Path(mkdtemp(dir=base)) / f"training-{task}", TASKS[task])
        return folders[task]

    return make


def write(folder: Path, target: str) -> Path:
    random, count = np.random.default_rng(11), PARTS * ROWS
    write_project(folder, data_file="t.csv", target=target, project_slug=folder.name)
    table = pd.DataFrame(
        {
            "size": random.normal(size=count).round(3),
            "colour": random.choice(["red", "green", "blue", ""], count),
            "town": [f"town {number}" for number in random.integers(0, 60, count)],
            "weight": random.gamma(2, size=count).round(2),
        }
    )
    delay = (table["size"] * 3 + (table["colour"] == "red") + random.normal(size=count)).round(2)
    found: dict[str, Any] = {
        "late": np.where(delay > 1, "yes", "no"),
        "level": np.select([delay > 2, delay > -1], ["high", "middle"], "low"),
        "delay": delay,
    }
    table[target] = found[target]
    with contextlib.chdir(folder):
        incoming = Path("../incoming") / folder.name
        incoming.mkdir(parents=True)
        for number in range(PARTS):
            part = table[number * ROWS : (number + 1) * ROWS]
            part.to_csv(incoming / f"part-{number}.csv", index=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tabrail.ingest.ingest._dvc_add", lambda: None)
            succeed("ingest", str(incoming), "--target", target, "--yes")
        (paths.RAW / "part-empty.csv").write_text(",".join(map(str, table)) + "\n")
        edit("params.yaml", lambda params: params["prepare"].update(parts=True))
        edit("params.yaml", lambda params: params["evaluate"].update(resamples=100))
        on_workers(**OPTIONS)
        succeed("run", "prepare")
    return folder


def kind() -> str:
    return "XGBRegressor" if Project.load().schema.task == "regression" else "XGBClassifier"


def on_workers(**options: Any) -> None:
    """Name the estimator of a cluster, and its options."""
    edit(
        "params.yaml",
        lambda params: params["train"].update(
            estimator=f"tabrail.cluster.xgboost.{kind()}", options={kind(): options}
        ),
    )


@pytest.fixture
def use(
    made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, workers: DaskCluster
) -> Iterator[Callable[[str], Path]]:
    """Return what goes into a project, in which the cluster is named; its files are put back."""
    before: dict[Path, bytes] = {}
    monkeypatch.setenv(cluster.VARIABLE, workers.address)
    monkeypatch.setattr(sample, "MOST", 500)

    def go(task: str) -> Path:
        folder = made(task)
        monkeypatch.chdir(folder)
        files = [folder / paths.PARAMS, folder / paths.SCHEMA]
        before.update({file: file.read_bytes() for file in files})
        paths.MODEL.unlink(missing_ok=True)
        return folder

    yield go
    for file, content in before.items():
        file.write_bytes(content)


def model_hash() -> str:
    return sha256(paths.MODEL.read_bytes()).hexdigest()


@pytest.mark.ci("a cluster takes seconds")
@pytest.mark.parametrize("task", TASKS)
def test_as_many_workers_make_the_same_model_again(use: Callable[[str], Path], task: str) -> None:
    use(task)
    said = succeed("run", "train")
    count = sum(map(len, map(pd.read_parquet, paths.TRAIN.glob("*"))))
    assert f"tabrail.cluster.xgboost.{kind()} fitted on {count:,} rows by 2 workers: models" in said
    first = model_hash()
    succeed("run", "train")
    assert model_hash() == first
    metadata = read_metadata(paths.MODEL)
    assert (metadata.workers, metadata.training_rows) == (2, count)
    assert "xgboost-cpu" in metadata.versions
    fitted = load_model(Project.load(), untrusted=True).pipeline[-1]
    assert type(fitted) is getattr(xgboost, kind())
    assert fitted.n_workers_ == 2
    run_stages("train", "evaluate")
    succeed("predict", str(paths.RAW / "part-0.csv"), "scores.csv", "--overwrite")
    assert len(pd.read_csv("scores.csv")) == ROWS


def fitted_here_and_there(project: Project) -> tuple[Pipeline, Pipeline]:
    """Return the model that XGBoost fits here, and the one that the workers fit."""
    there = unfitted(project)
    fit(there, project.split("train"))
    path = f"xgboost.{kind()}"
    edit("params.yaml", lambda params: params["train"].update(estimator=path))
    project = Project.load()
    here = unfitted(project)
    return fit(here, project.split("train")), there


def unfitted(project: Project) -> Pipeline:
    made: Pipeline = code.import_module(project.root, f"{project.settings.package}.train").model(
        project
    )
    return made


@pytest.mark.parametrize(
    ("task", "weight"),
    [
        ("binary", "weight"),
        *(
            pytest.param(task, weight, marks=pytest.mark.ci("a cluster takes seconds"))
            for task in TASKS
            for weight in ("", "weight")
            if (task, weight) != ("binary", "weight")
        ),
    ],
)
def test_workers_learn_what_one_process_does(
    use: Callable[[str], Path], task: str, weight: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(task)
    monkeypatch.setattr(sample, "MOST", 1_000_000)  # so that the columns' steps are the same
    if weight:
        edit("schema.yaml", lambda schema: schema.update(weight=weight))
        edit("schema.yaml", lambda schema: schema["columns"][weight].update(kind="numeric"))
        succeed("run", "prepare")
    on_workers(n_estimators=3, max_leaves=7, max_depth=0, grow_policy="lossguide")
    here, there = fitted_here_and_there(Project.load())
    rows = Project.load().split("test").rows
    predict = "predict" if task == "regression" else "predict_proba"
    expected, found = (getattr(model, predict)(rows) for model in (here, there))
    assert found.shape == expected.shape
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98
    if task == "regression":
        assert cover(there) == pytest.approx(cover(here), rel=1e-5)


def cover(model: Pipeline) -> float:
    """Return the weight of all rows that the first tree of a regression has seen."""
    trees = model[-1].get_booster().trees_to_dataframe()
    return float(trees.loc[(trees["Tree"] == 0) & (trees["Node"] == 0), "Cover"].iloc[0])


def test_every_row_is_learned_from_once(use: Callable[[str], Path]) -> None:
    use("regression")
    on_workers(n_estimators=2)
    project = Project.load()
    train = project.split("train")
    assert 0 < len(train.rows) < train.size / 2
    model = fit(unfitted(project), train)
    assert cover(model) == train.size
    assert train.sample
    few = replace(
        train, sample=replace(train.sample, files=dict([*train.sample.files.items()][:1]))
    )
    assert fit(unfitted(project), few)[-1].n_workers_ == 1  # as no other worker has a part


def test_the_mean_of_the_target_does_not_know_the_row_that_it_is_given_to(
    use: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("regression")
    project, given = Project.load(), list[Any]()
    train, done = project.split("train"), together.train

    def seen(*arguments: Any) -> tuple[bytes, int]:
        given.extend(arguments)
        return done(*arguments)

    monkeypatch.setattr(together, "train", seen)
    model = fit(unfitted(project), train)
    _, _, _, _, own = given
    again = model[:-1].transform(train.rows)
    differ = ~np.isclose(own.x, again).all(axis=0)
    assert (own.x.shape, differ.sum()) == (again.shape, 1)  # that of the towns


def search_too() -> None:
    wanted = {"method": "random", "values": {"XGBClassifier": {"max_leaves": [3, 7]}}}
    edit("params.yaml", lambda params: params["train"].update(search=wanted))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: os.environ.update({cluster.VARIABLE: ""}), "DASK_SCHEDULER is not set; set it"),
        (search_too, "train.search.method: random fits on this machine, but the estimator is"),
        (
            lambda: on_workers(tree_method="exact"),
            "train.options.XGBClassifier.tree_method: workers of a cluster cannot train with "
            "'exact'; set auto or hist, or delete it",
        ),
        (lambda: on_workers(booster="gblinear"), "'gblinear'; set gbtree or dart, or delete it"),
        (lambda: on_workers(device="cuda"), "'cuda'; set cpu, or delete it"),
        (lambda: on_workers(early_stopping_rounds=5), "cannot train with 5; delete it"),
        (lambda: on_workers(max_leafs=5), "XGBClassifier has no such option"),
        (
            lambda: on_workers(max_depth="deep"),
            "train.options: XGBoost cannot train on the workers: Invalid Parameter format for "
            "max_depth",
        ),
    ],
)
def test_what_workers_cannot_do_is_said(
    use: Callable[[str], Path], change: Callable[[], None], said: str
) -> None:
    use("binary")
    change()
    done = call("run", "train")
    assert (done.code, done.crash) == (1, None)
    assert said in done.output
    assert not paths.MODEL.exists()


def test_the_worker_that_failed_is_heard_first() -> None:
    class Failed:
        status = "error"

        def __init__(self, error: Exception) -> None:
            self.exception = lambda: error

    missed = Failed(XGBoostError("[14:09:25] /src/collective/result.cc:83: \n- Ring failed."))
    wrong = Failed(XGBoostError("[14:09:25] /src/tree/param.h:3: no depth"))
    broken = Failed(ValueError("of derive"))
    for order in ([missed, wrong], [wrong, missed]):
        assert str(together._cause(order)).endswith("on the workers: no depth")
    assert str(together._cause([missed, wrong, broken])) == "of derive"


def test_a_table_in_one_file_is_refused(
    use: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("binary")
    monkeypatch.delenv(cluster.VARIABLE)
    edit("params.yaml", lambda params: params["prepare"].update(parts=False))
    try:
        succeed("run", "prepare")
        done = call("run", "train")
    finally:
        edit("params.yaml", lambda params: params["prepare"].update(parts=True))
        succeed("run", "prepare")
    assert (done.code, done.crash) == (1, None)
    assert "train.parquet is one file, and workers of a cluster share parts" in done.output


def test_no_model_of_the_sample_alone_is_saved(use: Callable[[str], Path]) -> None:
    use("binary")
    project = Project.load()
    train = project.split("train")
    other = Pipeline([*unfitted(project).steps[:-1], ("estimator", LogisticRegression())])
    with pytest.raises(InputError, match="last step of the model is LogisticRegression, which"):
        fit(other, train)
    alone = unfitted(project).fit(train.rows, train.y_true)  # XGBoost's own, as in a test
    assert type(alone[-1]) is xgboost.XGBClassifier
    with pytest.raises(InputError, match=f"a sample of the training rows: {len(train.rows)} of"):
        save_model(project, alone)
    assert not paths.MODEL.exists()
    check_model(project, unfitted(project))


@pytest.mark.ci("a worker ends and comes back")
def test_a_worker_that_ends_leaves_no_model(
    use: Callable[[str], Path], workers: DaskCluster
) -> None:
    use("binary")
    succeed("run", "train")
    expected = model_hash()
    on_workers(n_estimators=1_000_000, max_leaves=7)
    killing = threading.Timer(5, workers.kill_worker, [1])
    killing.start()
    done = call("run", "train")
    killing.join()
    assert (done.code, done.crash) == (1, None)
    assert "ended during training, probably because it needed more memory" in done.output
    assert model_hash() == expected
    workers.wait(2)
    on_workers(**OPTIONS)
    assert "by 2 workers" in succeed("run", "train")
    assert model_hash() == expected
