"""Data goes to where `dvc_remote` says and comes back: against real servers of S3 and SSH."""

import configparser
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.projects import (
    ANOTHER_MACHINE,
    AUTHOR,
    Project,
    generate,
    generated,
    hashes,
    user_environment,
)
from support.servers import S3, Ssh, find_sshd, s3_server, ssh_server

FOLDER_IN_S3 = "bucket/team/flights"
MODEL = "models/model.skops"
UP_TO_DATE = "Data and pipelines are up to date."


over_s3 = pytest.mark.ci("it sets up a project on a server of S3")
over_ssh = pytest.mark.ci("it needs sshd")


def forget_data(project: Project) -> None:
    """Remove the data and every copy of it on this side of the remote."""
    for folder in (".dvc/cache", "data/raw", "data/prepared", "models"):
        shutil.rmtree(project.path / folder, ignore_errors=True)


def everything_in_git(project: Project) -> bytes:
    """Return the contents of all commits, files and messages."""
    command = ["git", "cat-file", "--batch", "--batch-all-objects"]
    return subprocess.check_output(command, cwd=project.path)


def objects(stored: Path, project: Project) -> list[Path]:
    """Return where a remote's folder holds the project's model."""
    lock = yaml.safe_load((project.path / "dvc.lock").read_text(encoding="utf-8"))
    outs = {out["path"]: out["md5"] for out in lock["stages"]["train"]["outs"]}
    return list(stored.rglob(outs[MODEL][2:]))


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A running server of S3 with an empty bucket."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def printed_on_s3(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project set up with S3, and what the set-up printed."""
    output = tmp_path_factory.mktemp("on-s3")
    environment = user_environment(**s3.environment(), **ANOTHER_MACHINE)
    address = f"s3://{FOLDER_IN_S3}"
    done = generate(output, environment=environment, dvc_remote=address, **AUTHOR)
    assert done.returncode == 0, done.stdout + done.stderr
    return Project(output / "flight-delays"), done.stdout


@pytest.fixture(scope="module")
def project_on_s3(printed_on_s3: tuple[Project, str]) -> Project:
    """A project set up with S3: look at it and clone it, but do not change it."""
    return printed_on_s3[0]


@pytest.fixture(scope="module")
def colleague(project_on_s3: Project) -> Project:
    """A clone of the project on S3 with its environment, but without data."""
    return project_on_s3.clone_with_environment("colleague")


@over_s3
def test_set_up_pushes_to_s3_with_the_credentials_of_the_environment(
    printed_on_s3: tuple[Project, str], s3: S3
) -> None:
    project, printed = printed_on_s3
    assert "committed, run once and pushed" in printed
    missing = project.uv("dvc", "data", "status", "--not-in-remote", "--json", **s3.environment())
    assert missing.strip() == "{}"
    assert objects(s3.folder / FOLDER_IN_S3, project)


@over_s3
def test_two_generations_have_the_same_hashes(project_on_s3: Project, finished: Project) -> None:
    """This one was made in other circumstances: hash seed, threads, time zone, language."""
    ours, theirs = hashes(project_on_s3), hashes(finished)
    assert ours == theirs
    assert len(ours) == 4 + 1 + 3 + 8  # prepare, model, its reports, evaluate


@over_s3
def test_s3_support_is_required_and_locked(project_on_s3: Project) -> None:
    lock = tomllib.loads((project_on_s3.path / "uv.lock").read_text(encoding="utf-8"))
    assert dvc_requirement(project_on_s3).startswith("dvc[s3]>=")
    assert "dvc-s3" in {package["name"] for package in lock["package"]}


@over_s3
def test_git_knows_the_address_but_no_credentials(project_on_s3: Project, s3: S3) -> None:
    content = everything_in_git(project_on_s3)
    assert f"url = s3://{FOLDER_IN_S3}\n    verify = true\n".encode() in content
    for private in (s3.key, s3.secret, f"://127.0.0.1:{s3.port}", f"://localhost:{s3.port}"):
        assert private.encode() not in content


@over_s3
def test_a_fresh_clone_pulls_from_s3(colleague: Project, s3: S3, tmp_path: Path) -> None:
    forget_data(colleague)
    environment = s3.environment(DVC_SITE_CACHE_DIR=str(tmp_path))
    colleague.uv("dvc", "pull", **environment)
    assert UP_TO_DATE in colleague.uv("dvc", "status", **environment)


