"""A project in other places and on other machines: each works, or its page of the manual helps."""

import os
import re
import shutil
from pathlib import Path

import pytest
from end_to_end.copies import copied
from end_to_end.edits import follow_inline
from end_to_end.reader import Reader, page, section
from support.projects import Project, generate, user_environment

PLACES = page("places.md")
# What people keep out of all their repositories.
RULES = (
    *("*.csv", "data/", "*.lock", "*.json", "reports", "models/", "*.parquet", "vendor/"),
    *("*.whl", "*.dvc", ".*", "src"),
)
LONG = pytest.mark.ci("takes long")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("offline")]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that has uv and Git, and no command of these tests' own environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("uv", "git"):
        path = shutil.which(tool, path=user_environment()["PATH"])
        assert path
        (folder / tool).symlink_to(Path(path).resolve())
    return folder


def failed(printed: str) -> list[str]:
    """Return the checks of `verify` that fail."""
    return re.findall(r"^FAILED +(\w+)", printed, re.MULTILINE)


def follow(project: Project, heading: str) -> Reader:
    """Follow a section of the page."""
    with Reader(project) as reader:
        reader.read(section(PLACES, heading))
    return reader


def note(project: Project, message: str, **environment: str) -> str:
    """Write a decision down and commit it, with the hooks; return what they print."""
    with (project.path / "docs/decisions.md").open("a", encoding="utf-8") as file:
        file.write(f"\n{message}\n")
    project.run("git", "add", "docs/decisions.md")
    return project.run("git", "commit", "--message", message, **environment)


