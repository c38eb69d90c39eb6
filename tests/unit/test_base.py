"""A change is compared with the commit that it started from."""

import shlex
import subprocess
from pathlib import Path

import pytest
from runs import Repository

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.base import Base, find, none_here


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository with two commits on main."""
    tmp_path.joinpath("here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    repository = Repository()
    repository.commit("First", a_txt="1")
    repository.commit("Second", a_txt="2")
    return repository


def test_a_branch_is_compared_with_where_it_left_main(repository: Repository) -> None:
    fork = repository.git("rev-parse", "HEAD").strip()
    repository.on_main(repository.commit("Of others", b_txt="1"))
    repository.git("checkout", "--quiet", "-b", "mine", fork)
    repository.commit("Mine", a_txt="3")
    assert find(None) == Base("origin/main", fork)


def test_without_a_remote_a_branch_is_compared_with_where_it_left_the_local_main(
    repository: Repository,
) -> None:
    fork = repository.git("rev-parse", "HEAD").strip()
    assert find(None) is None
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit("Mine", a_txt="3")
    repository.git("checkout", "--quiet", "main")
    repository.commit("Of others", b_txt="1")
    repository.git("checkout", "--quiet", "mine")
    assert find(None) == Base("main", fork)
    repository.git("remote", "add", "origin", "elsewhere")  # its main is the one that counts
    assert find(None) is None


def test_a_base_that_is_named_is_the_base(repository: Repository) -> None:
    fork = repository.git("rev-parse", "HEAD").strip()
    released = repository.commit("Released from a branch that was squashed", b_txt="1")
    repository.git("tag", "model@v0.1.0")
    repository.git("checkout", "--quiet", "-b", "mine", fork)
    assert find("model@v0.1.0") == Base("model@v0.1.0", released)
    assert str(find("main")) == f"main ({released[:7]})"
    assert find("HEAD") == Base("HEAD", fork)
    assert find("") is None  # as if none were given


def test_an_experiment_of_dvc_may_be_the_base(repository: Repository) -> None:
    head, first = (repository.git("rev-parse", name).strip() for name in ("HEAD", "HEAD^"))
    repository.git("update-ref", f"refs/exps/{first[:2]}/{first[2:]}/rf", first)
    repository.git("update-ref", "refs/exps/exec/EXEC_HEAD", head)
    assert find("rf") == Base("rf", first)
    repository.git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/rf", head)
    assert find("rf") == Base("rf", head)  # of the experiments from HEAD
    repository.commit("Third", a_txt="3")
    with pytest.raises(InputError, match="rf is the name of 2 experiments; name a commit: "):
        find("rf")
    for name in ("EXEC_HEAD", "r", "exec/EXEC_HEAD"):
        with pytest.raises(InputError, match="this clone has no commit"):
            find(name)


def test_main_itself_is_compared_with_the_commit_before(repository: Repository) -> None:
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    assert find(None) == Base("the commit before", repository.git("rev-parse", "HEAD^").strip())


def test_after_a_merge_the_commit_before_is_that_of_main(repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD").strip()
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit("Mine", a_txt="3")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "mine")
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    assert find(None) == Base("the commit before", before)


def test_what_no_commit_has_is_compared_with_head(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD").strip()
    repository.on_main(head)
    Path("a.txt").write_text("3")
    assert find(None) == Base("HEAD", head)


def test_without_a_main_there_is_nothing_to_compare_with(repository: Repository) -> None:
    assert find(None) is None


def test_the_first_commit_has_none_before_it(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "HEAD^")
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    assert find(None) is None


def test_without_any_commit_everything_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repository = Repository()
    assert find(None) is None
    Path("a.txt").write_text("1")
    repository.git("add", "a.txt")
    assert git.changed_files() == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "fix"),
    [("origin/nowhere", "run: git fetch origin"), ("nowhere", "see: git log --all")],
)
def test_an_unknown_base_is_named(repository: Repository, name: str, fix: str) -> None:
    with pytest.raises(InputError, match=f"^this clone has no commit {name}; {fix}$"):
        find(name)


def test_another_repositorys_commit_is_no_base(repository: Repository) -> None:
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit("Other")
    with pytest.raises(InputError, match=r"no commit in common \(their histories are unrelated\)"):
        find(None)


@pytest.mark.parametrize("given", [None, "origin/main"])
def test_the_advice_for_a_shallow_clone_helps(
    given: str | None, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = repository.git("rev-parse", "HEAD").strip()
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit("Mine", a_txt="3")
    url = (tmp_path / "here").as_uri()
    repository.git("clone", "--quiet", "--depth=1", "--branch=mine", url, str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    with pytest.raises(InputError, match="; run: git ") as refused:
        find(given)
    for command in str(refused.value).partition("; run: ")[2].split(" && "):
        subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert find("origin/main") == find(None) == Base("origin/main", fork)


def test_a_shallow_clone_of_main_lacks_the_commit_before(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (tmp_path / "here").as_uri()
    repository.git("clone", "--quiet", "--depth=1", url, str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    with pytest.raises(InputError, match=r"lacks the commit before HEAD; run: .* --unshallow"):
        find(None)


def test_a_shallow_clone_may_lack_where_a_branch_left_main(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit("Mine", a_txt="3")
    url = (tmp_path / "here").as_uri()
    repository.git("clone", "--quiet", "--depth=1", "--branch=mine", url, str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    repository.git("fetch", "--quiet", "--depth=1", "origin", "+main:refs/remotes/origin/main")
    with pytest.raises(InputError, match=r"no commit in common \(this clone is shallow\); run: "):
        find(None)


def test_a_clone_of_one_branch_is_told_how_to_get_main(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = repository.git("rev-parse", "HEAD").strip()
    assert none_here() == ("this clone has no origin/main", "")  # and no origin
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit("Mine", a_txt="3")
    options = ("--quiet", "--single-branch", "--branch=mine")
    repository.git("clone", *options, str(tmp_path / "here"), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    assert find(None) is None
    why, fix = none_here()
    assert why == "this clone has no origin/main"
    for command in fix.partition("run: ")[2].split(" && "):
        subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert find(None) == Base("origin/main", fork)
