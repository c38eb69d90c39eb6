"""What all tests share: markers, the order of tests, and a project that is set up once."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from support.environments import own_environment
from support.own_project import write_hostile_table
from support.projects import AUTHOR, TEMPLATE, Project, generate, share_bytecode, shared_folder
from support.servers import mlflow_server


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what writes the golden hashes."""
    parser.addoption("--write-golden", action="store_true", help="write tests/pipeline/golden.json")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what only continuous integration runs, and begin with the slow tests.

    A slow test that came last would be waited for by the other workers.
    """
    if not os.environ.get("CI"):
        for item in items:
            if marker := item.get_closest_marker("ci"):
                why = ", ".join(marker.args) or "it takes long"
                item.add_marker(pytest.mark.skip(f"only where CI=true: {why}"))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the tests of generated projects have their own folder for temporary ones.

    In a common one they would delete what earlier runs of these tests left, which takes minutes.
    What mypy knows of the libraries is the same for all projects.
    """
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(tmp_path_factory.mktemp("theirs"))
    os.environ["MYPY_CACHE_DIR"] = str(tmp_path_factory.mktemp("mypy"))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uv take packages from its cache alone, as on a train."""
    monkeypatch.setenv("UV_OFFLINE", "1")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project with the default answers, set up completely, for all tests and workers.

    It is shared: look at it and clone it, but do not change it.
    """
    return _made(shared_folder(tmp_path_factory) / "finished", **AUTHOR)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project of an own table that is hard to write down, for all tests and workers.

    It is shared: look at it and clone it, but do not change it.
    """
    shared = shared_folder(tmp_path_factory)
    with FileLock(shared / "own-table.lock"):
        answers = write_hostile_table(shared)
    return _made(shared / "own", **AUTHOR | answers)


def _made(folder: Path, **answers: str) -> Project:
    """Return the project in a folder; the first that asks generates it."""
    with FileLock(f"{folder}.lock"):
        if not (folder / "done.json").exists():
            shutil.rmtree(folder, ignore_errors=True)  # an earlier worker's, which failed
            folder.mkdir()
            done = generate(folder, environment=None, **answers)
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")
            (path,) = (path.parent for path in folder.glob("*/dvc.yaml"))
            share_bytecode(Project(path))
            (folder / "done.json").write_text(json.dumps(str(path)), encoding="utf-8")
    return Project(Path(json.loads((folder / "done.json").read_text(encoding="utf-8"))))


@pytest.fixture
def clone(finished: Project, request: pytest.FixtureRequest) -> Project:
    """A clone of the finished project beside it, with its environment and data, to be changed."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:60]
    return finished.clone_with_data(f"clone-{name}")


@pytest.fixture(scope="session")
def mlflow_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow with its server, in an environment of its own, once for all workers."""
    return own_environment(shared_folder(tmp_path_factory) / "mlflow", "mlflow") / "mlflow"


@pytest.fixture
def mlflow(mlflow_program: Path, tmp_path: Path) -> Iterator[str]:
    """The address of an MLflow server that knows nothing yet."""
    with mlflow_server(mlflow_program, tmp_path / "mlflow") as address:
        yield address


@pytest.fixture(scope="session")
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
        if (TEMPLATE / name).exists():  # not, where its deletion is yet to be committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, target / name)
    return target
