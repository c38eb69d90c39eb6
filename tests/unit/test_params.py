"""A wrong knob is named, with what it may be."""

from operator import methodcaller
from pathlib import Path

import pytest
from conftest import ROOT, edit

from tabrail.config import load_params
from tabrail.errors import InputError
from tabrail.project.project import Project


def test_this_projects_params_are_sound() -> None:
    assert load_params(ROOT / "params.yaml").train.estimator


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("evaluate", {"treshold": 0.5}, "evaluate.treshold: unknown key .did you mean 'threshold'"),
        ("evaluate", {"threshold": "high"}, "evaluate.threshold: .*number; got 'high'"),
        ("evaluate", {"threshold": 1.5}, "evaluate.threshold: .*less than 1; got 1.5"),
        ("evaluate", {"main_metric": 1}, "evaluate.main_metric: .*string; got 1"),
        ("train", {"seed": -1}, "train.seed: .*greater than or equal to 0; got -1"),
    ],
)
def test_a_wrong_value_is_named(
    project: Path, section: str, change: dict[str, object], message: str
) -> None:
    edit(Path("params.yaml"), lambda p: p[section].update(change))
    with pytest.raises(InputError, match=message):
        load_params()


def test_what_is_left_out_has_a_default(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"]["split"].pop("validation"))
    for section in ("gate", "serve", "monitor", "evaluate"):
        edit(Path("params.yaml"), methodcaller("pop", section))
    found = load_params()
    assert found.prepare.split.validation == 0.2
    assert found.gate.slices.max_loss is None
    assert found.gate.check("schema") == "enabled"
    assert (found.serve.max_rows, found.monitor.window_days) == (1000, 28)


def test_what_has_no_default_is_missed(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["train"].pop("estimator"))
    with pytest.raises(InputError, match=r"train\.estimator: is missing"):
        load_params()


def test_a_section_that_is_named_like_a_stage_is_the_owners(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p.update(export={"format": "onnx"}))
    with pytest.raises(InputError, match="export: unknown key; a section of your own must"):
        load_params()
    edit(Path("dvc.yaml"), lambda p: p["stages"].update(export={"cmd": "tabrail run export"}))
    assert Project.load().section("export") == {"format": "onnx"}
    with pytest.raises(InputError, match=r"params\.yaml has no section 'exports'"):
        Project.load().section("exports")


def test_all_that_is_wrong_is_said_at_once(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["train"].update(seed="x"))
    edit(Path("params.yaml"), lambda p: p.update(extra=1))
    with pytest.raises(InputError, match=r"(?s)train\.seed.*extra: unknown key"):
        load_params()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"train: [", "params.yaml, line 1: not valid YAML"),
        (b"\xff\xfe", "params.yaml is not UTF-8"),
        (b"", "the whole file: "),
        (b"train: \x07", "params.yaml is not valid YAML"),
        (b"train: !!int foo", "params.yaml is not valid YAML"),
        (b"train: 2024-02-30", "params.yaml is not valid YAML"),
    ],
)
def test_a_damaged_file_is_named(project: Path, content: bytes, message: str) -> None:
    Path("params.yaml").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_params()


def test_a_missing_file_is_named(project: Path) -> None:
    Path("params.yaml").unlink()
    with pytest.raises(
        InputError, match=r"params\.yaml is missing in .*; go to the project's root, or restore"
    ):
        load_params()
