"""What a machine may have that a new project does not get along with."""

import importlib
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.projects import TEMPLATE, generate, user_environment


def of_the_template(name: str) -> ModuleType:
    """Import one of the template's modules, which only cookiecutter has on its path."""
    sys.path.append(str(TEMPLATE))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TEMPLATE))


surroundings = of_the_template("cookiecutter_dvc_hooks.surroundings")
commands = of_the_template("cookiecutter_dvc_hooks.commands")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of Git's settings for all repositories, of a user with a new repository."""
    project = tmp_path / "outer" / "my-project"
    project.mkdir(parents=True)
    monkeypatch.chdir(project)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("PRE_COMMIT_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git("init", "--quiet")
    return config


def git(*arguments: str) -> str:
    """Run Git and return what it prints."""
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, encoding="utf-8")
    return done.stdout


def against_hooks() -> Any:
    """Return what is against the project's hooks."""
    return surroundings.against_hooks(commands.clean_environment())


def sentences() -> list[str]:
    """Return what the user is told of the new repository."""
    found: list[str] = surroundings.sentences(Path.cwd(), commands.clean_environment())
    return found


def test_on_a_usual_machine_nothing_is_against_a_project(machine: Path) -> None:
    assert against_hooks() is None
    assert sentences() == []


def test_the_companys_hooks_stay_unless_the_printed_commands_are_typed(machine: Path) -> None:
    company = machine.parent / "company"
    git("config", "--global", "core.hooksPath", str(company))
    found = against_hooks()
    assert f"Git runs the hooks in {company} for all repositories" in found.reason
    # pre-commit itself, which these tests have, too.
    for command in found.commands:
        words = (
            [sys.executable, "-m", "pre_commit", *command[3:]] if command[0] == "uv" else command
        )
        Path(".pre-commit-config.yaml").write_text("repos: []\n")
        subprocess.run(words, check=True, capture_output=True)
    assert Path(git("rev-parse", "--git-path", "hooks").strip(), "pre-commit").exists()
    assert not company.exists()


@pytest.mark.parametrize(
    ("name", "place", "told"),
    [
        ("HOME", "file/x", "~/.cache/pre-commit"),
        ("HOME", "/proc/x", "~/.cache/pre-commit"),  # of which root is told that it can be written
        ("XDG_CACHE_HOME", "file/x", "file/x/pre-commit"),
        ("PRE_COMMIT_HOME", "file", "file"),
    ],
)
def test_a_home_that_cannot_be_written_is_named_with_what_to_set(
    name: str, place: str, told: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.parent / "file").touch()  # nor can root make a folder in it
    monkeypatch.setenv(name, str(machine.parent / place))
    found = against_hooks()
    shown = told if told.startswith("~") else str(machine.parent / told)
    assert f"cannot write to {shown}; set the environment variable PRE_COMMIT_HOME" in found.reason
    assert found.commands == (surroundings.INSTALL_HOOKS,)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(machine.parent / "notes"))
    assert against_hooks() is None


def test_a_machine_may_know_of_no_home(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    assert "cannot write to ~/.cache/pre-commit" in against_hooks().reason


def test_a_repository_within_another_one_is_told(machine: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(machine.parent / "outer")], check=True)
    (sentence,) = sentences()
    assert sentence.startswith(
        f"my-project is a separate Git repository within that of {machine.parent / 'outer'}."
    )
    assert sentence.endswith("/docs/places.md")
    assert (TEMPLATE / "docs" / "places.md").exists()
    (machine.parent / "outer" / ".gitignore").write_text("my-project/\n")
    assert sentences() == []


def test_a_rule_that_hides_a_file_of_the_project_is_named(machine: Path) -> None:
    rules = machine.parent / ".gitignore"
    rules.write_text("# mine\n*.a:b\nö/\n")
    git("config", "--global", "core.excludesFile", str(rules))
    for name in ("x.a:b", "y.a:b", "ö/z", "own", "seen"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    Path(".gitignore").write_text("/own\n")
    first, second = sentences()
    assert first.startswith(f"Git ignores x.a:b, y.a:b by the rule *.a:b (line 2 of {rules}). ")
    assert second.startswith(f"Git ignores ö/ by the rule ö/ (line 3 of {rules}). ")
    for sentence in (first, second):
        line = sentence.partition("write the line ")[2].partition(" at the end of .gitignore")[0]
        with Path(".gitignore").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        command = sentence.partition("then run: ")[2].partition(",")[0]
        subprocess.run(shlex.split(command), check=True)
    assert sentences() == []
    assert "own" not in git("ls-files").splitlines()


@pytest.mark.parametrize(
    ("name", "email", "author"),
    [
        ("Zoë", "zoe@localhost", ("Zoë", "you@example.com")),
        ("\x07", "zoe@example.org", ("Your Name", "zoe@example.org")),
        ("", "", ("Your Name", "you@example.com")),
    ],
)
def test_the_author_is_whom_git_knows_if_that_can_be_used(
    name: str, email: str, author: tuple[str, str], machine: Path
) -> None:
    if name:
        git("config", "--global", "user.name", name)
        git("config", "--global", "user.email", email)
    known = of_the_template("cookiecutter_dvc").unless_git_knows
    defaults = {"user.name": "Your Name", "user.email": "you@example.com"}
    assert tuple(known(default, key) for key, default in defaults.items()) == author


def test_the_files_name_the_author_whom_git_knows(machine: Path, tmp_path: Path) -> None:
    git("config", "--global", "user.name", "Zoë {{ 7 }}")
    git("config", "--global", "user.email", "zoe@example.org")
    environment = user_environment(GIT_CONFIG_GLOBAL=str(machine))
    done = generate(tmp_path / "out", environment=environment, setup="false")
    assert done.returncode == 0, done.stderr
    made = tmp_path / "out" / "flight-delays"
    for name in ("params.yaml", "LICENSE", "pyproject.toml", "docs/runbook.md", ".tabrail.json"):
        assert "Zoë {{ 7 }}" in (made / name).read_text(encoding="utf-8"), name
