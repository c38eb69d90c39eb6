"""What DVC hashes here and a clone does not have is found, and the command that is said helps."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import package
from ruamel.yaml import YAML
from runs import Repository

from tabrail.errors import InputError
from tabrail.review.line_ends import bytes_are_those_of_git, require_bytes_of_git
from tabrail.run import run

CODE, OUT, PARAMS = "src/shops/features.py", "reports/hours.csv", "params.yaml"
LOCK: dict[str, Any] = {
    "train": {
        "cmd": "tabrail run train",
        "deps": [{"path": path} for path in ("src/shops", "data/raw", "https://example.com/x")],
        "params": {PARAMS: {"train": {"seed": 0}}},
        "outs": [{"path": OUT}, {"path": "model"}],
    },
}
TRAIN = '''"""Stage 2."""

from tabrail import Project


def main(project: Project) -> None:
    """Say that it runs."""
    print("it runs")
'''


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a project that was run and committed."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(project / "none"))
    stages = {"train": {"cmd": "tabrail run train", "deps": ["src/shops", "data/raw"]}}
    YAML().dump({"stages": stages}, Path("dvc.yaml"))
    Path(".gitattributes").write_text("* text=auto eol=lf\n")
    Path(".gitignore").write_text("/data/raw\n__pycache__/\n")
    Path("reports").mkdir()
    Path(OUT).write_text("hour,late\n1,2\n")
    Path("src/shops/train.py").write_text(TRAIN)
    repository = Repository()
    repository.commit("Start")
    return repository


def found() -> tuple[str, str]:
    """Return the verdict with what is wrong, and the fix."""
    check = bytes_are_those_of_git(LOCK)
    return f"{check.verdict} {check.detail}", check.fix


def with_windows_ends(name: str) -> None:
    path = Path(name)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def with_one_windows_end() -> None:
    Path(CODE).write_bytes(Path(CODE).read_bytes().replace(b"\n", b"\r\n", 1))


def with_attribute(attribute: str) -> Callable[[], None]:
    def change() -> None:
        Path(".gitattributes").write_text(f"* text=auto eol=lf\nfeatures.py {attribute}\n")
        Path(CODE).write_text(f"{Path(CODE).read_text()}# $Id: 1 $\n")

    return change


def shouted(text: str = "x = 1\n") -> None:
    """Let Git keep capital letters, and write small ones."""
    Path(".gitattributes").write_text("features.py filter=shout\n")
    for end, program in (("clean", "tr a-z A-Z"), ("smudge", "tr A-Z a-z")):
        Repository.git(None, "config", f"filter.shout.{end}", program)  # type: ignore[arg-type]
    Path(CODE).write_text(text)


def encoded() -> None:
    """Let Git keep UTF-8 and Unix line ends, and write UTF-16; have Windows line ends here."""
    Path(".gitattributes").write_text(
        "* text=auto eol=lf\nfeatures.py text working-tree-encoding=UTF-16LE\n"
    )
    text = Path(CODE).read_text().replace("\n", "\r\n")
    Path(CODE).write_bytes(text.encode("utf-16-le"))


WRONG: dict[str, Callable[[], None]] = {
    "Windows line ends": lambda: with_windows_ends(CODE),
    "one Windows line end": with_one_windows_end,
    "an identifier": with_attribute("ident"),
    "a file for Windows": with_attribute("eol=crlf"),
    "an encoding": encoded,
    "a filter": lambda: shouted("x = 'A'\n"),
}


@pytest.mark.parametrize("case", WRONG)
def test_code_that_a_clone_has_otherwise_is_found_and_the_command_helps(
    repository: Repository, case: str
) -> None:
    WRONG[case]()
    if case == "an encoding":
        Path(CODE).write_bytes(Path(CODE).read_text().encode("utf-16-le"))
        Path(CODE).write_bytes(Path(CODE).read_bytes().replace(b"\n\0", b"\r\0\n\0"))
    with pytest.raises(InputError, match=r"^train reads files whose bytes will differ") as refused:
        require_bytes_of_git("train")
    repository.commit("Edit")
    assert repository.git("status", "--porcelain") == ""
    verdict, fix = found()
    assert verdict.startswith(
        f"FAILED the bytes that DVC hashed here differ from those of a clone: {CODE}"
    )
    assert verdict.endswith("(Windows line ends)") == ("Windows line" in case)
    command, then = fix.removeprefix("run: ").split(", then: ")
    assert then == "uv run dvc repro, and commit what it changes"
    assert str(refused.value).endswith(f"First run: {command}")
    follow(command)
    assert found()[0].startswith("ok")
    require_bytes_of_git("train")
    repository.commit("Again")
    shutil.copy(CODE, "here.py")
    repository.git("rm", "--quiet", "--cached", CODE)
    repository.git("checkout", "HEAD", "--", CODE)
    assert Path(CODE).read_bytes() == Path("here.py").read_bytes()


def follow(command: str) -> None:
    """Do what a message says."""
    subprocess.run(["sh", "-c", command.removeprefix("uv run ")], check=False, capture_output=True)


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
@pytest.mark.parametrize("name", [CODE, PARAMS])
def test_what_git_was_told_not_to_look_at_is_found_and_the_command_helps(
    repository: Repository, flag: str, name: str
) -> None:
    repository.git("update-index", f"--{flag}", name)
    Path(name).write_text(Path(name).read_text().replace("0.2", "0.3") + "# mine\n")
    repository.commit("Nothing")
    verdict, fix = found()
    assert verdict == f"FAILED Git is set to ignore changes in {name}, but there are changes"
    command, then = fix.removeprefix("run: ").split(", and ")
    assert then == "commit it"
    follow(command)
    assert repository.git("status", "--porcelain") == f" M {name}\n"
    repository.commit("Mine")
    assert found()[0].startswith("ok")


def test_a_result_with_windows_line_ends_is_for_its_stage(repository: Repository) -> None:
    with_windows_ends(OUT)
    repository.commit("Run")
    verdict, fix = found()
    assert verdict.endswith(f"clone: {OUT} (Windows line ends)")
    assert fix.startswith('let the stage write "\\n" at the end of a line')
    Path(OUT).write_text("hour,late\n1,2\n")
    assert found()[0].startswith("ok")


def edited() -> None:
    Path(CODE).write_text(Path(CODE).read_text() + "# more\n")


def for_windows() -> None:
    Path(".gitattributes").write_text("features.py eol=crlf\n")
    with_windows_ends(CODE)


FINE: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "a mark of UTF-8": lambda: Path(CODE).write_bytes(b"\xef\xbb\xbf" + Path(CODE).read_bytes()),
    "line ends of parameters": lambda: with_windows_ends(PARAMS),
    "line ends of what no stage reads": lambda: with_windows_ends("dvc.yaml"),
    "binary": lambda: Path(CODE).write_bytes(b"\0\r\n"),
    "a filter that gives back what it gets": shouted,
    "Windows line ends that every clone has": for_windows,
    "an edit": edited,
    "a file that is gone": lambda: Path(CODE).unlink(),
    "a new file": lambda: Path("src/shops/new.py").write_text("x = 1\n"),
    "a name of Git's": lambda: Path("src/shops/[a]*é b.py").write_text("x = 1\n"),
}


@pytest.mark.parametrize("case", FINE)
def test_what_a_clone_has_alike_is_fine(repository: Repository, case: str) -> None:
    FINE[case]()
    before = {path: path.read_bytes() for path in Path(".git").rglob("*") if path.is_file()}
    require_bytes_of_git("train")
    after = {path: path.read_bytes() for path in Path(".git").rglob("*") if path.is_file()}
    assert after == before
    if case in {"an edit", "a file that is gone"}:  # another check says that it is not committed
        assert found()[0].startswith("ok")
    repository.commit("Edit")
    assert found()[0].startswith("ok")
    require_bytes_of_git("train")


def test_settings_of_this_machine_are_not_those_of_a_clone(repository: Repository) -> None:
    Path(".gitattributes").unlink()
    repository.git("config", "core.autocrlf", "true")
    repository.commit("Without attributes")
    assert found()[0].startswith("ok")
    with_windows_ends(CODE)
    repository.commit("On Windows")
    assert found()[0].startswith("FAILED")


def test_a_project_below_the_top_of_its_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(".git")
    below = tmp_path / "a b/project"
    below.mkdir(parents=True)
    for path in list(tmp_path.iterdir()):
        if path.name != "a b":
            path.rename(below / path.name)
    whole = Repository()
    monkeypatch.chdir(below)
    whole.commit("Start")
    assert found()[0].startswith("ok")
    with_windows_ends(CODE)
    whole.commit("Edit")
    assert CODE in found()[0]
    with pytest.raises(InputError, match=CODE):
        require_bytes_of_git("train")


@pytest.mark.parametrize("name", [CODE, "src/shops/helper.py", "src/shops/é b.py"])
def test_a_stage_does_not_run_for_nothing(
    repository: Repository, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_text(f"{package()[CODE]}# an edit\n")
    run("train")
    assert capsys.readouterr().out == "it runs\n"
    with_windows_ends(name)
    before = repository.git("status", "--porcelain")
    command = f"uv run mixed-line-ending --fix=lf {shlex.quote(name)}"
    with pytest.raises(InputError, match=re.escape(command)):
        run("train")
    assert capsys.readouterr().out == ""
    assert repository.git("status", "--porcelain") == before


def test_a_name_is_no_pattern(repository: Repository) -> None:
    Path("[o]ther.py").write_text("x = 1\n")
    Path("other.py").write_bytes(b"x = 1\r\n")
    repository.commit("Others")
    lock = {"train": {"deps": [{"path": "[o]ther.py"}]}}
    assert bytes_are_those_of_git(lock).verdict == "ok"


def test_of_a_stage_that_reads_no_files_nothing_is_asked(repository: Repository) -> None:
    with_windows_ends(CODE)
    require_bytes_of_git("hours")


def test_without_git_nothing_is_checked(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_windows_ends(CODE)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "")
        require_bytes_of_git("train")
    shutil.rmtree(".git")
    require_bytes_of_git("train")
