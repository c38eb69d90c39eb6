"""An upgrade changes everything that belongs together, or nothing at all."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from generated import contents, made, write_project
from typer.testing import CliRunner

from tabrail import record, rendering
from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.results import RESULTS
from tabrail.upgrade.upgrade import upgrade

OLD = made()["tabrail"]
NEW = "9.1.0"
LOCK = 'version = 1\n# of tabrail "9.1.0"\n'

# A stand-in for uv, which notes how it was called: locks, looks up versions, and runs the code of
# the other version, which renders as this one but for what the file `theirs.json` says.
UV = """#!{python}
import json, os, pathlib, subprocess, sys
folder = pathlib.Path({folder!r})
given = sys.stdin.read()
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
fail = folder / "fail"
if fail.exists() and sys.argv[1] == fail.read_text():
    print("error: no network", file=sys.stderr)
    sys.exit(2)
if sys.argv[1] == "lock":
    pathlib.Path("uv.lock").write_text({lock!r})
elif sys.argv[1] == "pip":
    if given not in ("tabrail", "tabrail=={new}"):
        print("No solution found", file=sys.stderr)
        sys.exit(1)
    print("tabrail=={new}")
else:
    done = subprocess.run([sys.executable, "-m", "tabrail.rendering"], input=given,
                          capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    theirs = json.loads((folder / "theirs.json").read_text())
    for name, value in theirs.items():
        found[name] = {{**found[name], **value}} if isinstance(value, dict) else value
    print(json.dumps(found))
"""


def call(*arguments: str, code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["upgrade", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def git(*arguments: str) -> str:
    """Run Git in the project."""
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wheel(folder: Path, version: str = NEW, **changes: bytes) -> Path:
    """Write a wheel of the library, with one file whose content is not as recorded."""
    info = f"tabrail-{version}.dist-info"
    files = {
        "tabrail/__init__.py": b"",
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: tabrail\nVersion: {version}\n".encode(),
    }
    recorded = "".join(
        f"{name},sha256={urlsafe_b64encode(sha256(content).digest()).rstrip(b'=').decode()},1\n"
        for name, content in files.items()
    )
    path = folder / f"tabrail-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {
            **files,
            f"{info}/RECORD": f"{recorded}{info}/RECORD,,\n".encode(),
        }.items():
            archive.writestr(name, changes.get(Path(name).name.partition(".")[0], content))
    return path


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in for uv in its place; return the folder with its notes."""
    folder = tmp_path / "uv"
    folder.mkdir()
    program = folder / "uv"
    program.write_text(UV.format(python=sys.executable, folder=str(folder), lock=LOCK, new=NEW))
    program.chmod(0o755)
    monkeypatch.setenv("UV", str(program))
    theirs(folder)
    return folder


def theirs(folder: Path, **changes: Any) -> None:
    """Say in what the other version differs."""
    (folder / "theirs.json").write_text(json.dumps({"version": NEW, **changes}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv: Path) -> Path:
    """Stand in a new project whose files are committed."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_project(folder)
    Path("uv.lock").write_text("version = 1\n")
    Path("vendor").mkdir()
    wheel(Path("vendor"), OLD)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Start")
    return folder


def toml() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))


def test_pin_wheel_source_lock_and_record_change_together(project: Path, tmp_path: Path) -> None:
    new = wheel(tmp_path)
    printed = call(str(new))
    assert f"tabrail {OLD} → {NEW}" in printed
    assert toml()["project"]["dependencies"] == [f"tabrail=={NEW}"]
    path = f"vendor/tabrail-{NEW}-py3-none-any.whl"
    assert toml()["tool"]["uv"]["sources"] == {"tabrail": {"path": path}}
    assert [file.name for file in Path("vendor").iterdir()] == [Path(path).name]
    assert Path(path).read_bytes() == new.read_bytes()
    assert Path("uv.lock").read_text() == LOCK
    assert record.load().tabrail == NEW
    assert printed.endswith("    uv sync\n    uv run dvc repro\n    git diff\n\n")


def test_the_same_wheel_again_changes_nothing_and_says_so(project: Path, tmp_path: Path) -> None:
    new = wheel(tmp_path)
    assert "Nothing was changed" not in call(str(new))
    git("add", "--all")
    git("commit", "--quiet", "--message", "Upgrade")
    printed = call(str(new))
    assert f"Nothing was changed: the project has tabrail {NEW} already." in printed
    assert not re.search(r"^(changed|new|renewed) ", printed, re.MULTILINE)
    assert "Next:" not in printed
    assert git("status", "--porcelain") == ""


def test_the_rest_of_pyproject_stays_byte_for_byte(project: Path, tmp_path: Path) -> None:
    before = Path("pyproject.toml").read_text(encoding="utf-8").splitlines()
    call(str(wheel(tmp_path)))
    after = Path("pyproject.toml").read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before] == [
        f'dependencies = ["tabrail=={NEW}"]',
        f'tabrail = {{path = "vendor/tabrail-{NEW}-py3-none-any.whl"}}',
    ]
    assert len(after) == len(before)


def test_extras_and_other_dependencies_stay(project: Path, tmp_path: Path) -> None:
    path = Path("pyproject.toml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f'"tabrail=={OLD}"', f'"six", "tabrail[serve]=={OLD}", "attrs>1"'))
    git("commit", "--quiet", "--all", "--message", "More")
    call(str(wheel(tmp_path)))
    assert toml()["project"]["dependencies"] == ["six", f"tabrail[serve]=={NEW}", "attrs>1"]


def test_numbers_of_results_are_written(project: Path, tmp_path: Path, uv: Path) -> None:
    theirs(uv, results={"evaluate": 9})
    printed = call(str(wheel(tmp_path)))
    assert toml()["tool"]["tabrail"]["results"] == RESULTS | {"evaluate": 9}
    assert "The results of evaluate change" in printed
    assert "The results of train" not in printed


def test_the_code_of_the_new_wheel_renders_apart_from_the_project(
    project: Path, tmp_path: Path, uv: Path
) -> None:
    new = wheel(tmp_path)
    call(str(new))
    (run,) = (line for line in (uv / "calls").read_text().splitlines() if line.startswith("run "))
    assert run.startswith("run --no-project --isolated ")
    assert f"--with {new}" in run


def test_files_as_generated_are_renewed_and_edited_ones_are_shown(
    project: Path, tmp_path: Path, uv: Path
) -> None:
    ours = rendering.files(made())
    changed = {
        name: ours[name].replace("# ", "# New: ", 1)
        for name in ("dvc.yaml", "params.yaml", ".pre-commit-config.yaml")
    }
    theirs(uv, files={**changed, "new.txt": "new\n"}, results={"evaluate": 9})
    edited = Path("params.yaml")
    edited.write_text(edited.read_text() + "# mine\n")
    Path(".pre-commit-config.yaml").unlink()
    git("add", "--all")
    git("commit", "--quiet", "--message", "Mine")
    before = edited.read_bytes()

    printed = call(str(wheel(tmp_path)))

    assert Path("dvc.yaml").read_text() == changed["dvc.yaml"]
    assert Path("new.txt").read_text() == "new\n"
    assert edited.read_bytes() == before
    assert not Path(".pre-commit-config.yaml").exists()
    assert "renewed  dvc.yaml" in printed
    assert "new      new.txt" in printed
    summary, _, differences = printed.partition("left     params.yaml: you have changed it")
    assert "left     params.yaml\n" in summary
    assert "The results of evaluate change" in summary  # before what takes pages to show
    assert "+# New: " in differences
    assert "mine" not in printed
    known = record.load()
    assert known.is_as_generated(Path("dvc.yaml"))
    assert not known.is_as_generated(edited)


def test_what_a_new_project_would_have_is_shown(project: Path, tmp_path: Path, uv: Path) -> None:
    ours = rendering.files({**made(), "tabrail": NEW}, rendering.OWNERS_FILES)
    theirs(
        uv,
        owners_files={
            "README.md": "Better.\n" + ours["README.md"],
            "pyproject.toml": ours["pyproject.toml"],
        },
    )
    before = Path("README.md").read_bytes()
    printed = call(str(wheel(tmp_path)))
    assert "README.md is yours; in a new project it would now differ by:" in printed
    assert "+Better." in printed
    assert printed.index("yours    README.md") < printed.index("README.md is yours")
    assert "yours    pyproject.toml" not in printed
    assert "pyproject.toml is yours" not in printed
    assert Path("README.md").read_bytes() == before


def test_a_version_on_the_index_needs_no_wheel(project: Path, tmp_path: Path) -> None:
    call(NEW)
    assert toml()["project"]["dependencies"] == [f"tabrail=={NEW}"]
    assert "sources" not in toml()["tool"]["uv"]
    assert not Path("vendor").exists()
    git("add", "--all")
    git("commit", "--quiet", "--message", "From the index")
    call(str(wheel(tmp_path)))  # and back
    assert toml()["tool"]["uv"]["sources"]["tabrail"]["path"].startswith("vendor/")


def test_without_a_version_the_index_has_the_newest(project: Path) -> None:
    call(NEW)
    git("add", "--all")
    git("commit", "--quiet", "--message", "From the index")
    assert f"→ {NEW}" in call()


def test_a_vendored_wheel_is_not_replaced_by_what_an_index_has(project: Path, uv: Path) -> None:
    assert "give the new wheel, such as: uv run tabrail upgrade ../tabrail" in call(code=1)
    assert not (uv / "calls").exists()


@pytest.mark.parametrize("command", ["run", "lock"])
def test_a_failure_brings_everything_back(
    project: Path, tmp_path: Path, uv: Path, command: str
) -> None:
    theirs(uv, files={"dvc.yaml": "a: 1\n", "new.txt": "new\n"}, results={"train": 7})
    (uv / "fail").write_text(command)
    before = contents(project)
    printed = call(str(wheel(tmp_path)), code=1)
    assert "no network" in printed
    assert printed.splitlines()[-1] != ""
    assert contents(project) == before
    assert git("status", "--porcelain") == ""
    (uv / "fail").unlink()
    call(str(wheel(tmp_path)))  # it can simply be done again


def test_stopping_brings_everything_back(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tabrail.upgrade import upgrade as module

    before = contents(project)
    with monkeypatch.context() as patch:

        def stop(*_given: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(module, "_uv", stop)
        call(str(wheel(tmp_path)), code=130)
    assert contents(project) == before


def test_changes_that_are_not_committed_are_not_mixed_in(project: Path, tmp_path: Path) -> None:
    Path("params.yaml").write_text("a: 1\n")
    Path("notes.txt").write_text("of no matter")
    before = contents(project)
    printed = call(str(wheel(tmp_path)), code=1)
    assert printed.count("\n") == 1
    assert "commit or stash them first: params.yaml" in printed
    assert contents(project) == before


def broken(folder: Path) -> dict[str, str]:
    """Return what cannot be upgraded to, and what is said of it."""
    good = wheel(folder)
    short = folder / "short" / good.name
    short.parent.mkdir()
    short.write_bytes(good.read_bytes()[:200])
    changed = wheel(folder / "short", "9.2.0", __init__=b"import os")
    lying = folder / "short" / "tabrail-9.3.0-py3-none-any.whl"
    lying.write_bytes(good.read_bytes())
    other = folder / "pandas-3.0.0-py3-none-any.whl"
    other.write_bytes(good.read_bytes())
    unnamed = folder / "tabrail.whl"
    unnamed.write_bytes(good.read_bytes())
    return {
        str(folder / "nowhere" / good.name): "is not there; give the path of a wheel",
        str(short): "is damaged (",
        str(changed): "is damaged: tabrail/__init__.py does not match its recorded hash",
        str(lying): "is damaged (",
        str(other): "is a wheel of pandas, not of tabrail",
        str(unnamed): "is not named like a wheel",
        "8.0.0": "the package index has no tabrail==8.0.0",
        "newest": "'newest' is neither a wheel nor a version",
    }


def test_what_is_missing_damaged_or_unknown_is_refused_in_one_sentence(
    project: Path, tmp_path: Path
) -> None:
    before = contents(project)
    for given, sentence in broken(tmp_path).items():
        printed = call(given, code=1)
        assert sentence in printed, given
        assert printed.startswith("error: ")
        assert printed.count("\n") == 1
        assert contents(project) == before


def test_a_project_without_the_dependency_is_told_so(project: Path, tmp_path: Path) -> None:
    path = Path("pyproject.toml")
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["project"]["dependencies"] = ["six"]
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    git("commit", "--quiet", "--all", "--message", "Without")
    assert "does not list tabrail among its dependencies" in call(str(wheel(tmp_path)), code=1)


def test_no_repository_is_needed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert f"→ {NEW}" in call(str(wheel(tmp_path)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "pyproject.toml is missing in "),
        ("[project\n", "pyproject.toml is not valid TOML: "),
    ],
)
def test_without_a_readable_pyproject_nothing_begins(
    text: str | None, sentence: str, project: Path, tmp_path: Path, uv: Path
) -> None:
    path = Path("pyproject.toml")
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")
    before = contents(project)
    with pytest.raises(InputError, match=f"^{sentence}"):
        upgrade(str(wheel(tmp_path)), print)
    assert contents(project) == before
    assert not (uv / "calls").exists()


def test_a_requirement_that_nobody_can_read_is_passed_over(project: Path, tmp_path: Path) -> None:
    path = Path("pyproject.toml")
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["project"]["dependencies"].insert(0, "six of one ==")
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    git("commit", "--quiet", "--all", "--message", "Odd")
    call(str(wheel(tmp_path)))
    assert toml()["project"]["dependencies"] == ["six of one ==", f"tabrail=={NEW}"]
