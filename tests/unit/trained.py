"""Small projects of each task that have been trained and evaluated, once for each process."""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

from conftest import edit, shops
from stages import evaluate, prepare, train
from support.folders import of_this_process

from tabrail.data.schema import Task
from tabrail.project import code

TARGETS: dict[Task, str] = {"binary": "bought", "multiclass": "city", "regression": "income"}
MAIN: dict[Task, str] = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}
LINEAR: dict[Task, str] = {
    "binary": "sklearn.linear_model.LogisticRegression",
    "multiclass": "sklearn.linear_model.LogisticRegression",
    "regression": "sklearn.linear_model.LinearRegression",
}
FOLDER = of_this_process("trained")


def stand_in(task: Task, project: Path, estimator: str = "") -> Path:
    """Let the project that one stands in be trained and evaluated.

    Args:
        task: its task.
        project: its folder, in which one stands, as the fixture of this name makes it.
        estimator: import path of an estimator; a linear one, if blank.
    """
    shutil.copytree(_made(task, estimator or LINEAR[task], project), project, dirs_exist_ok=True)
    code.forget("shops")  # that of another test
    return project


@cache
def _kept() -> dict[tuple[Task, str], Path]:
    return {}


def _made(task: Task, estimator: str, project: Path) -> Path:
    kept = _kept()
    if (task, estimator) not in kept:
        _set(task, estimator)
        for stage in (prepare, train, evaluate):
            stage.main()
        kept[task, estimator] = FOLDER / str(len(kept))
        shutil.copytree(project, kept[task, estimator])
    return kept[task, estimator]


def _set(task: Task, estimator: str) -> None:
    def schema(content: Any) -> None:
        content.update(task=task, target=TARGETS[task], slices=[])
        content["columns"]["note"]["kind"] = "ignored"  # words take most of the time
        if task == "regression":
            content["columns"]["income"].update(nullable=False, unit="$")

    def params(content: Any) -> None:
        content["train"]["estimator"] = estimator
        content["evaluate"].update(main_metric=MAIN[task], resamples=100)

    edit(Path("schema.yaml"), schema)
    edit(Path("params.yaml"), params)
    table = shops()
    shops().assign(income=table["age"] * 1.5).to_csv("data/raw/shops.csv", index=False)
