"""Running a stage: the code is that of dvc.yaml, in the environment of uv.lock, or it says so."""

import gc
import json
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import edit
from stages import prepare
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.project import environment
from tabrail.project.environment import python_version
from tabrail.run import run

STAGE = Path("src/shops/prepare.py")


def call(stage: str, exit_code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["run", stage])
    assert done.exit_code == exit_code, done.output
    return done.output


def add(line: str, path: Path = STAGE) -> None:
    """Add a line after a module's docstring."""
    head, _, rest = path.read_text(encoding="utf-8").partition("\n")
    path.write_text(f"{head}\n{line}\n{rest}", encoding="utf-8")


def list_files(*deps: str) -> None:
    """Let dvc.yaml list single modules as deps of prepare."""
    edit(paths.PIPELINE, lambda p: p["stages"]["prepare"].update(deps=["data/raw", *deps]))


def lock(**versions: str) -> None:
    """Write a uv.lock."""
    packages = [
        f'[[package]]\nname = "{name.replace("_", "-")}"\nversion = "{number}"\n'
        for name, number in versions.items()
    ]
    paths.PACKAGES.write_text("version = 1\n" + "\n".join(packages), encoding="utf-8")


# As uv writes it: two versions of a package, one without a version, and lists of all kinds.
LOCK = """version = 1
requires-python = ">=3.11"
resolution-markers = [
    "python_full_version >= '3.12'",
]

[[package]]
name = "numpy"
version = "2.3.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "pandas", version = "1" },
]
wheels = [
    { url = "https://a.example/numpy-2.3.0-cp311.whl", hash = "sha256:00", size = 1 },
    { url = "https://a.example/numpy-2.3.0-cp312.whl", hash = "sha256:01", size = 1 },
]

[[package]]
name = "numpy"
version = "2.4.0"
wheels = [
    { url = "https://a.example/numpy-2.4.0.whl", hash = "sha256:02", size = 1 },
]

[package.optional-dependencies]
extra = [
    { name = "scipy" },
]

[[package]]
name = "shops"
source = { virtual = "." }
"""


def test_the_versions_of_a_lock_are_those_that_toml_has(tmp_path: Path) -> None:
    (tmp_path / paths.PACKAGES).write_text(LOCK, encoding="utf-8")
    expected: dict[str, set[str]] = {}
    for package in tomllib.loads(LOCK)["package"]:
        expected.setdefault(package["name"], set()).add(package.get("version", ""))
    assert environment.locked_versions(tmp_path) == expected
    assert expected == {"numpy": {"2.3.0", "2.4.0"}, "shops": {""}}


def test_the_long_lists_of_a_lock_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / paths.PACKAGES).write_text(LOCK, encoding="utf-8")
    texts: list[str] = []

    def loads(text: str) -> dict[str, object]:
        texts.append(text)
        return {}

    monkeypatch.setattr(tomllib, "loads", loads)
    environment.locked_versions(tmp_path)
    assert not re.search(r"cp311|pandas|2\.4\.0\.whl", texts[0])
    assert len(texts[0].splitlines()) == len(LOCK.splitlines())


@pytest.mark.parametrize(
    ("before", "line", "number"),
    [
        ('    { url = "https://a.example/numpy-2.3.0-cp312', "<<<<<<< HEAD", 16),
        ('    { name = "pandas"', ">>>>>>> other", 12),
        ('name = "shops"', "=======", 32),
    ],
)
def test_a_conflict_in_a_lock_is_found_in_its_line(
    tmp_path: Path, before: str, line: str, number: int
) -> None:
    text = LOCK.replace(before, f"{line}\n{before}")
    (tmp_path / paths.PACKAGES).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"uv\.lock is damaged \(.*at line {number}, column 1\)"):
        environment.locked_versions(tmp_path)


def test_a_module_that_dvc_does_not_know_of_fails_with_the_line_to_add(project: Path) -> None:
    list_files("src/shops/__init__.py", "src/shops/prepare.py")
    Path("src/shops/helper.py").write_text("LEVEL = 1\n")
    run("prepare")
    add("from shops import helper")
    message = r"add under stages\.prepare\.deps:\n      - src/shops/helper\.py$"
    with pytest.raises(InputError, match=message):
        run("prepare")
    list_files("src/shops/__init__.py", "src/shops/prepare.py", "src/shops/helper.py")
    run("prepare")
    list_files("src/shops")
    run("prepare")


