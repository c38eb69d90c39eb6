"""A project takes the next version of the library: from a wheel, and from a package index."""

import json
import re
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.projects import TEMPLATE, Project, ran, user_environment
from support.released import RELEASED, Released

from tabrail.results import RESULTS

# What an owner changes in a project: a text, its replacement, by file.
BY_HAND = {
    "README.md": ("# Flight Delays\n", "# Late flights\n\nAsk Ada about it.\n"),
    "src/flight_delays/features.py": (
        'weekday=rows["date"].dt.day_name().astype("str")',
        'weekday=rows["date"].dt.day_name().str.slice(0, 3).astype("str")',
    ),
    "dvc.yaml": (
        "\nartifacts:\n",
        "  count:\n    cmd: wc -c reports/metrics.json > reports/size.txt\n"
        "    deps:\n      - reports/metrics.json\n"
        "    outs:\n      - reports/size.txt: {cache: false}\n\nartifacts:\n",
    ),
    ".github/workflows/verify.yaml": ("name: Verify\n", "name: Check before merging\n"),
}
NEXT = "99.1.0"
NAME = f"tabrail-{NEXT}-py3-none-any.whl"


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that stands in a file once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path}: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a version with another evaluation, another comment and another README."""
    source = tmp_path_factory.mktemp("next") / "source"
    shutil.copytree(copy, source)
    version = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    replace(source / "pyproject.toml", f'version = "{version}"', f'version = "{NEXT}"')
    library = source / "src" / "tabrail"
    now = f'"evaluate": {RESULTS["evaluate"]}'
    replace(library / "results.py", now, f'"evaluate": {RESULTS["evaluate"] + 1}')
    templates = library / "templates" / "project"
    replace(templates / "dvc.yaml.jinja", "# The stage graph", "# The next graph")
    replace(templates / "params.yaml.jinja", "\nprepare:\n", "\n# Next.\nprepare:\n")
    readme = templates / "README.md.jinja"
    readme.write_text(readme.read_text(encoding="utf-8") + "\nNext.\n", encoding="utf-8")
    build = ("uv", "build", "--quiet", "--wheel", "--out-dir", "wheels", ".")
    subprocess.run(build, cwd=source, env=user_environment(), check=True)
    return source / "wheels" / NAME


@pytest.fixture(scope="module")
def index(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a package index on this machine that has the wheel."""
    root = tmp_path_factory.mktemp("index")
    folder = root / "simple" / "tabrail"
    folder.mkdir(parents=True)
    shutil.copy(wheel, folder)
    (folder / "index.html").write_text(f'<a href="{NAME}">{NAME}</a>')
    handler = partial(SimpleHTTPRequestHandler, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()


def locked(project: Project) -> str:
    """Return what uv.lock says of the library."""
    text = (project.path / "uv.lock").read_text(encoding="utf-8")
    (found,) = re.findall(r'\[\[package\]\]\nname = "tabrail"\n.*?\n\n', text, flags=re.DOTALL)
    return str(found)


@pytest.mark.slow
def test_a_newer_wheel_reruns_what_has_other_results(clone: Project, wheel: Path) -> None:
    replace(clone.path / "params.yaml", "max_leaf_nodes: 15", "max_leaf_nodes: 16")
    clone.commit("Larger trees")
    printed = clone.uv("tabrail", "upgrade", str(wheel))
    assert "renewed  dvc.yaml" in printed
    assert "left     params.yaml: you have changed it" in printed
    assert "+# Next." in printed
    assert "README.md is yours; in a new project it would now differ by:" in printed
    assert "pyproject.toml is yours" not in printed
    assert [file.name for file in (clone.path / "vendor").iterdir()] == [NAME]
    clone.run("uv", "lock", "--check")
    assert "sha256:" in locked(clone)

    replace(clone.path / "params.yaml", "max_leaf_nodes: 16", "max_leaf_nodes: 15")
    status = clone.uv("dvc", "status")
    assert "tool.tabrail.results.evaluate" in status
    assert "prepare:" not in status
    assert "train:" not in status
    assert f"tabrail       {NEXT}" in clone.uv("tabrail", "info")

    clone.commit("Upgrade")
    with_nothing_else = clone.path.parent / "with-nothing-else"
    for name in ("pyproject.toml", "uv.lock", f"vendor/{NAME}"):
        (with_nothing_else / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clone.path / name, with_nothing_else / name)
    Project(with_nothing_else).run("uv", "sync", "--locked", "--no-install-project", "--quiet")


@pytest.mark.ci("it serves a package index")
@pytest.mark.slow
def test_a_version_of_an_index_takes_the_place_of_the_wheel(clone: Project, index: str) -> None:
    printed = clone.uv("tabrail", "upgrade", "99.2.0", code=1, UV_INDEX=index)
    assert "the package index has no tabrail==99.2.0" in printed
    assert clone.run("git", "status", "--porcelain") == ""
    clone.uv("tabrail", "upgrade", NEXT, UV_INDEX=index)
    assert not (clone.path / "vendor").exists()
    assert f'source = {{ registry = "{index}" }}' in locked(clone)
    printed = clone.uv("tabrail", "info", UV_INDEX=index)
    assert "tabrail from  a package index\n" in printed
    assert f"tabrail       {NEXT}\n" in printed


@pytest.mark.slow
def test_a_wheel_that_cannot_be_installed_changes_nothing(clone: Project, tmp_path: Path) -> None:
    (damaged := tmp_path / NAME).write_bytes(b"PK not a wheel")
    printed = clone.uv("tabrail", "upgrade", str(damaged), code=1)
    assert "is damaged" in printed
    assert clone.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.ci("it sets up an environment of a released version, and of this one")
@pytest.mark.parametrize("released", RELEASED, ids=lambda one: one.version)
def test_a_project_of_a_released_version_is_upgraded(
    released: Released, finished: Project, tmp_path: Path
) -> None:
    project = released.project(tmp_path / "project")
    (project.path / "vendor").mkdir()
    shutil.copy(released.wheel, project.path / "vendor")
    project.run("git", "init", "--quiet", "--initial-branch=main")
    for key in ("user.name", "user.email"):
        project.run("git", "config", key, "test@example.com")
    project.run("uv", "lock", "--quiet")
    project.commit("As it was released")
    project.sync(finished)
    assert f"tabrail       {released.version}\n" in project.uv("tabrail", "info")
    (wheel,) = (finished.path / "vendor").glob("*.whl")
    for name, (old, new) in BY_HAND.items():
        project.edit(name, old, new)
    project.commit("Make it ours")
    before = json.loads(project.read("reports/metrics.json"))

    printed = project.uv("tabrail", "upgrade", str(wheel))
    project.sync()
    for name, (_, new) in BY_HAND.items():
        assert new in project.read(name), name
    for name in ("dvc.yaml", ".github/workflows/verify.yaml"):
        assert f"left     {name}: you have changed it. What changes in the library's" in printed
    assert "renewed  src/flight_delays/train.py\n" in printed
    assert " AGENTS.md\n" in printed  # it had none
    this = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"tabrail       {this}\n" in project.uv("tabrail", "info")
    project.take_data(finished)
    assert ran(project.uv("dvc", "repro")) == ["prepare", "train", "evaluate", "count"]
    assert project.read("reports/size.txt").endswith(" reports/metrics.json\n")
    after = json.loads(project.read("reports/metrics.json"))
    assert after == before or "The results of evaluate change: `dvc repro` will run it" in printed
    project.uv("pytest", "-q")
    project.commit("Upgrade")
    project.uv("tabrail", "verify", "--no-remote")
