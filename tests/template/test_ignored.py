"""A project's .gitignore keeps what the project owns in Git, whatever rules its user has."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.in_process import ANSWERS
from support.projects import TEMPLATE

from tabrail import rendering

RENDERED = TEMPLATE / "{{cookiecutter.project_slug}}"
# What the set-up makes.
MADE = (
    *("uv.lock", "dvc.lock", ".python-version", "vendor/tabrail-1.0.0-py3-none-any.whl"),
    *("data/raw.dvc", "data/.gitignore", "data/prepared/.gitignore", "models/.gitignore"),
)
# What DVC has to find not ignored, so that it writes a rule of its own for everybody.
IN_DVC = ("data/raw", "data/prepared/train.parquet", "models/model.skops")
OF_THE_USER = (
    *("notes.csv", ".env", ".idea/x.xml", "data/more.csv", "data/more/a.csv", "docs/x.log"),
    *("src/flights/.train.py.swp", "src/flights/data.csv", "reports/.metrics.json.swp"),
    *("reports/metrics.json~", ".venv/a.py", "src/flights/__pycache__/train.pyc", "log/a.md"),
)


def owned() -> set[str]:
    """Return the files that Git is to have: of every service and task, and with every part."""
    rendered = [path for path in RENDERED.rglob("*") if path.is_file()]
    found = {path.relative_to(RENDERED).as_posix() for path in rendered}
    found = {path for path in found if "{" not in path}  # those have a name of the library's, too
    found |= {file.target.format(package="flights") for file in rendering.FILES}
    record = rendering.new_record({**ANSWERS, "ci": "github"}, "1.0.0")
    for record["data"]["task"] in ("binary", "multiclass", "regression"):
        stages = yaml.safe_load(rendering.files(record)["dvc.yaml"])["stages"]
        for stage in stages.values():
            for entry in (*stage["outs"], *stage.get("metrics", []), *stage.get("plots", [])):
                found |= {path for path, how in entry.items() if how.get("cache") is False}
    return found | set(MADE)


@pytest.fixture
def ignored(tmp_path: Path) -> Callable[..., set[str]]:
    """Return what Git ignores of some paths of a project, with some rules of the user's own."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes((RENDERED / ".gitignore").read_bytes())

    def ask(paths: set[str], *rules: str) -> set[str]:
        (tmp_path / "rules").write_text("\n".join([*rules, ""]), encoding="utf-8")
        own = ("-c", f"core.excludesFile={tmp_path / 'rules'}")
        done = subprocess.run(
            ["git", *own, "check-ignore", "--stdin"],
            input="\n".join(paths),
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert not done.stderr
        return set(done.stdout.splitlines())

    return ask


def test_what_the_project_owns_is_never_ignored(ignored: Callable[..., set[str]]) -> None:
    names = owned()
    assert {"reports/plots/errors.csv", "renovate.json", "src/flights/train.py"} <= names
    assert {".gitlab/train.yml", "notebooks/explore.ipynb", ".dvc/config", "README.md"} <= names
    assert ignored(names) == set()
    assert ignored(names, "*") == set()
    folders = {part.as_posix() for name in names for part in Path(name).parents}
    assert ignored(names, *(f"{folder}/" for folder in folders)) == set()


def test_dvc_finds_its_data_not_ignored(ignored: Callable[..., set[str]]) -> None:
    assert ignored(set(IN_DVC), "*.parquet", "*.skops", "data/", "models", "raw", "*") == set()


def test_other_files_stay_as_the_user_has_it(ignored: Callable[..., set[str]]) -> None:
    rules = ("*.csv", ".env", ".idea/", "*.log", "*.swp", "*~")
    assert ignored(set(OF_THE_USER), *rules) == set(OF_THE_USER)
