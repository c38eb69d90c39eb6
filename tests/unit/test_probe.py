"""What the launch checklist runs elsewhere: the model is loaded, and a prediction timed."""

import json
import runpy
from importlib.metadata import version
from pathlib import Path

import pytest
from trained import stand_in

from tabrail import paths
from tabrail.errors import InputError
from tabrail.model import probe


def test_a_model_is_loaded_and_timed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stand_in("binary", project)
    capsys.readouterr()  # what training printed
    probe.main()
    seen = json.loads(capsys.readouterr().out)
    assert seen["model"].startswith("md5:")
    assert seen["versions"]["numpy"] == version("numpy")
    assert 0 < seen["p50_ms"] < 1000


def test_a_model_that_says_something_else_is_refused(project: Path) -> None:
    stand_in("binary", project)
    content = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    content["reference"][0] = str(float(content["reference"][0]) + 0.1)
    paths.EVALUATION.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="reference predictions"):
        probe.main()


def test_as_a_program_it_ends_with_one_message(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        runpy.run_path(str(probe.__file__), run_name="__main__")
    assert capsys.readouterr().err.startswith("error: models/model.skops ")
