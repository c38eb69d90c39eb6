"""A generated project in this process: its files, its commands and its stages."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import yaml
from ruamel.yaml import YAML
from typer.testing import CliRunner

from tabrail import paths, rendering
from tabrail.cli.app import app
from tabrail.documents import write_texts
from tabrail.dvc.hashes import md5

ANSWERS: dict[str, Any] = {
    "data_file": "",
    "target": "",
    "project_name": "Flight Delays",
    "project_slug": "flight-delays",
    "description": "Predicts which flights arrive late.",
    "author_name": "Ada Byron",
    "author_email": "ada@example.com",
    "license": "MIT",
    "dvc_remote": "",
    "ci": "none",
    "parts": "",
    "setup": True,
}


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes:
        code: its exit code.
        output: all that it printed.
        crash: the exception that a user would see as a traceback.
        warned: what the interpreter warned of.
    """

    code: int
    output: str
    crash: BaseException | None = None
    warned: tuple[str, ...] = ()


def write_project(folder: Path, **answers: Any) -> None:
    """Write the files of a new project into a folder, without data, cookiecutter and Git."""
    record = rendering.new_record({**ANSWERS, **answers}, version("tabrail"))
    texts = rendering.files(record) | rendering.files(record, rendering.OWNERS_FILES)
    texts[rendering.RECORD] = rendering.record_text(record)
    write_texts({folder / path: text for path, text in texts.items()})


def call(*arguments: str) -> Outcome:
    """Run a command of `tabrail` in the current folder."""
    with warnings.catch_warnings(record=True) as caught:
        done = CliRunner().invoke(app, list(arguments))
    crash = done.exception if not isinstance(done.exception, SystemExit) else None
    warned = tuple(f"{w.category.__name__}: {w.message}" for w in caught)
    return Outcome(done.exit_code, click.unstyle(done.output), crash, warned)


def succeed(*arguments: str, code: int = 0) -> str:
    """Run a command of `tabrail` in the current folder, and return what it prints."""
    done = call(*arguments)
    if done.crash:
        raise done.crash
    assert done.code == code, done.output
    return done.output


def run_stages(*stages: str) -> None:
    """Run stages in the current folder, all three if none is named."""
    for stage in stages or ("prepare", "train", "evaluate"):
        succeed("run", stage)
        if stage == "train":
            record_model()


def record_model() -> None:
    """Write down the model's hash in dvc.lock, as DVC does after the stage train."""
    outs = [{"path": paths.MODEL.as_posix(), "md5": md5(paths.MODEL)}]
    content = {"train": {"cmd": "tabrail run train", "outs": outs}}
    YAML().dump({"schema": "2.0", "stages": content}, paths.LOCK)


def edit(name: str, change: Callable[[Any], object]) -> None:
    """Change a YAML file of the project in the current folder."""
    document = YAML()
    content = document.load(Path(name))
    change(content)
    document.dump(content, Path(name))


@dataclass(frozen=True)
class Results:
    """What the stages wrote into a folder."""

    folder: Path

    def content(self, name: str) -> Any:
        """Return what a YAML or JSON file holds."""
        return yaml.safe_load((self.folder / name).read_text(encoding="utf-8"))

    @cached_property
    def evaluation(self) -> dict[str, Any]:
        """What reports/evaluation.json holds."""
        text = (self.folder / paths.EVALUATION).read_text(encoding="utf-8")
        return dict(json.loads(text))

    def score(self, metric: str) -> float:
        """Return a validation score."""
        return float(self.evaluation["validation"]["metrics"][metric]["value"])

    def lead(self, metric: str) -> float:
        """Return by how much a validation score is better than the baseline's."""
        found = self.evaluation["validation"]["metrics"][metric]
        difference = float(found["value"]) - float(found["baseline_value"])
        return -difference if metric in ERRORS else difference


ERRORS = {"log_loss", "brier", "mae", "rmse", "median_absolute_error"}