@over_s3
def test_a_corrupted_object_is_refused_by_name(colleague: Project, s3: S3) -> None:
    forget_data(colleague)
    (stored,) = objects(s3.folder / FOLDER_IN_S3, colleague)
    good = stored.read_bytes()
    stored.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    try:
        printed = colleague.uv("dvc", "pull", code=1, **s3.environment())
    finally:
        stored.write_bytes(good)
    assert MODEL in printed
    assert not (colleague.path / MODEL).exists()
    colleague.uv("dvc", "pull", **s3.environment())
    assert UP_TO_DATE in colleague.uv("dvc", "status", **s3.environment())


@over_s3
@pytest.mark.parametrize(
    ("remote", "credentials", "complaint"),
    [
        ("refused", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "Forbidden"),
        ("unasked", {"AWS_ACCESS_KEY_ID": ""}, "Unable to locate credentials"),
    ],
)
def test_a_push_fails_until_the_credentials_are_right(
    remote: str, credentials: dict[str, str], complaint: str, colleague: Project, s3: S3
) -> None:
    colleague.uv("dvc", "pull", **s3.environment())
    colleague.uv("dvc", "remote", "add", "--local", remote, f"s3://bucket/{remote}")
    push = ("dvc", "push", "--remote", remote)
    assert complaint in colleague.uv(*push, code=255, **s3.environment(**credentials))
    assert not objects(s3.folder / "bucket" / remote, colleague)
    assert "files pushed" in colleague.uv(*push, **s3.environment())
    assert objects(s3.folder / "bucket" / remote, colleague)


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """A running server of SSH."""
    sshd = find_sshd()
    if not sshd:
        lack = "sshd was not found; on Debian and Ubuntu: apt-get install openssh-server"
        pytest.fail(lack)
    with ssh_server(sshd, tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home folder without keys, and no agent that has some, as environment variables."""
    folders = {
        "XDG_CACHE_HOME": ".cache",
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
    }
    kept = {key: os.environ.get(key, str(Path.home() / name)) for key, name in folders.items()}
    return {"HOME": str(tmp_path_factory.mktemp("home")), "SSH_AUTH_SOCK": "", **kept}


@pytest.fixture(scope="module")
def printed_on_ssh(
    ssh: Ssh, home: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str]:
    """A project set up with SSH by somebody whose key is not configured, and what was printed."""
    output = tmp_path_factory.mktemp("on-ssh")
    environment = user_environment(**home)
    answers = {"dvc_remote": ssh.url(ssh.folder / "storage"), "parts": "notebook"}
    done = generate(output, environment=environment, **answers)
    assert done.returncode == 0, done.stdout + done.stderr
    return Project(output / "flight-delays"), done.stdout


@pytest.fixture(scope="module")
def pushed_over_ssh(
    printed_on_ssh: tuple[Project, str], ssh: Ssh, home: dict[str, str]
) -> tuple[Project, str]:
    """The project on SSH, pushed once the key was configured, and what the push printed."""
    project, _ = printed_on_ssh
    project.uv("dvc", "remote", "modify", "--local", "storage", "keyfile", str(ssh.key), **home)
    return project, project.uv("dvc", "push", **home)


@over_ssh
def test_set_up_without_access_leaves_only_the_push_to_be_done(
    printed_on_ssh: tuple[Project, str],
) -> None:
    project, printed = printed_on_ssh
    assert "Data pushed     failed: uv run dvc push\n" in printed
    assert "Permission denied" in printed
    assert printed.rstrip().endswith(f"{project.path}\n    uv run dvc push")
    assert printed.count("    uv run ") == 1
    assert (project.path / MODEL).exists()
    assert project.run("git", "log", "--format=%s").startswith("Set up Flight Delays")


@over_ssh
def test_a_push_without_access_names_the_cause(
    printed_on_ssh: tuple[Project, str], tmp_path: Path, home: dict[str, str]
) -> None:
    project, _ = printed_on_ssh
    project.run("git", "init", "--quiet", "--bare", str(tmp_path / "origin.git"))
    printed = project.run("git", "push", str(tmp_path / "origin.git"), "main", code=1, **home)
    assert "push: the DVC remote cannot be reached: Permission denied" in printed
    assert "to push the code without its data: git push --no-verify" in printed
    assert "troubles" not in printed


@over_ssh
def test_a_part_that_was_asked_for_is_in_the_first_commit(
    printed_on_ssh: tuple[Project, str],
) -> None:
    project, printed = printed_on_ssh
    assert re.search(r"^  Parts +\d+\.\d s$", printed, re.MULTILINE)
    assert "notebooks/explore.ipynb" in project.tracked()
    assert project.run("git", "status", "--porcelain") == ""


@over_ssh
def test_the_push_succeeds_once_the_key_is_configured(
    pushed_over_ssh: tuple[Project, str], ssh: Ssh
) -> None:
    project, printed = pushed_over_ssh
    assert "files pushed" in printed
    assert objects(ssh.folder / "storage", project)


@over_ssh
def test_the_key_is_configured_for_one_user_only(
    pushed_over_ssh: tuple[Project, str], ssh: Ssh
) -> None:
    project, _ = pushed_over_ssh
    assert project.run("git", "status", "--porcelain") == ""
    assert str(ssh.key).encode() not in everything_in_git(project)


@over_ssh
def test_a_fresh_clone_pulls_over_ssh_with_the_users_own_ssh_config(
    pushed_over_ssh: tuple[Project, str], ssh: Ssh, home: dict[str, str]
) -> None:
    config = Path(home["HOME"], ".ssh", "config")
    config.parent.mkdir(mode=0o700)
    config.write_text(f"Host 127.0.0.1\n    IdentityFile {ssh.key}\n", encoding="utf-8")
    clone = pushed_over_ssh[0].clone_with_environment("over-ssh")
    clone.uv("dvc", "pull", **home)
    assert UP_TO_DATE in clone.uv("dvc", "status", **home)


def test_the_remote_can_be_changed_later(clone: Project, tmp_path: Path) -> None:
    clone.uv("dvc", "remote", "modify", "storage", "url", str(tmp_path / "storage"))
    clone.uv("dvc", "push")
    clone.commit("Keep the data elsewhere")
    copy = clone.clone(f"{clone.path.name}-copy")
    copy.uv("--project", str(clone.path), "dvc", "pull")
    assert UP_TO_DATE in copy.uv("--project", str(clone.path), "dvc", "status")


def dvc_requirement(project: Project) -> str:
    """Return how pyproject.toml asks for DVC."""
    text = (project.path / "pyproject.toml").read_text(encoding="utf-8")
    group: list[str] = tomllib.loads(text)["dependency-groups"]["pipeline"]
    return next(requirement for requirement in group if requirement.startswith("dvc"))


@pytest.mark.ci("it generates a dozen projects")
@pytest.mark.parametrize(
    ("url", "extra", "verify"),
    [
        ("s3://bucket/folder", "[s3]", "true"),
        ("gs://bucket/folder", "[gs]", "true"),
        ("azure://container/folder", "[azure]", "true"),
        ("oss://bucket/folder", "[oss]", "true"),
        ("ssh://me@example.com:2222/folder", "[ssh]", "true"),
        ("webdav://example.com/folder", "[webdav]", "true"),
        ("webdavs://example.com/folder", "[webdav]", "true"),
        ("webhdfs://example.com/folder", "[webhdfs]", "true"),
        ("hdfs://me@example.com/folder", "[hdfs]", None),  # DVC has no such option for it
        ("http://example.com/folder", "", "true"),
        ("https://example.com/folder", "", "true"),
        ("/srv/folder", "", None),
    ],
)
def test_dvc_accepts_every_kind_of_remote(
    url: str, extra: str, verify: str | None, finished: Project, tmp_path: Path
) -> None:
    project = generated(tmp_path, setup=False, dvc_remote=url)
    assert dvc_requirement(project).startswith(f"dvc{extra}>=")

    config = configparser.ConfigParser(interpolation=None)
    config.read(project.path / ".dvc" / "config", encoding="utf-8")
    remote = dict(config["'remote \"storage\"'"])
    assert remote.pop("url") == url
    assert remote.get("verify") == verify

    project.run("git", "init", "--quiet")
    dvc = ("--frozen", "--no-sync", "--project", str(finished.path), "dvc")
    assert "train" in project.uv(*dvc, "stage", "list")
