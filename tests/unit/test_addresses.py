"""A package mirror that rewrites uv.lock is told from a change of the packages."""

import subprocess
from pathlib import Path

import pytest
from runs import Repository

from tabrail.review import verify

HERE, MIRROR = "https://here.example/simple", "http://mirror.example:8080/pypi"
LOCK = """\
version = 1

[[package]]
name = "numpy"
version = "2.4.6"
source = {{ registry = "{index}" }}
dependencies = [{{ name = "six" }}]
wheels = [
    {{ url = "{index}/b.whl", hash = "sha256:{b}"{more} }},
    {{ url = "{index}/a.whl", hash = "sha256:{a}"{more} }},
]

[[package]]
name = "six"
version = "{six}"
source = {{ registry = "{index}" }}
sdist = {{ url = "{index}/six.tar.gz", hash = "sha256:3"{more} }}

[[package]]
name = "tabrail"
version = "1.0"
source = {{ path = "vendor/tabrail.whl" }}
"""


def lock(index: str = HERE, six: str = "1.17.0", more: str = ", size = 3", **files: str) -> str:
    """Return a uv.lock."""
    return LOCK.format(index=index, six=six, more=more, **{"a": "1", "b": "2", **files})


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository with a uv.lock."""
    monkeypatch.chdir(tmp_path)
    repository = Repository()
    repository.commit("First", uv_lock=lock(), params_yaml="a: 1\n")
    return repository


@pytest.mark.parametrize("others", [False, True])
def test_other_addresses_alone_are_told_with_a_way_back(
    others: bool, repository: Repository
) -> None:
    # A mirror may say less of a file, and list the files in another order.
    Path("uv.lock").write_text(lock(MIRROR, more="", a="2", b="1"))
    if others:
        Path("params.yaml").write_text("a: 2\n")
    found = verify.everything_is_committed()
    assert (found.verdict, found.detail) == (
        "FAILED",
        f"uv.lock has the packages of HEAD at other addresses ({HERE} → {MIRROR})",
    )
    assert "UV_FROZEN to 1" in found.fix
    command = found.fix.removeprefix("run: ").partition(",")[0]
    subprocess.run(command.split(), check=True)
    assert verify.everything_is_committed().verdict == ("FAILED" if others else "ok")


@pytest.mark.parametrize(
    "text", [lock(six="1.18.0"), lock(MIRROR, six="1.18.0"), lock(MIRROR, a="4"), "[", ""]
)
def test_another_package_is_no_matter_of_addresses(text: str, repository: Repository) -> None:
    Path("uv.lock").write_text(text)
    assert verify.everything_is_committed().detail == "files are not committed: uv.lock"


def test_a_deleted_lock_is_no_matter_of_addresses(repository: Repository) -> None:
    Path("uv.lock").unlink()
    assert verify.everything_is_committed().detail == "files are not committed: uv.lock"
