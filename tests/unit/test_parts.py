"""A part comes whole, changes nothing of anybody's, and can be taken away again."""

import ast
import json
import re
import shlex
from pathlib import Path

import pytest
import tomlkit
from generated import contents, write_project
from ruamel.yaml import YAML
from support.projects import PARTS_IN_ORDER
from typer.testing import CliRunner

from tabrail import parts, record, rendering
from tabrail.cli import app as cli

WITHOUT_FILES = ("dask",)


def call(*names: str, code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["add", *names])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(params=["github", "gitlab"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Stand in a new project; return its CI service."""
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, ci=request.param)
    return str(request.param)


def test_the_table_and_the_files_name_the_same_parts() -> None:
    assert tuple(parts.PARTS) == rendering.PARTS == PARTS_IN_ORDER


def test_without_a_name_all_are_listed(project: str) -> None:
    before = contents(Path())
    listed = call()
    assert [line.split()[0] for line in listed.splitlines()] == list(PARTS_IN_ORDER)
    assert contents(Path()) == before


@pytest.mark.parametrize("name", PARTS_IN_ORDER)
def test_a_part_comes_with_its_files_and_says_what_to_do(project: str, name: str) -> None:
    before = contents(Path())
    printed = call(name)
    new = set(contents(Path())) - set(before)
    assert bool(new) == (name not in WITHOUT_FILES)
    for path in new:
        assert f"new      {path} (" in printed
        assert record.load().is_as_generated(Path(path))
    assert "\nNext:\n  - " in printed
    first = "git rm " if new else "in pyproject.toml, delete "
    assert f"\nThe way back:\n  - {first}" in printed
    assert record.load().parts == [*parts.PARTS[name].needs, name]


@pytest.mark.parametrize("name", PARTS_IN_ORDER)
def test_adding_twice_changes_nothing(project: str, name: str) -> None:
    call(name)
    before = contents(Path())
    assert call(name) == f"{name} was added before; nothing was changed.\n"
    assert contents(Path()) == before


def test_all_parts_at_once_are_the_same_as_one_by_one(project: str, tmp_path: Path) -> None:
    call(*PARTS_IN_ORDER)
    together = contents(Path())
    other = tmp_path / "other"
    write_project(other, ci=project)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(other)
        for name in PARTS_IN_ORDER:
            call(name)
    inner = {path: text for path, text in together.items() if not path.startswith("other/")}
    assert contents(other) == inner


@pytest.mark.parametrize("names", [("train", "airflow"), ("airflow", "train")])
def test_what_two_parts_share_comes_and_goes_once(project: str, names: tuple[str, str]) -> None:
    first, second = call(names[0]), call(names[1])
    shared = "retraining/rows.sh"
    assert f"new      {shared} (" in first
    assert f"new      {shared} (" not in second
    removed = [re.findall("git rm (.*)", printed)[0] for printed in (first, second)]
    assert shared in removed[0]
    assert shared not in removed[1]
    assert record.load().is_as_generated(Path(shared))


def test_the_difference_of_existing_files_is_shown(project: str) -> None:
    printed = call("notebook")
    assert "changed  pyproject.toml" in printed
    assert '+notebook = ["ipykernel' in printed
    text = Path("pyproject.toml").read_text(encoding="utf-8")
    assert "notebook" in tomlkit.parse(text)["dependency-groups"]


def test_everything_else_in_a_changed_file_stays_byte_for_byte(project: str) -> None:
    path = Path("pyproject.toml")
    path.write_text(path.read_text(encoding="utf-8") + "\n[tool.mine]   # my own\na  =  1\n")
    before = path.read_text(encoding="utf-8").splitlines()
    call("notebook")
    after = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before] == [
        'notebook = ["ipykernel>=7.0", "nbclient>=0.10"]'
    ]
    assert [line for line in before if line not in after] == []


def test_an_edited_file_of_a_part_is_never_overwritten(project: str) -> None:
    call("train", "notebook")
    path = Path("notebooks/explore.ipynb")
    path.write_text("{}")
    assert "added before" in call("notebook")
    assert path.read_text() == "{}"


def test_a_part_that_was_taken_away_can_come_again(project: str) -> None:
    call("release")
    printed = call("notebook")
    (line,) = (line for line in printed.splitlines() if "git rm" in line)
    for name in shlex.split(line)[3:]:
        Path(name).unlink()
    assert "new      notebooks/explore.ipynb" in call("notebook")


@pytest.mark.parametrize("name", [name for name in PARTS_IN_ORDER if name not in WITHOUT_FILES])
def test_a_stranger_in_the_way_is_not_overwritten(project: str, name: str) -> None:
    (path, *_) = parts.PARTS[name].files(record.load())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = contents(Path())
    printed = call("devcontainer" if name != "devcontainer" else "notebook", name, code=1)
    assert f"error: {path} already exists, but not from the part {name}" in printed
    assert contents(Path()) == before


def test_an_unknown_part_is_refused_with_the_nearest_name(project: str) -> None:
    before = contents(Path())
    printed = call("release", "notebok", code=1)
    assert "there is no part 'notebok' (did you mean 'notebook'?)." in printed
    assert contents(Path()) == before


@pytest.mark.parametrize("name", ["release", "monitor", "train"])
def test_a_workflow_needs_a_service(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, ci="none")
    printed = call(name, code=1)
    assert f"error: {name} runs on GitHub or GitLab, but this project was made for" in printed
    assert "notebook" in call("notebook")


def test_mlflow_is_a_group_alone_where_there_is_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, ci="none")
    before = set(contents(Path()))
    printed = call("mlflow")
    assert '+mlflow = ["tabrail[mlflow]"]' in printed
    assert "  - uv run --group mlflow tabrail track\n" in printed
    assert "git rm" not in printed
    assert set(contents(Path())) == before


def test_outside_a_project_it_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ".tabrail.json is missing" in call("notebook", code=1)


def test_another_value_of_a_key_is_not_overwritten(project: str) -> None:
    path = Path("pyproject.toml")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("[dependency-groups]\n", '[dependency-groups]\nnotebook = ["a"]\n')
    )
    before = contents(Path())
    printed = call("notebook", code=1)
    assert "pyproject.toml: dependency-groups.notebook already exists" in printed
    assert contents(Path()) == before


def gitlab(text: str) -> dict[str, object]:
    """Return what GitLab reads, without the order of lists that has no meaning."""
    found = YAML(typ="safe").load(text)
    included = found.pop("include", [])
    rules = found["workflow"].pop("rules")
    return {**found, "included": sorted(map(str, included)), "rules": sorted(map(str, rules))}


def test_an_edited_pipeline_of_gitlab_gets_the_same_keys_as_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, ci="gitlab")
    path = Path(".gitlab-ci.yml")
    mine = "\nmine:  # my own\n  script:\n    - echo 'a'  # quoted\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + mine, encoding="utf-8")
    call("release", "monitor", "train")
    edited = path.read_text(encoding="utf-8")
    assert mine in edited
    before = (text + mine).splitlines()
    assert [line for line in before if line not in edited.splitlines()] == []

    path.write_text(text, encoding="utf-8")
    known = record.load()
    rendered = known.rendered()[path]
    assert gitlab(edited) == gitlab(rendered + mine)


def test_a_yaml_file_that_would_lose_its_form_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, ci="gitlab")
    path = Path(".gitlab-ci.yml")
    path.write_text("workflow:\n      rules:\n         - if: $CI\n", encoding="utf-8")
    before = contents(Path())
    printed = call("train", code=1)
    assert "the format of .gitlab-ci.yml would be lost" in printed
    assert ".gitlab/train.yml" in printed
    assert contents(Path()) == before


def test_the_notebook_is_plain_and_imports_the_package(project: str) -> None:
    call("notebook")
    notebook = json.loads(Path("notebooks/explore.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert "import flight_delays\n" in code[0]["source"]


def workflow(ci: str) -> Path:
    """Return where the release workflow of a service is."""
    return Path(".github/workflows/release.yaml" if ci == "github" else ".gitlab/release.yml")


def test_parts_that_know_each_other_come_in_any_order(project: str, tmp_path: Path) -> None:
    call("release")
    alone = workflow(project).read_text(encoding="utf-8")
    printed = call("docker")
    assert f"changed  {workflow(project)}" in printed
    assert f"\n  - in {workflow(project)}, undo the change that is shown above\n" in printed
    first = contents(Path())
    other = tmp_path / "other"
    write_project(other, ci=project)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(other)
        call("docker")
        assert "changed" not in call("release") or project == "gitlab"  # .gitlab-ci.yml includes it
        there = workflow(project).read_text(encoding="utf-8")
    assert there == workflow(project).read_text(encoding="utf-8") != alone
    same = {name: text for name, text in contents(other).items() if name != rendering.RECORD}
    assert same.items() <= first.items()


def test_an_edited_file_is_left_and_its_change_is_shown(project: str) -> None:
    call("release")
    path = workflow(project)
    path.write_text("# mine\n", encoding="utf-8")
    printed = call("docker")
    assert f"edited   {path}: it was not changed; add this by hand:" in printed
    assert "docker build" in printed
    assert path.read_text(encoding="utf-8") == "# mine\n"
    assert "added before" in call("docker")


def test_kubeflow_finds_its_sdk_in_the_image_and_all_stages(project: str) -> None:
    call("docker")
    assert "kubeflow" not in Path("Dockerfile").read_text(encoding="utf-8")
    call("kubeflow")
    (sync,) = re.findall("uv sync .*--group pipeline.*", Path("Dockerfile").read_text("utf-8"))
    assert "--group kubeflow" in sync
    program = ast.parse(Path("kubeflow/pipeline.py").read_text(encoding="utf-8"))
    assigned = {
        ast.unparse(n.targets[0]): n.value for n in program.body if isinstance(n, ast.Assign)
    }
    stages = YAML(typ="safe").load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert list(ast.literal_eval(assigned["STAGES"])) == list(stages)


@pytest.mark.parametrize("names", [("docker", "dask"), ("dask", "docker")])
def test_workers_on_a_cluster_find_dask_in_the_image(project: str, names: tuple[str, ...]) -> None:
    printed = "".join(call(name) for name in names)
    assert '+dask = ["tabrail[dask]"]' in printed
    assert "  - in pyproject.toml, delete dependency-groups.dask; then run: uv lock\n" in printed
    (sync,) = re.findall("uv sync .*--group pipeline.*", Path("Dockerfile").read_text("utf-8"))
    assert "--group dask" in sync
    undone = "\n  - in Dockerfile, undo the change that is shown above\n"
    assert (undone in printed) == (names[0] == "docker")


def test_the_image_has_the_python_of_the_project(project: str) -> None:
    Path(".python-version").write_text("3.14\n", encoding="utf-8")
    call("docker")
    assert "/python:3.14-slim\n" in Path("Dockerfile").read_text(encoding="utf-8")


def test_without_the_tool_the_files_are_written(
    project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    missing = "  - install docker or podman, which is missing on this machine\n"
    assert missing in call("docker")
    assert Path("Dockerfile").exists()
    Path("Dockerfile").unlink()
    podman = tools / "podman"
    podman.write_text("#!/bin/sh\n", encoding="utf-8")
    podman.chmod(0o755)
    assert missing not in call("docker")


def test_next_steps_name_the_project(project: str) -> None:
    said = call("airflow")
    assert "/srv/flight-delays, or wherever FLIGHT_DELAYS_PLACE says" in said
