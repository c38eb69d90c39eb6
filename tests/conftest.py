"""Generate projects, and run commands in them as their user would."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

TEMPLATE = Path(__file__).parent.parent
AUTHOR = {"author_name": "Ada Byron", "author_email": "ada@example.com"}
HIDDEN = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS"}


def user_environment(**extra: str) -> dict[str, str]:
    """Return the environment of a user who has uv, but not these tests' virtual environment."""
    kept = {key: value for key, value in os.environ.items() if key not in HIDDEN}
    return (
        kept
        | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            # Several projects train at once: threads would wait for each other.
            "OMP_NUM_THREADS": "1",
        }
        | extra
    )


@dataclass(frozen=True)
class Project:
    """A generated project."""

    path: Path

    def run(self, *command: str, code: int | None = 0, **extra: str) -> str:
        """Run a command in the project and return what it prints.

        Args:
            command: the program and its arguments.
            code: the exit code that is expected; None for any.
            extra: environment variables.
        """
        done = subprocess.run(
            command,
            cwd=self.path,
            env=user_environment(**extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert code is None or done.returncode == code, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def uv(self, *command: str, code: int | None = 0, **extra: str) -> str:
        """Run `uv run …` in the project and return what it prints."""
        return self.run("uv", "run", *command, code=code, **extra)

    def commit(self, message: str) -> None:
        """Commit everything as it is, without hooks."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--no-verify", "--message", message)

    def clone(self, name: str) -> "Project":
        """Clone the project into a new folder beside it.

        A worker may come back to a module, and then sets up its fixtures again: `name` is what
        the folder begins with.
        """
        target = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.path.parent))
        self.run("git", "clone", "--quiet", str(self.path), str(target))
        for key in ("user.name", "user.email"):
            self.run("git", "-C", str(target), "config", key, "test@example.com")
        return Project(target)

    def clone_with_environment(self, name: str) -> "Project":
        """Clone the project as a colleague would, as yet without its data."""
        project = self.clone(name)
        project.run("uv", "sync", "--quiet")
        return project


def generate(
    output: Path, *, environment: Mapping[str, str] | None = None, **answers: str
) -> subprocess.CompletedProcess[str]:
    """Run cookiecutter on this template as a user would; return what became of it."""
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input"]
    given = [f"{key}={value}" for key, value in answers.items()]
    return subprocess.run(
        [*command, "--output-dir", str(output), *given],
        env=environment or user_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def generated(
    output: Path, *, environment: Mapping[str, str] | None = None, **answers: str
) -> Project:
    """Generate a project; fail if cookiecutter does."""
    done = generate(output, environment=environment, **answers)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (path for path in output.iterdir() if (path / "dvc.yaml").exists())
    return Project(folder)


def add_parts(project: Project, *names: str) -> None:
    """Add parts to a project that needs no environment of its own for that."""
    project.run(sys.executable, "-m", "tabrail.cli.app", "add", *names)


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that is the same for all workers of this run, and new in each run."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests: one that came last would be waited for by the other workers."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the tests of generated projects have their own folder for temporary ones.

    In a common one they would delete what earlier runs of these tests left, which takes minutes.
    """
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project with the default answers, set up completely, for all tests and workers.

    It is shared: look at it and clone it, but do not change it.
    """
    shared = shared_folder(tmp_path_factory) / "finished"
    with FileLock(f"{shared}.lock"):
        if not (shared / "printed.txt").exists():
            shutil.rmtree(shared, ignore_errors=True)  # an earlier worker's, which failed
            shared.mkdir()
            done = generate(shared, environment=None, **AUTHOR)
            assert done.returncode == 0, done.stdout + done.stderr
            (shared / "printed.txt").write_text(done.stdout, encoding="utf-8")
    return Project(shared / "flight-delays")


@pytest.fixture
def clone(finished: Project, request: pytest.FixtureRequest) -> Project:
    """A clone of the finished project beside it, with its environment and data, to be changed."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:60]
    project = finished.clone_with_environment(f"clone-{name}")
    project.uv("dvc", "pull", "--quiet")
    return project


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
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, target / name)
    return target
