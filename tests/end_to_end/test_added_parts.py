"""All parts that are asked for at generation, in a project that its owner sets up by hand."""

import json
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest
from support.projects import AUTHOR, PARTS_IN_ORDER, TEMPLATE, Project, set_up_by_hand

pytestmark = pytest.mark.ci("it generates one more project")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all parts; tests leave it as it is.

    Its set-up is the commands that are printed where it was left out, typed one after the other.
    """
    return set_up_by_hand(
        tmp_path_factory.mktemp("parts"), parts=", ".join(PARTS_IN_ORDER), **AUTHOR
    )


@pytest.mark.slow
def test_parts_are_part_of_the_first_commit(project: Project) -> None:
    assert project.run("git", "status", "--porcelain") == ""
    tracked = set(project.run("git", "ls-files").splitlines())
    workflows = {f".github/workflows/{name}.yaml" for name in PARTS_IN_ORDER[:3]}
    assert workflows | {"notebooks/explore.ipynb", ".devcontainer/devcontainer.json"} <= tracked
    assert {"Dockerfile", ".dockerignore", "deploy/kubernetes/server.yaml"} <= tracked
    record = json.loads((project.path / ".tabrail.json").read_text(encoding="utf-8"))
    assert record["parts"] == list(PARTS_IN_ORDER)
    assert "up to date" in project.uv("dvc", "status")


@pytest.mark.slow
def test_adding_them_again_changes_nothing(project: Project) -> None:
    printed = project.uv("tabrail", "add", *PARTS_IN_ORDER)
    assert printed.count("was added before; nothing was changed.") == len(PARTS_IN_ORDER)
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_all_checks_of_the_project_pass(project: Project) -> None:
    project.uv("ruff", "check")
    project.uv("pre-commit", "run", "--all-files")
    tools = Path(sys.executable).parent
    project.run(str(tools / "actionlint"))
    project.run(str(tools / "zizmor"), "--offline", "--quiet", "--persona=pedantic", ".github")


@pytest.mark.slow
def test_no_name_of_a_locked_package_can_be_a_slug(project: Project) -> None:
    reserved = runpy.run_path(str(TEMPLATE / "cookiecutter_dvc_hooks" / "reserved.py"))
    lock = tomllib.loads((project.path / "uv.lock").read_text(encoding="utf-8"))
    names = {re.sub("[-_.]+", "-", package["name"]) for package in lock["package"]}
    assert names - reserved["PACKAGES"] == {"flight-delays"}


@pytest.mark.slow
def test_the_notebook_runs_and_a_commit_strips_it(project: Project) -> None:
    clone = project.clone("notebook")
    clone.uv("dvc", "pull", "--quiet")
    path = clone.path / "notebooks" / "explore.ipynb"
    before = json.loads(path.read_text(encoding="utf-8"))["cells"]
    execute = ("jupyter", "execute", "--inplace", "notebooks/explore.ipynb")
    clone.uv("--group", "notebook", *execute)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    assert all(outputs)
    assert "carrier" in json.dumps(outputs[1])
    clone.uv("pre-commit", "install")
    clone.run("git", "add", "--all")
    assert "notebooks without outputs" in clone.run("git", "commit", "-m", "Look", code=1)
    assert json.loads(path.read_text(encoding="utf-8"))["cells"] == before
