"""The project's code: which modules belong together, what they define, and where they are."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tabrail.errors import InputError
from tabrail.project import code


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty folder, and let what is imported from it be forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)
    for name in [name for name in before if name.partition(".")[0] == "our"]:
        del sys.modules[name]
    yield tmp_path
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


def write(root: Path, **modules: str) -> None:
    """Write modules of the package `our`; two underscores in a name are a folder."""
    for name, text in modules.items():
        path = root / "src/our" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (path.parent, root / "src/our"):
            (folder / "__init__.py").touch()
        path.write_text(dedent(text), encoding="utf-8")


def found(root: Path, *modules: str) -> set[str]:
    """Return the files that modules import, from the package's folder."""
    files = code.imported_files(root, modules)
    return {file.relative_to(root.resolve() / "src/our").as_posix() for file in files}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from . import metrics", "inner/metrics.py"),
        ("from .metrics import LEVEL", "inner/metrics.py"),
        ("from .. import metrics", "metrics.py"),
        ("from ..metrics import LEVEL", "metrics.py"),
        ("from our.metrics import LEVEL", "metrics.py"),
        ("from our import metrics", "metrics.py"),
        ("import our.metrics", "metrics.py"),
        ("import our.metrics as m", "metrics.py"),
        ("from our.metrics import *", "metrics.py"),
        ("def late():\n    from our import metrics", "metrics.py"),
        ("try:\n    import our.metrics\nexcept ImportError:\n    pass", "metrics.py"),
    ],
)
def test_an_import_is_seen_however_it_is_written(statement: str, expected: str, root: Path) -> None:
    write(root, metrics="LEVEL = 1", inner__metrics="LEVEL = 2", inner__start=statement)
    other = {"metrics.py", "inner/metrics.py"} - {expected}
    assert found(root, "our.inner.start") == {
        "__init__.py",
        "inner/__init__.py",
        "inner/start.py",
        expected,
    }
    assert not other & found(root, "our.inner.start")


def test_imports_are_followed_in_any_depth_and_circles_end(root: Path) -> None:
    write(
        root,
        one="import json\nfrom our import two",
        two="from our.deep.three import x",
        deep__three="import pandas\nfrom our import one\nfrom . import four",
        deep__four="",
        alone="",
    )
    assert found(root, "our.one") == {
        "__init__.py",
        "one.py",
        "two.py",
        "deep/__init__.py",
        "deep/three.py",
        "deep/four.py",
    }


def test_what_a_package_imports_itself_counts(root: Path) -> None:
    write(root, inner__start="", helper="")
    (root / "src/our/inner/__init__.py").write_text("from our import helper")
    assert "helper.py" in found(root, "our.inner.start")
    (root / "src/our/inner/__init__.py").write_text("from . import start")  # of itself
    assert "inner/start.py" in found(root, "our.inner")


def test_no_code_is_run_to_see_what_it_imports(root: Path) -> None:
    write(root, one="from our import two\nraise SystemExit", two="1 / 0")
    assert {"one.py", "two.py"} <= found(root, "our.one")
    assert found(root, "our.none", "pandas") == set()


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("def clean(rows): return rows", "clean", True),
        ("class Clean: pass", "Clean", True),
        ("@cache\ndef clean(rows): return rows", "clean", True),
        ("from os import system", "system", False),
        ("from os import system as clean", "clean", False),
        ("import os", "os", False),
        ("clean = __import__('os').system", "clean", False),
        ("clean: object = print", "clean", False),
        ("a, (b, clean) = 1, (2, print)", "clean", False),
        ("for clean in [print]: pass", "clean", False),
        ("with open('x') as clean: pass", "clean", False),
        ("if True:\n    from os import system as clean", "clean", False),
        ("def outer():\n    def clean(): pass", "clean", False),
        ("class Outer:\n    def clean(self): pass", "clean", False),
        ("from os import *", "system", False),
        ("def clean(): pass", "clea", False),
        ("", "clean", False),
    ],
)
def test_only_what_is_defined_at_the_top_counts(
    text: str, name: str, expected: bool, root: Path
) -> None:
    write(root, features=text)
    assert code.defines(root, "our", f"our.features.{name}") is expected


