"""dvc.yaml says all that a stage depends on, and all that it makes."""

import ast
from importlib.util import resolve_name
from pathlib import Path

import pytest
from conftest import ROOT
from ruamel.yaml import YAML

from {{ cookiecutter.__package }} import schema
from {{ cookiecutter.__package }}.evaluation import plots

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
SOURCE = ROOT / "src"


def imported(module: str) -> set[Path]:
    """Return the files of a module and of all modules of ours that it imports, however deeply."""
    found: set[Path] = set()
    open_ = [module]
    while open_:
        name = open_.pop()
        path = file_of(name)
        if path is None or path in found:
            continue
        found.add(path)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        open_ += parents(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            open_ += names(node, package)
    return found


def file_of(module: str) -> Path | None:
    """Return the file of a module of ours, if it is one."""
    path = SOURCE / Path(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if file.exists()), None)


def parents(module: str) -> list[str]:
    """Return the packages that a module is in: they are imported before it."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def names(node: ast.AST, package: str) -> list[str]:
    """Return what a statement in a package imports, as modules that may exist."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = resolve_name("." * node.level + (node.module or ""), package)
        return [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return []


def module_of(stage: str) -> str:
    """Return the module that a stage's command runs."""
    return str(STAGES[stage]["cmd"].split()[-1])


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_imports_is_a_dependency(stage: str) -> None:
    needed = {path.relative_to(ROOT).as_posix() for path in imported(module_of(stage))}
    listed = {dep for dep in STAGES[stage]["deps"] if dep.startswith("src/")}
    folders = {dep for dep in listed if (ROOT / dep).is_dir()}
    rest = {path for path in needed if not path.startswith(tuple(f"{f}/" for f in folders))}
    used = {folder for folder in folders if any(path.startswith(folder) for path in needed)}
    assert rest - listed == set(), f"add to the deps of {stage} in dvc.yaml"
    assert listed - rest - used == set(), f"{stage} does not import these: remove from dvc.yaml"


@pytest.mark.parametrize("stage", STAGES)
def test_stages_meet_in_files_only(stage: str) -> None:
    others = {file_of(module_of(other)) for other in STAGES if other != stage}
    assert not others & imported(module_of(stage))


def test_the_plots_are_those_of_the_task() -> None:
    task = schema.load(ROOT / "schema.yaml").task
    listed = [Path(path).stem for plot in STAGES["evaluate"]["plots"] for path in plot]
    assert listed == [plot.name for plot in plots.PLOTS[task]]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from . import metrics", "our.inner.metrics"),
        ("from .metrics import LEVEL", "our.inner.metrics"),
        ("from .. import metrics", "our.metrics"),
        ("from ..metrics import LEVEL", "our.metrics"),
        ("from our.metrics import LEVEL", "our.metrics"),
        ("from our import metrics", "our.metrics"),
        ("import our.metrics", "our.metrics"),
    ],
)
def test_an_import_is_seen_however_it_is_written(statement: str, expected: str) -> None:
    (node,) = ast.parse(statement).body
    assert expected in names(node, "our.inner")
