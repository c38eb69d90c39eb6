"""What runs in a project has an upper bound, which a program lifts and raises."""

import itertools
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import TEMPLATE

PROGRAM = TEMPLATE / "tools" / "upper_bounds.py"
NAMES = runpy.run_path(str(PROGRAM))
BOUNDED: dict[str, str] = NAMES["BOUNDED"]
lifted: Callable[[str], str] = NAMES["lifted"]
raised: Callable[..., str] = NAMES["raised"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the files that have bounds."""
    for name in BOUNDED:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((TEMPLATE / name).read_bytes())
    return tmp_path


def run(action: str, folder: Path, code: int = 0) -> str:
    command = [sys.executable, str(PROGRAM), action, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_each_package_that_runs_in_a_project_has_a_bound(files: Path) -> None:
    project = tomllib.loads((files / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"].values()
    needed = [*project["dependencies"], *itertools.chain.from_iterable(optional)]
    text = (files / [*BOUNDED][1]).read_text(encoding="utf-8")
    needed += re.findall(r'^    "((?:dvc|gto)[^"]+)"', text, re.MULTILINE)
    assert len(needed) == 28
    for requirement in needed:
        assert re.search(r">=[\d.]+,<\d+(;|$)", requirement), requirement


def test_bounds_are_lifted_and_raised(files: Path) -> None:
    before = {name: (files / name).read_text(encoding="utf-8") for name in BOUNDED}
    printed = run("lift", files)
    assert 'pyproject.toml: "pandas>=3.0,<' in printed
    for name, end in BOUNDED.items():
        head, _, rest = (files / name).read_text(encoding="utf-8").partition(end)
        assert ",<" not in head.replace("cookiecutter>=2.7,<3", "")
        assert before[name].endswith(rest)
    assert '"gto>=1.9 is' not in run("raise", files)
    assert {name: (files / name).read_text(encoding="utf-8") for name in BOUNDED} == before
    assert run("raise", files) == ""


def test_a_bound_is_the_next_major_version() -> None:
    versions = {"a": "4.0.1", "b": "0.19", "c": "2026.8.0", "d": "31"}
    for before, after in {
        '"a>=3,<4"': '"a>=3,<5"',
        "\"b[x,y]>=0.2; os == 'z'\"": "\"b[x,y]>=0.2,<1; os == 'z'\"",
        '"c>=2026.1,<2026.3"': '"c>=2026.1,<2027"',
        '"d{{ extra }}>=3.67"': '"d{{ extra }}>=3.67,<32"',
        '"e==1"': '"e==1"',
    }.items():
        assert raised(before, versions.__getitem__) == after
        assert raised(lifted(after), versions.__getitem__) == after


def test_nothing_is_written_if_a_file_lacks_the_heading(files: Path) -> None:
    first, last = BOUNDED
    before = (files / first).read_text(encoding="utf-8")
    (files / last).write_text("[project]\n", encoding="utf-8")
    assert f"{last} has no 'serve = [' any more" in run("lift", files, code=2)
    assert (files / first).read_text(encoding="utf-8") == before
