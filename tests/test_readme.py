"""Every command of both READMEs, as it is printed."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import TEMPLATE, Project, user_environment


def commands(text: str, language: str = "bash") -> list[str]:
    """Return the commands in a Markdown text's code blocks, one a line."""
    blocks = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def make_the_change(project: Project, text: str) -> None:
    """Change params.yaml as the README tells its reader to."""
    (change,) = re.findall(r"In `params.yaml`, change `(.+)` to `(.+)`", text)
    params = project.path / "params.yaml"
    before = params.read_text(encoding="utf-8")
    assert change[0] in before
    params.write_text(before.replace(*change), encoding="utf-8")


def test_the_generated_readme_word_for_word(clone: Project, tmp_path: Path) -> None:
    """The five minutes with DVC and all that follows, typed in order in a fresh project."""
    text = (clone.path / "README.md").read_text(encoding="utf-8")
    clone.uv("pre-commit", "install")
    clone.run("git", "remote", "remove", "origin")
    clone.run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(tmp_path / "o.git"))
    make_the_change(clone, text)
    printed: dict[str, str] = {}
    folder = clone
    for line in commands(text):
        words = shlex.split(line.replace("<", "'<").replace(">", ">'"))
        words = [str(tmp_path / "o.git") if word.startswith("<") else word for word in words]
        if words[0] == "cd":
            # The copy stands where the default remote, a folder beside the project, is found.
            shutil.rmtree(target := folder.path.with_name(words[1]), ignore_errors=True)
            shutil.move(folder.path / words[1], target)
            folder = Project(target)
            continue
        printed.setdefault(line, folder.run(*words))
    assert "Running stage 'train'" in printed["uv run dvc repro"]
    assert "Running stage 'prepare'" not in printed["uv run dvc repro"]
    assert "train.options.learning_rate" in printed["uv run dvc params diff"]
    assert "validation.roc_auc" in printed["uv run dvc metrics diff"]
    assert "leaves-31" in printed["uv run dvc exp show --only-changed"]
    assert "up to date" in printed["uv run dvc status"] or "changed" in printed["uv run dvc status"]
    assert "up to date" in folder.uv("dvc", "status")
    assert "v0.1.0" in printed["uv run gto show"]


def test_every_place_that_the_generated_readme_names_is_there(finished: Project) -> None:
    text = (finished.path / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    places = re.findall(r"^\| `([\w/.]+)` \| ", text, flags=re.MULTILINE)
    missing = [name for name in links + places if not (finished.path / name).exists()]
    assert links
    assert places
    assert missing == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as a clean clone has it."""
    target = tmp_path_factory.mktemp("template") / "cookiecutter-dvc"
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=TEMPLATE,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, target / name)
    return target


def test_make_demo_needs_no_step_before_and_ends_with_the_difference(copy: Path) -> None:
    environment = user_environment()
    bare = environment["PATH"].partition(":")[2]  # without this environment's uv
    done = subprocess.run(
        ["make", "demo"],
        cwd=copy,
        env=environment | {"PATH": bare},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Running stage 'prepare'" not in done.stdout
    end = done.stdout[done.stdout.rindex("dvc metrics diff main slower-learning") :]
    assert "validation.roc_auc" in end


def test_the_readme_shows_what_really_comes_out(copy: Path, finished: Project) -> None:
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    scores = re.findall(r"validation\.roc_auc +([\d.]+)", text)
    assert scores
    assert finished.uv("dvc", "metrics", "show", "--json").count(scores[0])


def test_continuous_integration_calls_the_readmes_test_command() -> None:
    assert "make test" in commands((TEMPLATE / "README.md").read_text(encoding="utf-8"))
    assert (TEMPLATE / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("\nmake test")
