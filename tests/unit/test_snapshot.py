"""A run is read from a commit or the working tree; what is not of today's form counts as none."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from runs import Repository, evaluation

from tabrail import paths
from tabrail.errors import InputError
from tabrail.review.snapshot import Snapshot, read

FILES: dict[Path, str] = {
    paths.PYTHON: "3.11.7\n",
    paths.EVALUATION: json.dumps(evaluation()),
    paths.DATA_REPORT: '{"rows": {"train": 1}}',
    paths.DISTRIBUTIONS: '{"rows": 1, "columns": {}}',
    paths.PLOTS / "importance.csv": 'column,importance\n"a,b",0.5\nc,-0.1\n',
    paths.PARAMS: "train: {seed: 1, since: 2024-01-01}\n",
    paths.SCHEMA: "columns:\n  a: {kind: numeric}\n",
    paths.LOCK: "schema: '2.0'\nstages:\n  train: {cmd: x}\n",
    paths.PACKAGES: """
[[package]]
name = "numpy"
version = "2.4.6"
[[package]]
name = "numpy"
version = "2.3.0"
[[package]]
name = "ours"
""",
    paths.PROJECT: """
[project]
dependencies = ["numpy>=2.3", "Ruamel.Yaml[x]; python_version > '3'"]
[dependency-groups]
dev = ["pytest", {include-group = "x"}]
""",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository with a file of each kind."""
    monkeypatch.chdir(tmp_path)
    repository = Repository()
    for path, text in FILES.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    repository.commit("All")
    return repository


@pytest.mark.parametrize("revision", [None, "HEAD"])
def test_everything_is_read(repository: Repository, revision: str | None) -> None:
    found = read(revision)
    assert found.evaluation == evaluation()
    assert found.importance == {"a,b": 0.5, "c": -0.1}
    assert found.params == {"train": {"seed": 1, "since": "2024-01-01"}}
    assert found.schema == {"columns": {"a": {"kind": "numeric"}}}
    assert found.stages == {"train": {"cmd": "x"}}
    assert found.python == "3.11"
    assert found.packages == {"numpy": "2.3.0 or 2.4.6"}
    assert found.direct == {"numpy", "ruamel-yaml", "pytest"}
    assert all(getattr(found, field.name) for field in fields(Snapshot))


def test_what_a_commit_lacks_is_empty(repository: Repository) -> None:
    repository.git("rm", "-r", "--quiet", ".")
    repository.commit("Nothing")
    assert read("HEAD") == Snapshot()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda text: f"<<<<<<< HEAD\n{text}=======\n>>>>>>> mine\n",
            "has the marks of a merge conflict; resolve it first",
        ),
        (
            lambda text: "a: [1, 2\nb,c,d\n",
            "cannot be read: .*; fix it, or restore it with: git checkout",
        ),
    ],
    ids=["conflict", "nonsense"],
)
def test_damage_is_named_here_and_counts_as_none_in_a_commit(
    repository: Repository, damage: Callable[[str], str], message: str
) -> None:
    for path, text in FILES.items():
        path.write_text(damage(text), encoding="utf-8")
        with pytest.raises(InputError, match=f"^{path} {message}"):
            read()
        path.write_text(text, encoding="utf-8")
    for path, text in FILES.items():
        path.write_text(damage(text), encoding="utf-8")
    repository.commit("Damaged")
    assert read("HEAD") == Snapshot()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (paths.EVALUATION, '{"validation": {"metrics": {}}, "test": {}}'),  # of an older template
        (paths.EVALUATION, '{"accuracy": 0.9}'),
        (paths.EVALUATION, json.dumps(evaluation()).replace("baseline_", "constant_")),
        (paths.EVALUATION, "[1]"),
        (paths.EVALUATION, "null"),
        (paths.DISTRIBUTIONS, "{}"),
        (paths.SCHEMA, "columns: [a, b]\n"),
        (paths.SCHEMA, "fields: {a: {kind: numeric}}\n"),
        (paths.SCHEMA, "columns: {a: {type: numeric}}\n"),
        (paths.LOCK, "train: {cmd: x}\n"),
        (paths.PARAMS, "- 1\n"),
        (paths.PARAMS, "3\n"),
        (paths.PACKAGES, "version = 1\n"),
    ],
)
def test_another_form_in_a_commit_counts_as_none(
    repository: Repository, path: Path, text: str
) -> None:
    path.write_text(text, encoding="utf-8")
    repository.commit("Another form")
    found, before = read("HEAD"), read("HEAD~1")
    (other,) = (
        f.name for f in fields(Snapshot) if getattr(found, f.name) != getattr(before, f.name)
    )
    assert getattr(found, other) == {}


def test_words_that_are_not_utf_8_do_no_harm(repository: Repository) -> None:
    paths.PARAMS.write_bytes("card: {title: Café}\n".encode("latin-1"))
    repository.commit("Latin")
    assert read("HEAD").params == read().params == {"card": {"title": "Caf\ufffd"}}
