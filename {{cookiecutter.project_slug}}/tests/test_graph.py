"""dvc.yaml says all that a stage depends on."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT
from ruamel.yaml import YAML

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]


def imported(path: Path) -> set[Path]:
    """Return a module of ours and all modules of ours that it imports, however deeply."""
    package, found, open_ = path.parent, set(), [path.parent / "__init__.py", path]
    while open_:
        module = open_.pop()
        if module in found:
            continue
        found.add(module)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            open_ += [package / f"{name}.py" for name in names_of_ours(node, package.name)]
    return found


def names_of_ours(node: ast.AST, package: str) -> list[str]:
    """Return the modules of our package that a statement imports, however it is written."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = ".".join(filter(None, [package if node.level else "", node.module]))
        names = [f"{base}.{alias.name}" for alias in node.names] if base == package else [base]
    return [name.split(".")[1] for name in names if name.startswith(f"{package}.")]


def module_of(stage: str) -> Path:
    """Return the module that a stage's command runs."""
    return ROOT / "src" / Path(*STAGES[stage]["cmd"].split()[-1].split(".")).with_suffix(".py")


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_imports_is_a_dependency(stage: str) -> None:
    needed = {path.relative_to(ROOT).as_posix() for path in imported(module_of(stage))}
    listed = {dep for dep in STAGES[stage]["deps"] if dep.startswith("src/")}
    assert needed - listed == set(), f"add to the deps of {stage} in dvc.yaml"
    assert listed - needed == set(), f"{stage} does not import these: remove them from dvc.yaml"


@pytest.mark.parametrize("stage", STAGES)
def test_stages_meet_in_files_only(stage: str) -> None:
    others = {module_of(other) for other in STAGES if other != stage}
    assert not others & imported(module_of(stage))


@pytest.mark.parametrize(
    "statement",
    [
        "from . import metrics",
        "from .metrics import LEVEL",
        "from our.metrics import LEVEL",
        "from our import metrics",
        "import our.metrics",
    ],
)
def test_an_import_is_seen_however_it_is_written(statement: str) -> None:
    (node,) = ast.parse(statement).body
    assert names_of_ours(node, "our") == ["metrics"]
