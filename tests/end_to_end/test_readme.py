"""Every command of both READMEs, as it is printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from end_to_end.edits import follow_inline
from support.projects import TEMPLATE, Project, ran, user_environment


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
    end = done.stdout[done.stdout.rindex("dvc metrics diff main fewer-leaves") :]
    readme = (copy / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^reports/metrics.json .*$", readme, flags=re.MULTILINE)
    assert shown
    assert [line for line in shown if line not in end] == []
    # Its hint leads to a README that can be followed from here: on main, with nothing changed.
    project = Project(copy / "demo/flight-delays")
    assert project.run("git", "status", "--porcelain", "--branch") == "## main\n"
    assert "up to date" in project.uv("dvc", "status")
    again = subprocess.run(["make", "demo"], cwd=copy, env=environment, capture_output=True)
    assert again.returncode == 2
    assert b"demo is there already" in again.stdout


def test_the_readmes_other_way_to_generate(copy: Path) -> None:
    (line,) = (
        line
        for line in commands((copy / "README.md").read_text(encoding="utf-8"))
        if line.startswith("cookiecutter")
    )
    subprocess.run(shlex.split(line), cwd=copy, env=user_environment(), check=True)
    assert "Apache License" in (copy / "projects/late-trains/LICENSE").read_text(encoding="utf-8")
    assert (copy / "projects/late-trains/.gitlab-ci.yml").exists()


def test_continuous_integration_calls_the_readmes_test_command() -> None:
    assert "make test" in commands((TEMPLATE / "README.md").read_text(encoding="utf-8"))
    run = (TEMPLATE / ".ci/run").read_text(encoding="utf-8")
    assert run.rstrip().endswith("\nCI=true make test")
