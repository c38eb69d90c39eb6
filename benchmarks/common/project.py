"""A generated project to measure in, as its user would have it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .measure import Cost, run, say

TEMPLATE = Path(__file__).resolve().parents[2]
FILES = (
    *("params.yaml", "schema.yaml", "dvc.yaml", "pyproject.toml", ".tabrail.json", ".gitignore"),
    *(".dvc/config", ".dvcignore", "src"),
)


class Project:
    """A generated project with its environment, data and first run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._programs = path / ".venv" / "bin"

    def run(
        self,
        program: str,
        *arguments: str | Path,
        folder: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Cost:
        """Run a program of the project's environment, as `uv run` would, but without uv's time.

        Args:
            program: its name.
            arguments: what to call it with.
            folder: where to run it, if not in the project.
            extra: variables that are added to the environment.
        """
        search = os.pathsep.join([str(self._programs), os.environ["PATH"]])
        command = [self._programs / program, *arguments]
        return run(command, folder or self.path, {"PATH": search, **(extra or {})})


@contextmanager
def finished() -> Iterator[Project]:
    """Yield a project with the default answers in a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        say("generating a project and setting it up: half a minute or more")
        generate(TEMPLATE, Path(folder), "setup=true")
        project = Path(folder) / "flight-delays"
        if not (project / "dvc.lock").exists():
            sys.exit("could not measure: the set-up of the project is incomplete")
        yield Project(project)


def copy(project: Project, work: Path) -> None:
    """Make another project in a new folder, with the code of this one and without its data."""
    for name in FILES:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        copy_one = shutil.copytree if (project.path / name).is_dir() else shutil.copy
        copy_one(project.path / name, work / name)
    run(["git", "init", "--quiet"], work)


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Yield a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield Path(folder)


@contextmanager
def own_table(sample: Project) -> Iterator[Project]:
    """Yield the project that is made of the sample's rows as a table of one's own.

    Its `clean` and `derive` are as they are generated: they change nothing.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        say("generating a project of an own table: half a minute or more")
        table = Path(folder) / "flights.csv"
        write = (
            "import sys, pandas as pd; from pathlib import Path; "
            "rows = pd.concat(map(pd.read_parquet, sorted(Path('data/raw').glob('*.parquet')))); "
            "rows.to_csv(sys.argv[1], index=False)"
        )
        sample.run("python", "-c", write, table)
        answers = ["project_slug=own", f"data_file={table}", "target=late", "setup=true"]
        generate(TEMPLATE, Path(folder), "project_name=Own", *answers)
        project = Path(folder) / "own"
        if not (project / "dvc.lock").exists():
            sys.exit("could not measure: the set-up of the project is incomplete")
        yield Project(project)


def generate(template: Path, folder: Path, *answers: str) -> Cost:
    """Run cookiecutter in a folder; what it remembers of the answers stays in there."""
    configuration = folder / "cookiecutter.yaml"
    if not configuration.exists():
        lines = [f"{key}: {folder / key}\n" for key in ("replay_dir", "cookiecutters_dir")]
        configuration.write_text("".join(lines), encoding="utf-8")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "cookiecutter",
        template,
        "--no-input",
        *answers,
    ]
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return run(
        [*command, "--overwrite-if-exists", "--config-file", configuration],
        folder,
        {"PATH": search},
    )