def test_a_module_that_is_imported_late_counts(project: Path) -> None:
    list_files("src/shops/__init__.py", "src/shops/prepare.py")
    Path("src/shops/helper.py").write_text("LEVEL = 1\n")
    text = STAGE.read_text(encoding="utf-8")
    late = "    from shops import helper\n\n    print(helper.LEVEL)\n    prepare(project, clean)"
    STAGE.write_text(text.replace("    prepare(project, clean)", late), encoding="utf-8")
    with pytest.raises(InputError, match=r"- src/shops/helper\.py"):
        run("prepare")


def test_a_dep_with_options_is_listed_too(project: Path) -> None:
    edit(paths.PIPELINE, lambda p: p["stages"]["prepare"].update(deps=[{"src": {"desc": "code"}}]))
    run("prepare")


def test_python_looks_for_garbage_in_the_work_of_a_stage_and_not_in_its_imports(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_files("src/shops")
    add("import gc\nprint('imports', gc.isenabled())")
    text = STAGE.read_text(encoding="utf-8")
    work = "    print('works', gc.isenabled())\n    prepare(project, clean)"
    STAGE.write_text(text.replace("    prepare(project, clean)", work), encoding="utf-8")
    run("prepare")
    assert capsys.readouterr().out.startswith("imports False\nworks True\n")


def test_a_stage_that_cannot_be_imported_leaves_the_collector_on(project: Path) -> None:
    add("import unheard_of")
    with pytest.raises(InputError, match="unheard_of"):
        run("prepare")
    assert gc.isenabled()


def test_a_collector_that_the_owner_turned_off_stays_off(project: Path) -> None:
    gc.disable()
    try:
        run("prepare")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_module_without_main_is_refused(project: Path) -> None:
    Path("src/shops/extra.py").write_text("def mian(project): pass\n")
    with pytest.raises(
        InputError, match=r"src/shops/extra\.py has no function main; .*did you mean 'mian'"
    ):
        run("extra")


def test_a_missing_module_is_refused_with_the_nearest_name(project: Path) -> None:
    with pytest.raises(InputError, match=r"src has no module shops\.prepar .did you mean 'prepare"):
        run("prepar")
    assert "error: src has no module shops.prepar " in call("prepar", 1)


def test_a_stage_that_dvc_does_not_know_is_refused(project: Path) -> None:
    Path("src/shops/extra.py").write_text("def main(project): print(project.schema.target)\n")
    with pytest.raises(InputError, match=r"dvc\.yaml has no stage 'extra'.*the name of its module"):
        run("extra")


def test_a_stage_of_the_owner_gets_its_section(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("src/shops/extra.py").write_text(
        "def main(project): print(project.section('extra')['level'] * 2)\n"
    )
    edit(paths.PIPELINE, lambda p: p["stages"].update(extra={"cmd": "x", "deps": ["src"]}))
    edit(paths.PARAMS, lambda p: p.update(extra={"level": 21}))
    run("extra")
    assert capsys.readouterr().out == "42\n"
    edit(paths.PARAMS, lambda p: p.pop("extra"))
    with pytest.raises(InputError, match="has no section 'extra'"):
        run("extra")


def test_results_of_another_library_are_refused(project: Path) -> None:
    text = paths.PROJECT.read_text(encoding="utf-8")
    results = "\n[tool.tabrail.results]\nprepare = 99\nextra = 7\n"
    paths.PROJECT.write_text(text + results, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"says prepare = 99 .*computes \d+; run: uv run tabrail up"
    ):
        run("prepare")
    assert not paths.TRAIN.exists()
    Path("src/shops/extra.py").write_text("def main(project): pass\n")
    edit(paths.PIPELINE, lambda p: p["stages"].update(extra={"cmd": "x", "deps": ["src"]}))
    run("extra")  # numbers of other stages do not matter


def test_a_stage_that_raises_is_one_message_with_the_line(project: Path) -> None:
    text = STAGE.read_text(encoding="utf-8")
    broken = text.replace("    prepare(project, clean)", "    {}['none']")
    STAGE.write_text(broken, encoding="utf-8")
    line = broken.splitlines().index("    {}['none']") + 1
    with pytest.raises(InputError) as caught:
        run("prepare")
    where = f"the stage prepare failed in src/shops/prepare.py, line {line}: KeyError: 'none'"
    assert str(caught.value) == where
    printed = call("prepare", 1)
    assert printed.count("error: ") == 1
    assert f"error: {where}\n" in printed
    assert "Traceback (most recent call last)" in printed  # of the owner's code


def test_bad_input_is_one_message_without_a_traceback(project: Path) -> None:
    edit(paths.PARAMS, lambda p: p["prepare"].update(chunk_rows=0))
    printed = call("prepare", 1)
    assert "Traceback" not in printed
    assert printed.count("error: ") == 1


def test_a_stage_runs_from_a_folder_below(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("src/shops")
    run("prepare")
    assert (project / paths.TRAIN).exists()
    assert not (project / "src/shops/data").exists()
    assert Path.cwd() == project.resolve()


def test_outside_of_a_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"is not in a project: no pyproject\.toml here or above"):
        run("prepare")


def test_the_code_is_that_of_the_folder_one_stands_in(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "src/shops").mkdir(parents=True)
    (other / "src/shops/__init__.py").touch()
    (other / "src/shops/prepare.py").write_text("raise SystemExit('the other clone')")
    monkeypatch.setattr(sys, "path", [str(other / "src"), *sys.path])
    run("prepare")
    assert paths.TRAIN.exists()


def test_the_newest_code_runs_in_the_same_process(project: Path) -> None:
    prepare.main()
    text = STAGE.read_text(encoding="utf-8")
    STAGE.write_text(text.replace("    prepare(project, clean)", "    1 / 0"), encoding="utf-8")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        prepare.main()


def test_python_of_another_version_is_refused(project: Path) -> None:
    paths.PYTHON.write_text("3.9\n")
    message = rf"Python {python_version()} runs, and \.python-version says 3\.9; run: uv sync"
    with pytest.raises(InputError, match=message):
        run("prepare")
    paths.PYTHON.write_text(f"{python_version()}.99\n")  # the patch level does not matter
    run("prepare")


def test_a_package_of_another_version_is_refused(project: Path) -> None:
    lock(numpy="1.0.0", pandas=version("pandas"))
    message = rf"numpy {version('numpy')} is installed, and uv\.lock says 1\.0\.0; run: uv sync"
    with pytest.raises(InputError, match=message):
        run("prepare")
    assert not paths.TRAIN.exists()
    lock(numpy=version("numpy"), pandas=version("pandas"), six="0.1")  # six gives no number
    run("prepare")


def test_a_library_of_the_evaluation_counts_too(project: Path) -> None:
    paths.EVALUATION.parent.mkdir(exist_ok=True)
    paths.EVALUATION.write_text('{"model": {"versions": {"no-such-booster": "1.0"}}}')
    run("prepare")  # without a lock nothing is known of it
    lock(no_such_booster="1.0")
    with pytest.raises(InputError, match=r"no-such-booster is not installed, and uv\.lock says 1"):
        run("prepare")
    for damaged in ("{", "[]", '{"model": 1}'):
        paths.EVALUATION.write_text(damaged)
        run("prepare")


def test_one_of_several_locked_versions_suffices(project: Path) -> None:
    text = "".join(
        f'[[package]]\nname = "numpy"\nversion = "{one}"\n' for one in ("1.0", version("numpy"))
    )
    paths.PACKAGES.write_text(text, encoding="utf-8")
    run("prepare")


def test_a_damaged_lock_is_one_message(project: Path) -> None:
    paths.PACKAGES.write_text("[[package")
    with pytest.raises(InputError, match=r"uv\.lock is damaged .*; make it again with: uv lock"):
        run("prepare")


def test_an_editable_tabrail_warns(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "installed_version", lambda name: "2.0+editable")
    run("prepare")
    warning = (
        "warning: tabrail 2.0+editable: its results come from code that is not a released version\n"
    )
    assert capsys.readouterr().err.startswith(warning)


def test_what_a_stage_cost_is_logged_where_nothing_is_hashed(project: Path) -> None:
    call("prepare")
    (entry,) = map(json.loads, paths.COSTS.read_text(encoding="utf-8").splitlines())
    assert (entry["stage"], entry["model"]) == ("prepare", "")
    assert entry["seconds"] >= 0
    assert entry["peak_megabytes"] > 50
