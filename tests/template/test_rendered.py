"""Every kind of project that can be generated is in order: small, linted and typed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from cookiecutter.cli import main as cookiecutter
from support.projects import TEMPLATE, Project

from tabrail import rendering
from tabrail.ingest import ingest
from tabrail.parts.add import add

TOOLS = Path(sys.executable).parent
SERVICES = ("github", "gitlab", "none")
# What predicts which column; the sample's target is its own.
TARGETS = {"sample": "", "binary": "kept", "multiclass": "city", "regression": "rent"}
MOST_FILES, MOST_LINES, MOST_TEST_LINES = 56, 200, 100
# What the set-up adds to what is rendered, for the sample: it is counted in the finished project.
TREES = [
    pytest.param(data, ci, parts, id="-".join([data, ci, "with parts" if parts else "core"]))
    for data in TARGETS
    for ci in SERVICES
    for parts in (False, True)
]
# Vega templates, the page that shows them and Python speak languages with braces of their own.
WITH_BRACES_OF_THEIR_OWN = (".dvc/plots/", ".gitlab/", "src/", "tests/")
VARIANTS: dict[str, dict[str, str]] = {
    "bsd": {"license": "BSD-3-Clause"},
    "apache": {"license": "Apache-2.0", "ci": "none"},
    "proprietary": {"license": "Proprietary", "ci": "gitlab"},
    "s3": {"ci": "gitlab", "dvc_remote": "s3://bucket/folder"},
    "ssh": {"ci": "none", "dvc_remote": "ssh://host.example/folder"},
    "long name": {"project_slug": "a" + "-b" * 31 + "c"},
}

ARROW_FLIGHT = "libarrow*flight*"  # a protocol of pyarrow, which has nothing to do with the sample

Render = Callable[..., Project]


@contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    """Make a folder the current one for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture
def render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Render:
    """A function that renders a project in this process, as far as files go."""
    config = tmp_path / "config.yaml"
    config.write_text(f"replay_dir: {json.dumps(str(tmp_path / 'replay'))}\n")
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)

    def made(data: str = "sample", parts: bool = False, **answers: str) -> Project:
        output = tmp_path / "output"
        options = ["--no-input", "--config-file", str(config), "--output-dir", str(output)]
        given = [f"{key}={value}" for key, value in {"setup": "false", **answers}.items()]
        if data != "sample":
            table = tmp_path / "shops.csv"
            table.write_text(shops(), encoding="utf-8")
            # The hooks would install the library to read the table; `ingest` reads it below.
            given += [f"data_file={table}", f"target={TARGETS[data]}", "project_slug=shops"]
            options.append("--accept-hooks=no")
        with monkeypatch.context() as patch:
            patch.setenv("UV_OFFLINE", "1")
            patch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
            done = CliRunner().invoke(cookiecutter, [str(TEMPLATE), *options, *given])
        assert done.exit_code == 0, done.output
        (folder,) = output.iterdir()
        with standing_in(folder):
            if data != "sample":
                ingest.start([table], TARGETS[data], None, "", print, dry_run=False)
            if parts:
                known = rendering.PARTS
                service = answers.get("ci", "github")
                chosen = [p for p in known if service != "none" or p not in rendering.CI_PARTS]
                add(chosen, print)
        return Project(folder)

    return made


def shops() -> str:
    """Return a table with columns of several kinds, as CSV."""
    rows = ["seen,city,age,rent,note,kept"]
    for i in range(300):
        city = ("Oslo", "Ulm", "Köln")[i * 7 % 3]
        rent, kept = i * 91 % 401 / 8, ("no", "yes")[i * 37 % 199 > 90]
        rows.append(f"2024-{i % 12 + 1:02}-{i % 28 + 1:02},{city},{i * 7 % 61},{rent},n {i},{kept}")
    return "\n".join([*rows, ""])


