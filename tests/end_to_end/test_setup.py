"""What stands there when cookiecutter has ended."""

import html
import json
import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from support.own_project import HOSTILE_TARGET, HOSTILE_WORDS, write_hostile_table
from support.projects import TEMPLATE, Project, generate, set_up_by_hand, user_environment

STEPS = (
    "Git repository",
    "Library built",
    "Environment",
    "Data tracked",
    "First run",
    "Hooks",
    "First commit",
    "Data pushed",
)


def tracked(project: Project) -> list[Path]:
    """Return the files that Git tracks."""
    return [project.path / name for name in project.run("git", "ls-files").splitlines()]


def tracked_texts(project: Project) -> list[Path]:
    """Return the text files that Git tracks: all but the library's wheel."""
    return [path for path in tracked(project) if path.suffix != ".whl"]


def test_every_step_says_what_it_did_and_how_long_it_took(finished: Project) -> None:
    printed = (finished.path.parent / "printed.txt").read_text(encoding="utf-8")
    for step in STEPS:
        assert re.search(rf"^  {step} +\d+\.\d s$", printed, flags=re.MULTILINE), printed
    score = json.loads(finished.read("reports/metrics.json"))["validation.roc_auc"]
    assert f"Validation roc_auc: {score:.3f} (95% interval 0." in printed
    assert "baseline 0.500)" in printed
    assert printed.count("uv run dvc") == 3


def test_everything_is_committed_by_the_author_on_main(finished: Project) -> None:
    assert finished.run("git", "status", "--porcelain") == ""
    assert finished.run("git", "branch", "--show-current") == "main\n"
    log = finished.run("git", "log", "--format=%an <%ae> %cn|%s")
    assert log == (
        "Ada Byron <ada@example.com> Ada Byron"
        "|Set up Flight Delays: data tracked, pipeline run once\n"
    )


def test_the_pipeline_is_up_to_date_and_its_data_is_in_the_remote(finished: Project) -> None:
    assert "Data and pipelines are up to date." in finished.uv("dvc", "status")
    assert finished.uv("dvc", "data", "status", "--not-in-remote", "--json").strip() == "{}"


def test_the_environment_is_locked(finished: Project) -> None:
    lock = tomllib.loads((finished.path / "uv.lock").read_text(encoding="utf-8"))
    assert {"dvc", "scikit-learn", "pandas"} <= {package["name"] for package in lock["package"]}
    finished.run("uv", "lock", "--check")


def test_no_name_of_a_locked_package_can_be_a_slug(finished: Project) -> None:
    reserved = runpy.run_path(str(TEMPLATE / "cookiecutter_dvc_hooks/reserved.py"))
    lock = tomllib.loads((finished.path / "uv.lock").read_text(encoding="utf-8"))
    names = {re.sub("[-_.]+", "-", package["name"]) for package in lock["package"]}
    assert names - reserved["PACKAGES"] == {"flight-delays"}


def test_git_has_neither_data_nor_models_nor_the_ways_of_this_machine(finished: Project) -> None:
    names = [path.relative_to(finished.path).as_posix() for path in tracked(finished)]
    assert not [name for name in names if name.endswith((".parquet", ".skops", ".pyc"))]
    assert {"dvc.lock", "uv.lock", "data/raw.dvc", "reports/metrics.json"} <= set(names)
    for path in tracked_texts(finished):
        text = path.read_text(encoding="utf-8")
        assert str(finished.path.parent) not in text, path
        assert str(Path.home()) not in text, path


def test_nothing_of_the_template_is_left(finished: Project) -> None:
    for path in tracked_texts(finished):
        if path.name == "page.html":  # minified JavaScript
            continue
        text = path.read_text(encoding="utf-8").replace("${{", "")
        braces = "" if path.suffix == ".py" else r"\{\{|\{%|\{#|"
        assert not re.search(rf"{braces}cookiecutter\.", text), path


def test_no_folder_is_empty(finished: Project) -> None:
    theirs = {".git", ".venv", ".dvc"}
    folders = [path for path in finished.path.rglob("*") if path.is_dir()]
    ours = [path for path in folders if not theirs & set(path.parts)]
    assert [path for path in ours if not any(path.iterdir())] == []


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("mypy",),
        ("pre-commit", "run", "--all-files"),
        ("pre-commit", "run", "--all-files", "--hook-stage", "manual", "mypy"),
        ("pytest",),
        ("tabrail", "verify"),
    ],
    ids=" ".join,
)
def test_the_project_passes_its_own_checks(finished: Project, command: tuple[str, ...]) -> None:
    finished.uv(*command)


def test_the_package_imports_from_anywhere(finished: Project, tmp_path: Path) -> None:
    command = ["uv", "run", "--project", str(finished.path), "python", "-c"]
    code = "import flight_delays, tabrail; print(flight_delays.__doc__)"
    done = subprocess.run(
        [*command, code], cwd=tmp_path, env=user_environment(), capture_output=True, check=True
    )
    assert done.stdout.decode().startswith("The code of this project: ")


