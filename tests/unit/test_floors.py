"""A package of the library imports only from floors below its own."""

import ast
from importlib.util import resolve_name
from pathlib import Path

import pytest

import tabrail

LIBRARY = Path(tabrail.__file__).parent
# From the lowest floor to the highest; those of one floor do not import each other.
FLOORS = [
    ["terminal", "files"],
    ["threads", "garbage", "errors", "paths", "results", "markdown", "rendering", "curl"],
    ["documents", "jinja", "moments", "wheels"],
    ["record", "dvc"],
    ["config"],
    ["data"],
    ["cluster"],
    ["project"],
    ["features"],
    ["model"],
    ["evaluation"],
    ["log"],
    ["ingest", "serving", "monitoring", "review", "batch"],
    ["tracking", "erasure"],
]
# Beside the commands, and free to import each other.
ABOVE = ["cli", "__main__", "run", "testing", "parts", "upgrade", "info", "deploy"]
HEIGHT = {name: height for height, names in enumerate(FLOORS) for name in names}
HEIGHT |= dict.fromkeys(ABOVE, len(FLOORS))
EXEMPT = "__init__"  # of the library itself, which imports when it is asked


def unit(path: Path) -> str:
    """Return the package, or the module beside the packages, that a file belongs to."""
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    """Return the library's files."""
    files = [path for path in sorted(LIBRARY.rglob("*.py")) if "templates" not in path.parts]
    return [path for path in files if unit(path) != EXEMPT]


def imported(path: Path) -> set[str]:
    """Return the packages and modules of the library's first level that a file imports."""
    package = ".".join(["tabrail", *path.relative_to(LIBRARY).parts[:-1]])
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names += [f"{base}.{alias.name}" for alias in node.names]
    parts = [name.split(".") for name in names]
    return {found[1] for found in parts if found[0] == "tabrail" and len(found) > 1}


def wrong(path: Path) -> list[str]:
    """Return what a file imports and must not."""
    own = unit(path)
    below = [
        name for name in imported(path) - {own} if name in HEIGHT and HEIGHT[name] >= HEIGHT[own]
    ]
    return [] if own in ABOVE else sorted(below)


def test_every_module_has_a_floor() -> None:
    assert {unit(path) for path in modules()} == set(HEIGHT)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_a_module_imports_only_from_below(path: Path) -> None:
    assert wrong(path) == []


@pytest.mark.parametrize(
    ("place", "statement", "expected"),
    [
        ("serving/new.py", "from tabrail.review import gate", ["review"]),
        ("serving/new.py", "from tabrail.batch.score import predict", ["batch"]),
        ("data/new.py", "def late():\n    import tabrail.model.file", ["model"]),
        ("data/new.py", "from tabrail import paths, cli", ["cli"]),
        ("data/new.py", "from ..project import git", ["project"]),
        ("data/new.py", "from . import schema", []),
        ("errors.py", "from tabrail import paths", ["paths"]),
        ("paths.py", "from tabrail.record import RECORD", ["record"]),
        ("review/new.py", "from tabrail.log import export\nfrom tabrail.data import tables", []),
        ("cli/new.py", "from tabrail import run, upgrade", []),
    ],
)
def test_an_arrow_upwards_is_seen(
    place: str, statement: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda path: statement.encode())
    assert wrong(LIBRARY / place) == expected


def test_the_base_install_imports_neither_a_server_nor_dvc() -> None:
    heavy = {"dvc", "fastapi", "uvicorn", "sqlalchemy", "prometheus_client", "mlflow", "requests"}
    free = [path for path in modules() if unit(path) not in {"serving", "log", "monitoring"}]
    for path in free:
        for node in ast.parse(path.read_bytes()).body:
            imported = node.names if isinstance(node, ast.Import) else []
            names = [alias.name for alias in imported] + [getattr(node, "module", None) or ""]
            assert not {name.partition(".")[0] for name in names} & heavy, path
