"""One package of the library knows DVC: another tool in its place is a change there alone."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import tabrail

LIBRARY = Path(tabrail.__file__).parent
CONTACT = LIBRARY / "dvc"
PACKAGES = re.compile(r"(dvc|dvc_\w+|scmrepo)(\.|$)")
# Classes of DVC, and what its objects are asked; what `Repository` and `Stores` keep is theirs.
OBJECTS = re.compile(
    r"Repo|DvcException|RelPath|DataCloud|CacheManager|ObjectDB|HashFileDB|HashInfo|StageCache|"
    r"_repo|cloud|odb|stage_cache|used_objs|data_status|oids_exist|oid_to_path|load_one|addressing"
)
# How it keeps what it keeps, and how it is started.
LAYOUT = re.compile(
    r"\.dvc/(cache|tmp)|files/md5|\.dir\b|relpath|rwlock|merge-driver|^\*?\.dvc$|"
    r"^(deps|outs|nfiles|frozen)$"  # of dvc.yaml, dvc.lock and a `.dvc` file
)


def modules() -> list[Path]:
    """Return the library's files outside the contact."""
    files = [path for path in sorted(LIBRARY.rglob("*.py")) if "templates" not in path.parts]
    return [path for path in files if not path.is_relative_to(CONTACT)]


def known(code: bytes) -> Iterator[str]:
    """Yield what some code knows of DVC."""
    tree = ast.parse(code)
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }  # docstrings
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if PACKAGES.match(one.name))
        elif isinstance(node, ast.ImportFrom):
            if not node.level and PACKAGES.match(node.module or ""):
                yield str(node.module)
            if node.module == "tabrail.dvc.session":  # which has DVC's own object
                yield node.module
            names = [one.name for one in node.names]
        elif isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in texts and LAYOUT.search(node.value):
                yield node.value
            names = [node.value]  # an annotation may be a string
        if isinstance(node, ast.List | ast.Tuple | ast.Call):
            parts = node.args if isinstance(node, ast.Call) else node.elts
            said = [one.value if isinstance(one, ast.Constant) else None for one in parts]
            yield from (two for one, two in pairwise(said) if two == "dvc" and one in {"-m", "run"})
        yield from (name for name in names if OBJECTS.fullmatch(name))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_a_module_outside_the_contact_knows_nothing_of_dvc(path: Path) -> None:
    assert list(known(path.read_bytes())) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import dvc.repo", "dvc.repo"),
        ("def late():\n    from dvc_data.hashfile.db import get_index", "dvc_data.hashfile.db"),
        ("from scmrepo.git import Git", "scmrepo.git"),
        ("from tabrail.dvc.session import session", "tabrail.dvc.session"),
        ("def ask(repo: 'Repo') -> None: ...", "Repo"),
        ("def ask(repo): return repo.cloud", "cloud"),
        ("LOCK = Path('.dvc/tmp/rwlock')", ".dvc/tmp/rwlock"),
        ("command = [sys.executable, '-m', 'dvc']", "dvc"),
        ("show([program, 'run', 'dvc', 'repro'])", "dvc"),
        ("read = stage.get('deps', [])", "deps"),
        ("pointer = f'{path}.dvc'", ".dvc"),
        ("is_folder = digest.endswith('.dir')", ".dir"),
    ],
)
def test_what_a_module_must_not_know_is_seen(code: str, found: str) -> None:
    assert list(known(code.encode())) == [found]


def test_the_contact_is_read_in_one_sitting() -> None:
    for path in CONTACT.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 250, path


def test_the_page_on_an_end_of_dvc_names_the_contact() -> None:
    page = (LIBRARY.parents[1] / "docs/support.md").read_text(encoding="utf-8")
    assert "`src/tabrail/dvc`" in page.partition("## If DVC should end")[2]