@LONG
def test_a_machine_with_settings_of_its_own(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user has rules and hooks for all repositories, and generates within one of them."""
    company = tmp_path / "company"
    rules = tmp_path / "rules"
    rules.write_text("\n".join(RULES), encoding="utf-8")
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[core]\n\texcludesFile = {rules}\n\thooksPath = {company}\n"
        "[user]\n\tname = Zoë\n\temail = zoe@example.org\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    outer = Project(tmp_path / "outer")
    outer.path.mkdir()
    outer.run("git", "init", "--quiet")

    done = generate(outer.path)
    assert done.returncode == 0, done.stdout + done.stderr
    project = Project(outer.path / "flight-delays")
    assert set(finished.tracked()) == set(project.tracked())
    assert project.run("git", "status", "--porcelain") == ""
    assert project.run("git", "log", "--format=%an <%ae>") == "Zoë <zoe@example.org>\n"
    assert "Zoë <zoe@example.org>" in project.read("params.yaml")
    assert failed(project.uv("tabrail", "verify")) == []
    assert f"Git runs the hooks in {company} for all repositories" in done.stdout
    assert f"a separate Git repository within that of {outer.path}" in done.stdout
    assert "Git ignores" not in done.stdout

    reader = follow(project, "Hooks of your company")
    assert "pre-commit installed" in reader.printed["uv run pre-commit install"]
    assert failed(reader.printed["uv run tabrail verify"]) == []
    assert "YAML is valid" in note(project, "With hooks")
    assert not company.exists()


def test_a_project_that_was_moved(finished: Project, tmp_path: Path, alone: Path) -> None:
    copied(finished, tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    project = Project(tmp_path / "after" / "flight-delays")
    path = f"{alone}{os.pathsep}/bin{os.pathsep}/usr/bin"
    assert "up to date" in project.uv("dvc", "status", PATH=path)
    code = "import flight_delays; print(flight_delays.__file__)"
    printed = project.uv("python", "-c", code, PATH=path)
    assert Path(printed.splitlines()[-1]).is_relative_to(project.path)


@LONG
def test_a_clone_that_was_moved(
    finished: Project, tmp_path: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copied(finished, tmp_path / "before")
    shutil.rmtree(project.path / ".venv")
    project.sync()
    (tmp_path / "before").rename(tmp_path / "after")
    project = Project(tmp_path / "after" / "flight-delays")
    monkeypatch.setenv("PATH", f"{alone}{os.pathsep}/bin{os.pathsep}/usr/bin")
    only = {"PATH": os.environ["PATH"]}
    assert "Failed to spawn: dvc" in project.uv("dvc", "status", code=None, **only).replace("`", "")
    project.run("git", "add", "--all")
    refused = project.run("git", "commit", "--allow-empty", "-m", "x", code=1, **only)
    assert "`pre-commit` not found" in refused
    follow(project, "A folder that was moved or renamed")
    assert "up to date" in project.uv("dvc", "status", **only)
    assert "YAML is valid" in note(project, "Moved", **only)


@LONG
def test_a_folder_of_a_larger_repository(finished: Project, tmp_path: Path) -> None:
    copied(finished, tmp_path / "big" / "models")
    top = Project(tmp_path / "big")
    project = Project(top.path / "models" / "flight-delays")
    shutil.rmtree(project.path / ".git")
    (top.path / "other.py").write_text("import os\n", encoding="utf-8")
    (top.path / ".gitignore").write_text("*-dvc-storage\n", encoding="utf-8")
    top.run("git", "init", "--quiet", "--initial-branch=main")
    for key in ("name", "email"):
        top.run("git", "config", f"user.{key}", "ada@example.com")
    top.run("git", "init", "--quiet", "--bare", "--initial-branch=main", "../origin.git")
    top.run("git", "remote", "add", "origin", "../origin.git")
    top.run("git", "add", ".gitignore", "other.py")
    top.run("git", "commit", "--quiet", "--message", "Something else")

    follow_inline(section(PLACES, "A folder in a larger repository"), project.path)
    committed = follow(project, "A folder in a larger repository").printed
    hooks = committed['git commit --message "Add the model of flight delays"']
    assert len(re.findall(r"Passed$", hooks, re.MULTILINE)) >= 5, hooks
    assert (top.path / "other.py").read_text(encoding="utf-8") == "import os\n"
    assert "Passed\n" in project.run("git", "push", "origin", "main")

    assert failed(project.uv("tabrail", "verify", "--no-remote")) == []
    assert "up to date" in project.uv("dvc", "repro")
    project.uv("tabrail", "bundle", "../bundle")
    assert (project.path.parent / "bundle" / "release.json").exists()

    project.run("git", "switch", "--quiet", "--create", "mine")
    (project.path / "src/flight_delays/untidy.py").write_text("import os\n", encoding="utf-8")
    project.run("git", "add", "--all")
    project.run("git", "commit", "--message", "Untidy", code=1)
    project.run("git", "reset", "--quiet", "--hard")
    metrics = project.read("reports/metrics.json")
    (project.path / "reports/metrics.json").write_text(metrics.replace("0.6", "0.9"))
    project.run("git", "commit", "--quiet", "--all", "--message", "Better")
    refused = project.run("git", "push", "origin", "mine", code=1)
    assert "ok        revision: mine" in refused
    assert (
        "FAILED    reports: results have changed since the last run: reports/metrics.json"
        in refused
    )


@LONG
def test_a_shallow_clone_and_a_commit_without_a_branch(finished: Project, tmp_path: Path) -> None:
    project = copied(finished, tmp_path, origin=True)
    project.run("git", "switch", "--quiet", "--create", "mine")
    note(project, "First")
    project.run("git", "push", "--quiet", "--no-verify", "origin", "mine")
    url = (tmp_path / "origin.git").as_uri()
    project.run("git", "clone", "--quiet", "--depth=1", "--branch=mine", url, str(tmp_path / "it"))
    clone = Project(tmp_path / "it")
    clone.sync(project)
    clone.take_data(project)
    for key in ("name", "email"):
        clone.run("git", "config", f"user.{key}", "ada@example.com")
    clone.uv("pre-commit", "install")
    assert failed(clone.uv("tabrail", "verify", code=1)) == ["base"]
    clone.run("git", "checkout", "--quiet", "--detach")
    note(clone, "Second")
    reader = follow(clone, "A shallow clone, and a commit without a branch")
    push = "git push origin HEAD:refs/heads/from-a-commit"
    assert "Passed\n" in reader.printed[push]
    printed = clone.uv("tabrail", "verify")
    assert "compared with origin/main" in printed
    assert "up to date" in clone.uv("dvc", "repro")
    assert "differs from origin/main" in clone.uv("tabrail", "report")


@LONG
def test_a_package_mirror_and_a_home_that_cannot_be_written(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copied(finished, tmp_path)
    text = project.read("uv.lock")
    (index,) = set(re.findall(r'registry = "([^"]+)"', text))
    mirror = "http://mirror.example/simple"
    # What `uv run` writes where UV_DEFAULT_INDEX is set, which needs such an index.
    (project.path / "uv.lock").write_text(text.replace(index, mirror), encoding="utf-8")
    monkeypatch.setenv("UV_DEFAULT_INDEX", mirror)
    monkeypatch.setenv("UV_FROZEN", "1")
    printed = project.uv("tabrail", "verify", "--no-remote", code=1)
    assert failed(printed) == ["commit"]
    assert "has the packages of HEAD at other addresses" in printed
    follow(project, "A package mirror")
    assert failed(project.uv("tabrail", "verify", "--no-remote")) == []

    monkeypatch.setenv("UV_CACHE_DIR", project.run("uv", "cache", "dir").strip())
    (tmp_path / "file").touch()  # nor can root make a folder in it
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file" / "home"))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "notes"))
    assert "YAML is valid" in note(project, "With neither")
    assert project.read("uv.lock") == text