@pytest.mark.parametrize(
    "more",
    [
        "from os import system as clean",
        "clean = print",
        "from os import *",
        "import os as clean",
        "if True:\n    clean = print",
        "if True:\n    from os import system as clean",
        "try:\n    from os import *\nexcept ImportError:\n    pass",
        "def other():\n    global clean\n    clean = print",
        "(clean := print)",
        "del clean",
        "match print:\n    case clean: pass",
        "try:\n    1 / 0\nexcept Exception as clean:\n    pass",
        "if True:\n    def clean(): pass",
    ],
)
def test_a_name_that_is_also_given_another_meaning_does_not_count(more: str, root: Path) -> None:
    write(root, features=f"def clean(rows): return rows\n{more}\n")
    assert not code.defines(root, "our", "our.features.clean")


@pytest.mark.parametrize(
    "more",
    [
        "def other():\n    clean = print",
        "class Other:\n    def clean(self): pass",
        "other = lambda clean: clean",
        "from os import path as other\nprint(clean)",
        "import os.path",
        "clean.label = 1",
    ],
)
def test_names_of_other_scopes_do_not_matter(more: str, root: Path) -> None:
    write(root, features=f"def clean(rows): return rows\n{more}\n")
    assert code.defines(root, "our", "our.features.clean")


def test_names_outside_the_package_do_not_count(root: Path) -> None:
    write(root, features="def clean(): pass")
    (root / "src/ours").mkdir()
    (root / "src/ours/features.py").write_text("def clean(): pass")
    for path in ("ours.features.clean", "os.system", "our.none.clean", "clean", "our", ""):
        assert not code.defines(root, "our", path)


def test_a_change_of_the_text_is_one_and_line_ends_are_none(root: Path) -> None:
    write(root, one="A = 1\nB = 2\n", two="")
    recorded = code.hashes(root, code.imported_files(root, ["our.one", "our.two"]))
    assert list(recorded) == ["src/our/__init__.py", "src/our/one.py", "src/our/two.py"]
    assert code.changed(root, recorded) == []
    one = root / "src/our/one.py"
    one.write_bytes(b"A = 1\r\nB = 2\r\n")
    assert code.changed(root, recorded) == []
    one.write_bytes(b"A = 1\nB = 3\n")
    (root / "src/our/two.py").unlink()
    assert code.changed(root, recorded) == ["src/our/one.py", "src/our/two.py"]
    assert code.changed(root, {}) == []


def test_a_module_is_imported_from_the_right_folder(root: Path) -> None:
    here, other = root / "here", root / "other"
    for folder in (here, other):
        write(folder, one=f"PLACE = {folder.name!r}")
    sys.path.insert(0, str(other / "src"))
    assert code.import_module(here, "our.one").PLACE == "here"
    assert code.loaded_files(here, "our") == {
        (here / "src/our/__init__.py").resolve(),
        (here / "src/our/one.py").resolve(),
    }
    assert code.loaded_files(other, "our") == set()


def test_a_module_that_was_loaded_from_elsewhere_is_refused_until_it_is_forgotten(
    root: Path,
) -> None:
    here, other = root / "here", root / "other"
    for folder in (here, other):
        write(folder, one=f"PLACE = {folder.name!r}")
    code.import_module(other, "our.one")
    with pytest.raises(InputError, match=r"our\.one would come from .*other.*, not from .*here"):
        code.import_module(here, "our.one")
    code.forget("our")
    assert code.import_module(here, "our.one").PLACE == "here"


def test_a_missing_module_is_said_with_the_nearest_name(root: Path) -> None:
    write(root, features="")
    with pytest.raises(
        InputError, match=r"src has no module our\.feature .did you mean 'features'"
    ):
        code.import_module(root, "our.feature")


def test_an_import_that_is_not_installed_is_said_with_what_to_do(root: Path) -> None:
    write(root, one="import no_such_package.inner")
    with pytest.raises(InputError, match=r"one\.py imports 'no_such_package.*uv add no_such_p"):
        code.import_module(root, "our.one")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("our.one", r"setting is 'our\.one'; expected one such as package\.module:name"),
        ("our.one:", "expected one such as"),
        ("our.one:claen", r"setting: our\.one has no 'claen' .did you mean 'clean'"),
        ("our.none:clean", r"src has no module our\.none"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(
    reference: str, message: str, root: Path
) -> None:
    write(root, one="def clean(): pass")
    with pytest.raises(InputError, match=message):
        code.load_object(root, reference, "setting")


def test_a_reference_leads_to_what_it_names(root: Path) -> None:
    write(root, one="METRICS = [1]")
    assert code.load_object(root, "our.one:METRICS", "setting") == [1]
