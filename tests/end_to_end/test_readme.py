"""Every command of both READMEs, as it is printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from end_to_end.edits import follow_inline
from end_to_end.markdown import blocks
from support.projects import PACKAGE, TEMPLATE, Project, ran, user_environment


def commands(text: str, language: str = "bash") -> list[str]:
    """Return the commands in a Markdown text's code blocks, one a line."""
    blocks = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.slow
def test_the_generated_readme_word_for_word(clone: Project, tmp_path: Path) -> None:
    """The five minutes with DVC, typed in order in a fresh project."""
    text = clone.read("README.md")
    clone.uv("pre-commit", "install")
    clone.run("git", "remote", "remove", "origin")
    clone.run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(tmp_path / "o.git"))
    follow_inline(text, clone.path)
    printed: dict[str, str] = {}
    folder = clone
    for line in commands(text):
        words = shlex.split(line.replace("<", "'<").replace(">", ">'"))
        words = [str(tmp_path / "o.git") if word.startswith("<") else word for word in words]
        if words[0] == "curl":  # test_page.py asks a server
            continue
        if words[0] == "cd":
            folder = Project((folder.path / words[1]).resolve())
            continue
        printed.setdefault(line, folder.run(*words))
    assert ran(printed["uv run dvc repro"]) == ["train", "evaluate"]
    assert ".learning_rate" in printed["uv run dvc params diff"]
    assert "validation.roc_auc" in printed["uv run dvc metrics diff"]
    (experiments,) = (text for line, text in printed.items() if " exp show " in line)
    (scores,) = re.findall(r"validation.roc_auc", experiments)[:1]
    assert scores
    assert {"trees-50", "trees-200"} <= set(re.findall(r"trees-\d+", experiments))
    assert "params.yaml" in printed["uv run dvc status"]
    assert folder.path.name == "my-copy"
    assert "up to date" in folder.uv("dvc", "status")


def test_every_place_that_the_generated_readme_names_is_there(finished: Project) -> None:
    text = finished.read("README.md")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    places = re.findall(r"^\| `([\w/.]+)` \| ", text, flags=re.MULTILINE)
    missing = [name for name in links + places if not (finished.path / name).exists()]
    assert links
    assert places
    assert missing == []


@pytest.mark.slow
@pytest.mark.ci("it installs everything once more")
def test_make_demo_needs_no_step_before_and_ends_with_the_difference(copy: Path) -> None:
    environment = user_environment()
    bare = os.environ["PATH"].replace(str(Path(sys.executable).parent), "")  # no uv
    done = subprocess.run(
        ["make", "demo"],
        cwd=copy,
        env=environment | {"PATH": bare},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Running stage 'prepare'" not in done.stdout
    shown = demo_in_readme()
    printed = iter(done.stdout.splitlines())
    missing = [line for line in shown if line not in printed]  # in their order
    assert missing == []
    # Its hint leads to a README that can be followed from here: on main, with nothing changed.
    project = Project(copy / "demo/flight-delays")
    assert project.run("git", "status", "--porcelain", "--branch") == "## main\n"
    assert "up to date" in project.uv("dvc", "status")
    again = subprocess.run(["make", "demo"], cwd=copy, env=environment, capture_output=True)
    assert again.returncode == 2
    assert b"demo already exists" in again.stderr


def demo_in_readme() -> list[str]:
    """Return the lines that README.md shows of the demo; three dots stand for what is left out."""
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    (block,) = (block.text for block in blocks(text) if "is ready" in block.text)
    return [line for line in block.splitlines() if line != "..."]


def test_the_readme_shows_the_improvement_and_what_the_test_rows_say() -> None:
    shown = "\n".join(demo_in_readme())
    assert re.search(r"roc_auc \S+ → \S+: \S+ better \[", shown)
    assert "The test rows" in shown


def test_the_other_way_to_generate(copy: Path) -> None:
    (line,) = (
        line
        for line in commands((copy / "docs/generate.md").read_text(encoding="utf-8"))
        if line.startswith("cookiecutter")
    )
    subprocess.run(shlex.split(line), cwd=copy, env=user_environment(), check=True)
    assert "Apache License" in (copy / "projects/late-trains/LICENSE").read_text(encoding="utf-8")
    assert (copy / "projects/late-trains/.gitlab-ci.yml").exists()


def test_the_refusal_that_the_page_shows(copy: Path, tmp_path: Path) -> None:
    (shown,) = (block for block in shown_in("generate.md") if block.startswith("$ cookiecutter"))
    command, message = shown.removeprefix("$ ").split("\n", 1)
    where = ["--output-dir", str(tmp_path / "nothing")]
    done = subprocess.run(
        [*shlex.split(command), *where],
        cwd=copy,
        env=user_environment(),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert done.stderr == message
    assert not (tmp_path / "nothing").exists()


def shown_in(page: str) -> list[str]:
    """Return the blocks of text of a page of the manual."""
    text = (TEMPLATE / "docs" / page).read_text(encoding="utf-8")
    return [block.text for block in blocks(text) if block.language == "text"]


def test_the_readme_says_how_many_files_a_project_has(finished: Project) -> None:
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| Files to own \| (\d+) ", text, re.MULTILINE)
    (said,) = re.findall(r"\b(\d+) files, with about 200 lines of Python", text)
    assert int(row) == int(said) == len(finished.tracked())
    code = sorted((finished.path / PACKAGE).glob("*.py"))
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in code)
    assert 100 < lines <= 200


def test_continuous_integration_calls_the_readmes_test_command() -> None:
    assert "make test" in commands((TEMPLATE / "README.md").read_text(encoding="utf-8"))
    run = (TEMPLATE / ".ci/run").read_text(encoding="utf-8")
    assert run.rstrip().endswith("\nCI=true make test")