def texts(project: Project) -> dict[str, str]:
    """Return the text of every text file of a project."""
    found = {}
    for path in sorted(project.path.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            try:
                found[path.relative_to(project.path).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return found


def lines(project: Project, folder: str) -> int:
    """Return the number of lines of Python in a folder."""
    return sum(len(file.read_text("utf-8").splitlines()) for file in _python(project, folder))


def _python(project: Project, folder: str) -> list[Path]:
    return list((project.path / folder).rglob("*.py"))


DOCKERS_TEMPLATE = "{{ index .Config.Labels"  # of `docker inspect --format`


@pytest.mark.parametrize(("data", "ci", "parts"), TREES)
def test_every_tree_is_linted_and_small(data: str, ci: str, parts: bool, render: Render) -> None:
    project = render(data, parts, ci=ci)
    # Shared with no other configuration: that of this repository stands above neither.
    project.run("ruff", "check", "--no-cache", "src", "tests")
    project.run("ruff", "format", "--check", "--no-cache", "src", "tests")
    assert lines(project, "src") <= MOST_LINES
    assert lines(project, "tests") <= MOST_TEST_LINES
    for name, text in texts(project).items():
        theirs = name.startswith(WITH_BRACES_OF_THEIR_OWN)
        braces = "" if theirs else r"(?<!\$)\{\{|\{%|\{#|"
        found = re.search(rf"{braces}cookiecutter\.", text.replace(DOCKERS_TEMPLATE, ""))
        assert not found, f"{name}: {text[found.start() : found.start() + 60]}"
        assert text.endswith("\n") or name == ".dvc/plots/page.html", name
        assert not text.endswith("\n\n"), name
        if data != "sample":
            assert "flight" not in text.lower().replace(ARROW_FLIGHT, ""), name


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder in which mypy remembers pandas and scikit-learn."""
    return str(tmp_path_factory.mktemp("mypy"))


@pytest.mark.parametrize("data", TARGETS)
def test_types_hold_for_each_task(data: str, render: Render, mypy_cache: str) -> None:
    project = render(data)
    mypy = (str(TOOLS / "mypy"), "--strict", "--cache-dir", mypy_cache, "src", "tests")
    # Here, the package of the project is not installed.
    assert "Success" in project.run(*mypy, MYPYPATH="src")


def test_the_finished_sample_has_few_files(finished: Project) -> None:
    assert len(finished.tracked()) <= MOST_FILES
    assert lines(finished, "src") <= MOST_LINES
    assert lines(finished, "tests") <= MOST_TEST_LINES


@pytest.mark.parametrize("answers", VARIANTS.values(), ids=list(VARIANTS))
def test_every_answer_gives_files_that_pass_the_checks_of_a_commit(
    answers: dict[str, str], render: Render
) -> None:
    project = render(**answers)
    project.run("git", "init", "--quiet")
    project.run("git", "add", "--all", "--", ".", ":!data/raw")
    names = project.tracked()
    project.run("check-yaml", *(n for n in names if n.endswith((".yaml", ".yml"))))
    project.run("check-toml", "pyproject.toml")
    project.run("check-added-large-files", "--maxkb=1000", *names)
    project.run("ruff", "check", "--no-cache")
    assert f'name = "{project.path.name}"' in project.read("pyproject.toml")
    assert (project.path / "src" / project.path.name.replace("-", "_") / "train.py").exists()


def test_the_stages_are_run_by_the_library(render: Render) -> None:
    pipeline = render().read("dvc.yaml")
    assert re.findall(r"cmd: (.*)", pipeline) == [
        f"tabrail run {stage}" for stage in ("prepare", "train", "evaluate")
    ]


def test_the_record_knows_every_file_as_it_was_generated(render: Render) -> None:
    project = render("multiclass", True)
    known = json.loads(project.read(rendering.RECORD))
    assert known["parts"] == list(rendering.PARTS)
    assert known["data"]["task"] == "multiclass"
    for name, fingerprint in known["files"].items():
        assert rendering.fingerprint(project.read(name)) == fingerprint, name


def test_tools_are_those_of_these_tests() -> None:
    """A tool that is found elsewhere would check by other rules."""
    for tool in ("ruff", "check-yaml", "check-toml", "check-added-large-files", "mypy"):
        assert (TOOLS / tool).exists()
    done = subprocess.run([TOOLS / "ruff", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"ruff 0.")
