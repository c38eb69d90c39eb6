"""The library comes with a project: as a wheel in `vendor`, and later from a package index."""

import hashlib
import re
import shutil
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from support.projects import TEMPLATE, Project

# What `uv sync` needs of a repository: the requirements, what was locked, and the wheel. Only for
# the project's own package, it needs the code as well, and the README that pyproject.toml names.
LOCKED = ("pyproject.toml", "uv.lock", "vendor")
BUILT = ("README.md", "LICENSE", "src")
OFFLINE = {"UV_OFFLINE": "1"}
IMPORT = "import tabrail, pathlib; print(pathlib.Path(tabrail.__file__).resolve())"


def elsewhere(project: Project, folder: Path, *names: str) -> Project:
    """Copy some files of a project into a folder far from it."""
    folder.mkdir(parents=True)
    for name in names:
        source = project.path / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    return Project(folder)


def wheel(project: Project) -> Path:
    """Return the library's wheel in a project."""
    (path,) = (project.path / "vendor").iterdir()
    return path


def locked(project: Project) -> dict[str, Any]:
    """Return what uv.lock says of the library."""
    packages = tomllib.loads(project.read("uv.lock"))["package"]
    (found,) = (package for package in packages if package["name"] == "tabrail")
    return dict(found)


def test_the_lock_knows_the_wheel_by_its_hash(finished: Project) -> None:
    content = wheel(finished).read_bytes()
    version = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert wheel(finished).name == f"tabrail-{version}-py3-none-any.whl"
    package = locked(finished)
    assert package["version"] == version
    assert package["source"] == {"path": f"vendor/{wheel(finished).name}"}
    assert package["wheels"] == [
        {"filename": wheel(finished).name, "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    ]
    assert f"vendor/{wheel(finished).name}" in finished.tracked()


def test_the_wheel_holds_the_licence_and_what_it_renders(finished: Project) -> None:
    names = ZipFile(wheel(finished)).namelist()
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert "tabrail/py.typed" in names
    templates = TEMPLATE / "src" / "tabrail" / "templates"
    there = [path.relative_to(TEMPLATE / "src") for path in templates.rglob("*") if path.is_file()]
    assert {path.as_posix() for path in there} <= set(names)
    assert not [name for name in names if name.endswith((".pyc", ".orig"))]


def test_a_clone_elsewhere_installs_what_was_locked_without_a_network(
    finished: Project, tmp_path: Path
) -> None:
    project = Project(tmp_path / "far" / "away")
    project.path.parent.mkdir()
    finished.run("git", "clone", "--quiet", str(finished.path), str(project.path))
    project.sync(finished, "--locked", "--offline")
    where = project.uv("--no-sync", "python", "-c", IMPORT).strip()
    assert Path(where).is_relative_to(project.path / ".venv")
    assert project.run("git", "status", "--porcelain") == ""
    printed = project.uv("tabrail", "verify", "--no-remote", **OFFLINE)
    assert "ok        pipeline" in printed


def test_three_places_are_enough_for_the_packages(finished: Project, tmp_path: Path) -> None:
    """The project's own package is another matter: it is its code."""
    project = elsewhere(finished, tmp_path / "image", *LOCKED)
    refused = project.run("uv", "sync", "--quiet", "--locked", code=None, **OFFLINE)
    assert "Expected a Python module at: src/flight_delays/__init__.py" in refused
    project.run("uv", "sync", "--quiet", "--locked", "--no-install-project", **OFFLINE)
    assert "tabrail" in project.run(".venv/bin/tabrail", "--help")
    assert "numpy" in project.run("uv", "pip", "list", **OFFLINE)


def test_with_its_code_all_of_it_is_installed(finished: Project, tmp_path: Path) -> None:
    project = elsewhere(finished, tmp_path / "image", *LOCKED, *BUILT)
    project.run("uv", "sync", "--quiet", "--locked", "--no-default-groups", **OFFLINE)
    code = "import flight_delays.train as t; print(t.__name__)"
    assert project.run(".venv/bin/python", "-c", code) == "flight_delays.train\n"


def test_a_wheel_that_was_tampered_with_is_refused(finished: Project, tmp_path: Path) -> None:
    project = elsewhere(finished, tmp_path / "image", *LOCKED, *BUILT)
    changed = tmp_path / "changed.whl"
    with ZipFile(wheel(project)) as before, ZipFile(changed, "w") as after:
        for name in before.namelist():
            extra = b"\nprint('evil')\n" if name == "tabrail/__init__.py" else b""
            after.writestr(name, before.read(name) + extra)
    changed.replace(wheel(project))
    printed = project.run("uv", "sync", "--locked", code=None, **OFFLINE)
    assert "Hash mismatch" in printed
    assert not list(project.path.glob(".venv/lib/*/site-packages/tabrail"))


def test_a_wheel_that_is_missing_is_named(finished: Project, tmp_path: Path) -> None:
    project = elsewhere(finished, tmp_path / "image", *LOCKED, *BUILT)
    name = wheel(project).name
    wheel(project).unlink()
    printed = project.run("uv", "sync", "--locked", code=None, **OFFLINE)
    assert name in printed


@pytest.fixture(scope="module")
def index(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a package index on this machine, to which the library was published."""
    root = tmp_path_factory.mktemp("index")
    folder = root / "simple" / "tabrail"
    folder.mkdir(parents=True)
    shutil.copy(wheel(finished), folder)
    (file,) = folder.iterdir()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{file.name}#sha256={digest}">{file.name}</a>')
    handler = partial(SimpleHTTPRequestHandler, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def published(finished: Project, index: str) -> Project:
    """A clone that takes the library from the index, as the comment in pyproject.toml says."""
    project = finished.clone("published")
    text = project.read("pyproject.toml")
    assert "When tabrail is on a package index, delete these two lines" in text
    text, count = re.subn(r"^\[tool\.uv\.sources\]\ntabrail = .*\n", "", text, flags=re.MULTILINE)
    assert count == 1
    (project.path / "pyproject.toml").write_text(text, encoding="utf-8")
    shutil.rmtree(project.path / "vendor")
    project.sync(finished, "--index", index)
    project.take_data(finished)
    project.commit("Take tabrail from the index")
    return project


def test_a_published_library_is_locked_by_its_address_and_hash(
    published: Project, finished: Project, index: str
) -> None:
    package = locked(published)
    assert package["source"] == {"registry": index}
    (file,) = package["wheels"]
    assert file["hash"] == locked(finished)["wheels"][0]["hash"]
    assert Path(published.uv("--no-sync", "python", "-c", IMPORT).strip()).is_relative_to(
        published.path
    )


@pytest.mark.ci("it serves a package index")
def test_with_a_published_library_nothing_is_stale_and_everything_runs(
    published: Project, index: str
) -> None:
    """Where the library comes from is no result: no stage runs again, and each still can."""
    assert "up to date" in published.uv("dvc", "status", UV_INDEX=index)
    published.uv("tabrail", "run", "evaluate", UV_INDEX=index)
    same = ("reports/metrics.json", "reports/plots", "reports/data.json")
    assert published.run("git", "status", "--porcelain", "--", *same) == ""
    published.run("git", "checkout", "--quiet", "--", "reports")
    printed = published.uv("tabrail", "verify", "--no-remote", UV_INDEX=index)
    assert not re.search("^FAILED", printed, re.MULTILINE), printed


def test_a_version_that_the_index_lacks_is_named(published: Project, index: str) -> None:
    project = published.clone("unpublished")
    version = locked(published)["version"]
    project.edit("pyproject.toml", f"tabrail=={version}", "tabrail==99.0.0")
    printed = project.run("uv", "lock", code=None, UV_INDEX=index)
    assert "tabrail==99.0.0" in printed