def test_the_command_line_teaches(finished: Project) -> None:
    assert "verify" in finished.uv("tabrail", "--help")
    assert "needs no data" in finished.uv("tabrail", "verify", "--help")


@pytest.mark.ci("it sets a project up by hand")
def test_without_setup_there_are_files_only_and_the_way_on(tmp_path: Path) -> None:
    project = set_up_by_hand(tmp_path / "out", **write_hostile_table(tmp_path))
    assert project.run("git", "status", "--porcelain") == ""
    assert "up to date" in project.uv("dvc", "status")


def test_an_own_table_becomes_a_project(own: Project) -> None:
    assert own.path.name == "hauser-more"
    printed = (own.path.parent / "printed.txt").read_text(encoding="utf-8")
    summary, _, rest = printed.partition("\n\nSetting up Häuser & $more:\n")
    assert summary.startswith("Reading Häuser & $more.csv …\n")
    assert "400" in summary
    for step in STEPS:
        assert re.search(rf"^  {step} +\d+\.\d s$", rest, flags=re.MULTILINE), rest
    assert re.search(r"and pushed\.\nValidation \w+: [\d.]+ \(95% interval .+; baseline ", rest)

    assert own.run("git", "status", "--porcelain") == ""
    assert "Data and pipelines are up to date." in own.uv("dvc", "status")
    assert own.uv("dvc", "data", "status", "--not-in-remote", "--json").strip() == "{}"
    for path in tracked_texts(own):
        text = path.read_text(encoding="utf-8")
        assert "flight" not in text.lower(), path
        assert str(own.path.parent) not in text, path
    assert "docs/datasheet.md" in own.tracked()
    readme = html.unescape(MarkdownIt().render(own.read("README.md")))
    assert f"predicts the column <strong>{HOSTILE_TARGET}</strong>" in readme


def test_hostile_words_arrive_as_they_were_typed(own: Project) -> None:
    # Git itself takes the angle brackets out of names.
    assert own.run("git", "log", "--format=%an") == HOSTILE_WORDS.replace("<b>", "b") + "\n"
    code = (
        "import importlib.metadata as m; print(m.metadata('hauser-more')['Summary']); "
        "from tabrail import Project; c = Project.load().params.card; "
        "print(c.title); print(c.owner)"
    )
    assert own.uv("python", "-c", code).splitlines()[-3:] == [
        HOSTILE_WORDS,
        "Häuser & $more",
        f"{HOSTILE_WORDS} <ada@example.com>",
    ]
    assert heading(own, "README.md") == "Häuser & $more"
    assert heading(own, "reports/model_card.md") == "Model card: Häuser & $more"


def heading(project: Project, name: str) -> str:
    """Return the text that a reader sees in a Markdown file's first heading."""
    heading, inline, *_ = MarkdownIt("gfm-like", {"linkify": False}).parse(project.read(name))
    assert heading.tag == "h1"
    return "".join(token.content for token in inline.children or [])


@pytest.mark.parametrize("command", ["pytest", "mypy", "ruff check", "tabrail verify"])
def test_a_project_of_an_own_table_passes_its_own_checks(own: Project, command: str) -> None:
    own.uv(*command.split())


def test_without_network_the_files_stay_and_the_way_on_is_printed(tmp_path: Path) -> None:
    offline = user_environment(UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "cache"))
    (tmp_path / "out").mkdir()
    done = generate(tmp_path / "out", environment=offline)
    assert done.returncode == 0
    assert "failed: uv build" in done.stdout
    assert 'skipped: it needs "Library built"' in done.stdout
    assert (tmp_path / "out/flight-delays/dvc.yaml").exists()
    for command in ("uv sync", "uv run dvc repro", "git add --all", "uv run dvc push"):
        assert f"    {command}" in done.stdout


def test_a_commit_strips_notebooks_and_refuses_large_files(clone: Project) -> None:
    clone.uv("pre-commit", "install")
    output = {"output_type": "stream", "name": "stdout", "text": ["a private result"]}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "id": "a"}
    cell |= {"outputs": [output], "source": ["1 + 1"]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (clone.path / "look.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    clone.run("git", "add", "look.ipynb")
    assert "notebooks without outputs" in clone.run("git", "commit", "-m", "Look", code=1)
    assert "a private result" not in (clone.path / "look.ipynb").read_text(encoding="utf-8")
    clone.run("git", "add", "look.ipynb")
    clone.run("git", "commit", "-m", "Look")
    (clone.path / "large.bin").write_bytes(b"\0" * 1_100_000)
    clone.run("git", "add", "large.bin")
    assert "large.bin (1075 KB) exceeds" in clone.run("git", "commit", "-m", "Large", code=1)
    (clone.path / "wrong.yaml").write_text("a: [", encoding="utf-8")
    clone.run("git", "rm", "--cached", "large.bin")
    clone.run("git", "add", "wrong.yaml")
    assert "wrong.yaml" in clone.run("git", "commit", "-m", "Wrong", code=1)
