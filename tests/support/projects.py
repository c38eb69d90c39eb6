"""Generate projects, and run commands in them as their user would."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path

import pytest
import yaml

TEMPLATE = Path(__file__).parents[2]
AUTHOR = {"author_name": "Ada Byron", "author_email": "ada@example.com"}
# What `tabrail add` lists.
PARTS_IN_ORDER = (
    "release",
    "monitor",
    "train",
    "batch",
    "docker",
    "kubernetes",
    "airflow",
    "kubeflow",
    "mlflow",
    "notebook",
    "devcontainer",
    "dask",
)
PACKAGE = "src/flight_delays"
STORAGE = "flight-delays-dvc-storage"
DATA = ("data/raw", "data/prepared", "models")
ANOTHER_MACHINE = {
    "PYTHONHASHSEED": "42",
    "OMP_NUM_THREADS": "2",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C",
}
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

    def read(self, name: str) -> str:
        """Return the text of a file of the project."""
        return (self.path / name).read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the project, wherever it stands."""
        text = self.read(name)
        assert old in text, f"{name}: {old}"
        self.write(name, text.replace(old, new))

    def write(self, name: str, text: str) -> None:
        """Write a file that Git tracks, with a time of its own.

        Git knows a changed file by its size and the second of its time. A person needs longer than
        a second; a test does not, and `dvc repro` writes Git's index in a way that then hides the
        change (dulwich does not mark entries that are as young as the index).
        """
        path = self.path / name
        second = int(path.stat().st_mtime) if path.exists() else 0
        path.write_text(text, encoding="utf-8")
        if int(path.stat().st_mtime) == second:
            os.utime(path, (second + 1, second + 1))

    def tracked(self) -> list[str]:
        """Return the names of the files that Git tracks."""
        return self.run("git", "ls-files").splitlines()

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
        project.sync(self)
        return project

    def clone_with_data(self, name: str) -> "Project":
        """Clone the project with its environment and its data, as `dvc pull` leaves it."""
        project = self.clone_with_environment(name)
        project.take_data(self)
        return project

    def sync(self, like: "Project | None" = None, *options: str) -> None:
        """Make the environment.

        Args:
            like: a project whose compiled modules are linked, which spares seconds of the first
                commands.
            options: of `uv sync`.
        """
        self.run("uv", "sync", "--quiet", *options)
        if like:
            _link_bytecode(like.path / ".venv", self.path / ".venv")

    def take_data(self, other: "Project") -> None:
        """Copy the data, the model and DVC's cache from a project at the same commit."""
        for name in DATA:
            shutil.copytree(other.path / name, self.path / name, dirs_exist_ok=True)
        cache = Path(".dvc", "cache")
        shutil.copytree(
            other.path / cache, self.path / cache, dirs_exist_ok=True, copy_function=os.link
        )


def _link_bytecode(theirs: Path, ours: Path) -> None:
    """Link the compiled modules of an environment into another one of the same packages.

    They are of use where uv links the packages' files, too: Python compares the source's time.
    """
    for folder in theirs.rglob("__pycache__"):
        target = ours / folder.relative_to(theirs)
        if not target.parent.is_dir():
            continue
        target.mkdir(exist_ok=True)
        for file in folder.glob("*.pyc"):
            if not (target / file.name).exists():
                os.link(file, target / file.name)


def share_bytecode(project: Project) -> None:
    """Link a project's compiled modules into uv's cache, where the packages' files come from.

    uv then links them into every environment that it makes. Otherwise the first commands of each
    would compile scikit-learn and all the others again, for eight seconds. Modules of packages
    that uv did not link, but copied, are left alone.
    """
    cache = Path(project.run("uv", "cache", "dir").strip())
    (site,) = (project.path / ".venv").glob("lib/python*/site-packages")
    for package in distributions(path=[str(site)]):
        name, version = package.metadata["Name"].lower(), package.version
        here = f"{re.sub('[-_.]+', '-', name)}/{version}-*/"
        places = [*cache.glob(f"wheels-*/pypi/{here}"), *cache.glob(f"wheels-*/index/*/{here}")]
        for place in places:
            for file in package.files or ():
                source = site / file
                pyc = Path(cache_from_source(str(source)))
                if source.suffix == ".py" and pyc.exists() and _are_one(source, place / file):
                    target = (place / file).parent / "__pycache__"
                    target.mkdir(exist_ok=True)
                    with contextlib.suppress(FileExistsError):
                        os.link(pyc, target / pyc.name)


def _are_one(file: Path, other: Path) -> bool:
    return other.exists() and file.samefile(other)


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


def set_up_by_hand(output: Path, **answers: str) -> Project:
    """Generate a project without set-up; type the printed commands, which are all that remains."""
    done = generate(output, environment=None, **answers, setup="false")
    assert done.returncode == 0, done.stderr
    (path,) = output.iterdir()
    assert not (path / ".git").exists()
    assert not (path / ".venv").exists()
    there, *commands = done.stdout.partition("What remains to be done:")[2].strip().splitlines()
    assert shlex.split(there) == ["cd", str(path)]
    project = Project(path)
    for command in commands:
        project.run(*shlex.split(command))
    return project


def add_parts(project: Project, *names: str) -> None:
    """Add parts to a project that needs no environment of its own for that."""
    project.run(sys.executable, "-m", "tabrail", "add", *names)


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that is the same for all workers of this run, and new in each run."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def ran(output: str) -> list[str]:
    """Return the stages that `dvc repro` says it ran."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def hashes(project: Project) -> dict[str, str]:
    """Return the hash of every output in dvc.lock."""
    stages = yaml.safe_load(project.read("dvc.lock"))["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}
