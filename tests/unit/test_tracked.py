"""What the results rely on is in Git, or the rule that hides it is named."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from conftest import edit
from ruamel.yaml import YAML
from runs import Repository

from tabrail.review import verify
from tabrail.review.tracked import everything_is_tracked

WHEEL = "vendor/tabrail-1.0.0-py3-none-any.whl"
FILES = {
    "dvc.lock": "",
    "params.yaml": "",
    "schema.yaml": "",
    "uv.lock": "",
    ".python-version": "3.11\n",
    ".dvc/config": "",
    "data/raw.dvc": "outs: []\n",
    "data/raw/a.csv": "1\n",
    "data/.gitignore": "/raw\n",
    "queries/rows.sql": "",
    "reports/metrics.json": "{}",
    "reports/plots/roc.csv": "",
    "reports/pages/a.html": "",
    "reports/pages/b.html": "",
    "src/shops/train.py": "",
    "src/shops/__pycache__/train.pyc": "",
    ".gitignore": "__pycache__/\n/models\n",
    WHEEL: "",
    "pyproject.toml": f'[tool.uv.sources]\ntabrail = {{path = "{WHEEL}"}}\n',
}
PIPELINE = {
    "stages": {
        "train": {
            "cmd": "tabrail run train",
            "deps": ["data/raw", "queries/rows.sql", "src/shops/train.py"],
            "outs": ["models/model.skops", {"reports/pages": {"cache": False}}],
            "metrics": [{"reports/metrics.json": {"cache": False}}],
            "plots": [{"reports/plots/roc.csv": {"cache": False, "x": "a"}}],
        },
        "next": {"cmd": "x", "deps": ["models/model.skops", "s3://b/c", "/mnt/d", "../e"]},
    }
}


def write(folder: Path) -> None:
    """Write a project's files into a folder."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    YAML().dump(PIPELINE, folder / "dvc.yaml")


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of rules that the user has for all repositories."""
    path = tmp_path / "it's mine" / ".gitignore"
    path.parent.mkdir()
    path.write_text("# of mine\n", encoding="utf-8")
    config = tmp_path / "gitconfig"
    config.write_text(f'[core]\n\texcludesFile = "{path}"\n', encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    return path


@pytest.fixture(params=["", "models/shops"])
def repository(
    request: pytest.FixtureRequest, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    """Stand in a project, which is a repository or is in a folder of one."""
    top = tmp_path / "top"
    (top / request.param).mkdir(parents=True)
    monkeypatch.chdir(top)
    repository = Repository()
    monkeypatch.chdir(top / request.param)
    write(Path())
    return repository


def follow(fix: str) -> None:
    """Do what a fix says, sentence by sentence."""
    way, _, command = fix.removesuffix(", and commit").partition(", then run: ")
    for step in way.split(" and "):
        if line := re.fullmatch(r"write the line (.+) at the end of (.+)", step):
            with Path(line[2]).open("a", encoding="utf-8") as file:
                file.write(f"{line[1]}\n")
        else:
            out = re.fullmatch(r"remove (.+) from (.+)", step)
            assert out, step
            text = Path(out[2]).read_text(encoding="utf-8")
            Path(out[2]).write_text(text.replace(f"{out[1]}\n", ""), encoding="utf-8")
    subprocess.run(shlex.split(command), check=True)


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        ("*.csv", "reports/plots/roc.csv"),
        ("data/", "data/raw.dvc"),
        ("*.dvc", ".dvc/config, data/raw.dvc"),
        ("*.lock", "dvc.lock, uv.lock"),
        ("uv.lock", "uv.lock"),
        ("*.json", "reports/metrics.json"),
        (
            "reports",
            "reports/pages/a.html, reports/pages/b.html, reports/metrics.json, "
            "reports/plots/roc.csv",
        ),
        ("b.html", "reports/pages/b.html"),
        ("vendor/", WHEEL),
        ("*.whl", WHEEL),
        ("src", "src/shops/train.py"),
        ("queries", "queries/rows.sql"),
        (".*", ".dvc/config, .python-version, .gitignore"),
    ],
)
def test_a_rule_of_the_users_own_is_named_with_the_way_out(
    rule: str, hidden: str, repository: Repository, rules: Path
) -> None:
    with rules.open("a", encoding="utf-8") as file:
        file.write(f"{rule}\n")
    repository.commit("Start")
    assert verify.everything_is_committed().verdict == "ok"
    found = everything_is_tracked()
    assert found.verdict == "FAILED"
    said = found.detail.removeprefix("Git ignores ")
    names, _, where = said.partition(" by the rule ")
    assert set(names.split(", ")) >= set(hidden.split(", ")) - {"reports/pages"}
    assert where == f"{rule} (line 2 of {rules})"
    follow(found.fix)
    repository.commit("Track")
    assert everything_is_tracked().verdict == "ok"
    assert set(hidden.split(", ")) <= set(repository.git("ls-files").splitlines())
    assert not repository.git("ls-files", "data/raw", "models")


@pytest.mark.parametrize("file", [".gitignore", "reports/.gitignore"])
def test_a_rule_of_the_project_is_to_be_taken_out(file: str, repository: Repository) -> None:
    with Path(file).open("a", encoding="utf-8") as rules:
        rules.write("*.csv\n")
    repository.commit("Start")
    found = everything_is_tracked()
    line = 3 if file == ".gitignore" else 1
    assert found.detail == (
        f"Git ignores reports/plots/roc.csv by the rule *.csv (line {line} of {file})"
    )
    follow(found.fix)
    assert everything_is_tracked().verdict == "ok"


def test_data_and_what_git_tracks_all_the_same_may_be_ignored(
    repository: Repository, rules: Path
) -> None:
    repository.commit("Start")
    with rules.open("a", encoding="utf-8") as file:
        file.write("*\n")
    assert everything_is_tracked().verdict == "ok"


def test_in_a_checkout_without_the_file_its_rule_is_named(
    repository: Repository, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rules.open("a", encoding="utf-8") as file:
        file.write("*.dvc\n*.csv\n")
    commit = repository.commit("Start")
    below_top = repository.git("rev-parse", "--show-prefix").strip()
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"), commit)
    monkeypatch.chdir(tmp_path / "tree" / below_top)
    assert not Path("data").joinpath("raw.dvc").exists()
    found = everything_is_tracked()
    assert "data/raw.dvc by the rule *.dvc (" in found.detail
    assert "reports/plots/roc.csv by the rule *.csv (" in found.detail


@pytest.mark.parametrize("name", ["results/scores.json", "queries/rows.sql", WHEEL])
def test_what_is_relied_on_is_committed_wherever_it_is(name: str, repository: Repository) -> None:
    scores = {"results/scores.json": {"cache": False}}
    edit(Path("dvc.yaml"), lambda content: content["stages"]["train"]["outs"].append(scores))
    repository.commit("Start")
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("other")
    found = verify.everything_is_committed()
    assert (found.verdict, found.detail) == ("FAILED", f"files are not committed: {name}")
    repository.commit("All")
    assert verify.everything_is_committed().verdict == "ok"


@pytest.mark.parametrize(
    ("name", "text"), [("dvc.yaml", "a: ["), ("pyproject.toml", "["), ("pyproject.toml", "")]
)
def test_a_damaged_file_is_another_checks_matter(
    name: str, text: str, repository: Repository
) -> None:
    Path(name).write_text(text)
    repository.commit("Start")
    assert everything_is_tracked().verdict == "ok"
