"""What a project's files or tools cannot answer is said with the way out, or is left out."""

import sys
from collections.abc import Callable
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit
from runs import Repository
from sqlalchemy.exc import OperationalError

from tabrail import info, paths, record
from tabrail.config import load_params
from tabrail.data.cleaning import no_cleaning
from tabrail.data.data_report import Moments
from tabrail.data.foreign import refuse
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.features import FoldsByGroup
from tabrail.ingest import column_names
from tabrail.log.export import export
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.estimators import make
from tabrail.model.signature import explained
from tabrail.monitoring import expected
from tabrail.monitoring.monitor import monitor
from tabrail.project import cost, environment, git, pipeline, registry
from tabrail.project.progress import how_to_end
from tabrail.project.project import Project, Split
from tabrail.serving.explain import _shown
from tabrail.testing import _distributions


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository."""
    monkeypatch.chdir(tmp_path)
    return Repository()


def test_a_record_that_is_no_json_is_said_with_how_to_restore_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record.RECORD.write_text("{", encoding="utf-8")
    message = r"^\.tabrail\.json is not valid JSON \(.*\); restore it with: git checkout -- \.tabra"
    with pytest.raises(InputError, match=message):
        record.load()


def test_a_pipeline_that_a_commit_has_damaged_is_named_with_the_commit(
    repository: Repository,
) -> None:
    repository.commit(dvc_yaml="stages: [")
    with pytest.raises(InputError, match=r"^dvc\.yaml of HEAD is not valid YAML$"):
        pipeline.stages("HEAD")
    assert pipeline.stages("HEAD:nowhere") == {}


def test_a_python_version_that_is_none_is_named(tmp_path: Path) -> None:
    assert environment._wanted_python(tmp_path) == ""
    (tmp_path / paths.PYTHON).write_text("cpython-3.12.1\n", encoding="utf-8")
    assert environment._wanted_python(tmp_path) == "3.12"
    (tmp_path / paths.PYTHON).write_text("3.12\n3.13\n", encoding="utf-8")
    message = r"expected one version such as 3\.12, got '3\.12\\n3\.13'; write it again with: uv py"
    with pytest.raises(InputError, match=message):
        environment._wanted_python(tmp_path)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"files": {}}', '{"files": {"models/model.skops": 1}}']
)
def test_a_release_that_cannot_be_read_names_no_version(text: str, repository: Repository) -> None:
    paths.MODEL.parent.mkdir()
    paths.MODEL.write_bytes(b"a model")
    paths.RELEASE.write_text(text, encoding="utf-8")
    assert registry.model_version() == f"md5:{md5(paths.MODEL)[:12]}"


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ('{"url": "file:///src/tabrail", "dir_info": {"editable": true}}', "/src/tabrail"),
        ('{"url": "file:///src/tabrail", "dir_info": {}}', ""),
        ("{", ""),
        (None, ""),
    ],
)
def test_where_an_editable_library_is_from_is_known(
    text: str | None, folder: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "direct_url.json").write_text(text, encoding="utf-8")
    assert info.editable_folder(PathDistribution(tmp_path)) == folder
    assert info._version("no-such-package-anywhere") is None


def test_how_a_conflict_ends_depends_on_who_writes_the_files(repository: Repository) -> None:
    repository.commit(dvc_yaml="stages: {a: {metrics: [{m.json: {cache: false}}]}}")
    take = "git checkout HEAD -- dvc.lock m.json && uv run dvc repro"
    assert how_to_end(["m.json", "dvc.lock"]) == f"run: {take}"
    first = "resolve a.py and git add it"
    assert how_to_end(["m.json", "a.py", "dvc.lock"]) == f"{first}, then: {take}"
    assert how_to_end(["a.py"]) == first


def test_what_is_ignored_is_said_with_the_rule_and_what_is_taken_back_is_not(
    repository: Repository,
) -> None:
    Path(".gitignore").write_text("*.csv\n!kept.csv\n", encoding="utf-8")
    found = git.ignored(["a.csv", "kept.csv", "a.py"])
    assert found == {"a.csv": git.Rule(".gitignore", 1, "*.csv", False)}


def test_a_lock_that_has_gone_by_itself_is_not_blamed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "fatal: Unable to create '/nowhere/index.lock': File exists."
    done: Any = type("Done", (), {"returncode": 128, "stdout": "", "stderr": reason})
    monkeypatch.setattr(git, "_call", lambda *_, **__: done)
    with pytest.raises(InputError, match="git add: fatal: Unable to create '/nowhere/"):
        git.git("add")


def test_without_a_cleaning_function_rows_stay_as_they_are(project: Path) -> None:
    text = paths.PROJECT.read_text(encoding="utf-8")
    paths.PROJECT.write_text(text.replace('clean = "shops.prepare:clean"\n', ""), encoding="utf-8")
    found = Project.load(Path())
    assert found.clean is no_cleaning
    assert _distributions(found) == {"columns": {}}
    paths.DISTRIBUTIONS.parent.mkdir()
    paths.DISTRIBUTIONS.write_text('{"columns": {"age": {}}}', encoding="utf-8")
    assert _distributions(found) == {"columns": {"age": {}}}


def test_weights_go_to_the_last_step_of_the_pipeline() -> None:
    rows, numbers = pd.DataFrame(), np.array([1.0, 2.0])
    bare = Split(rows, rows, numbers, [], None, numbers)
    assert bare.fit_params == {}
    weighted = Split(rows, rows, numbers, [], numbers, numbers)
    assert list(weighted.fit_params) == ["estimator__sample_weight"]
    assert weighted.fit_params["estimator__sample_weight"] is numbers


def test_where_memory_is_not_measured_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (cost._peak_megabytes() or 0) > 1
    with monkeypatch.context() as there:
        there.setattr(sys, "platform", "win32")
        assert cost._peak_megabytes() is None


def broken(*_: object, **__: object) -> Any:
    """Fail as a database does."""
    raise OperationalError("SELECT", {}, OSError("gone"))


@pytest.mark.parametrize(
    ("method", "read"),
    [("parts", lambda: export(Path("out.csv"))), ("answering", lambda: monitor([]))],
)
def test_a_log_that_cannot_be_read_is_said(
    method: str, read: Callable[[], object], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PredictionLog, method, broken)
    message = r"^the prediction log .* cannot be read \(OperationalError\); try again$"
    with pytest.raises(InputError, match=message):
        read()
    assert not Path("out.csv").exists()


def test_a_report_that_a_version_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^md5:1 has no \S+; restore it with: git checkout -- \S"):
        expected.here("md5:1")


def test_a_module_that_fails_to_load_is_no_estimator(project: Path) -> None:
    Path("broken_estimators.py").write_text("1 / 0\n", encoding="utf-8")
    sys.path.insert(0, str(project))  # which the fixture sets back
    edit(paths.PARAMS, lambda p: p["train"].update(estimator="broken_estimators.Best"))
    message = r"train\.estimator: importing 'broken_estimators' failed: division by zero$"
    with pytest.raises(InputError, match=message):
        make(load_params().train, "binary")


def test_a_column_that_a_feature_function_misses_is_named() -> None:
    message = r"looks for a column 'hour' that schema\.yaml does not give it; see the feature func"
    with pytest.raises(InputError, match=message), explained():
        pd.DataFrame({"age": [1]}).rename(columns={"age": "years"}).assign(x=1)["hour"]


def test_folds_are_as_many_as_were_asked_for() -> None:
    folds = FoldsByGroup(3, seed=0)
    rows = np.zeros(9)
    assert folds.get_n_splits() == len(list(folds.split(rows, None, np.arange(9)))) == 3


def test_a_part_without_rows_changes_no_mean() -> None:
    found = Moments()
    for part in ([1.0, 3.0], [], [5.0]):
        found.add(np.array(part))
    assert found.content() == pytest.approx(
        {"mean": 3.0, "std": np.std([1, 3, 5]), "min": 1.0, "max": 5.0}
    )


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\0" * 257 + b"ustar", "a tar archive; unpack it"),
        (b"\x1f\x8b", "gz"),
        (b'{"a": 1}', "JSON, not a table; convert it to CSV or Parquet"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "a web page or XML, not a table"),
        (b" \r\n", "empty; expected a line of column names"),
    ],
)
def test_what_is_no_table_is_named(start: bytes, said: str) -> None:
    if start.startswith(b"\0"):
        start = b"a.csv" + start[5:]
    with pytest.raises(InputError, match=f"^a.csv is .*{said}"):
        refuse(Path("a.csv"), start)


@pytest.mark.parametrize(
    ("name", "words", "counts"),
    [
        ("Unnamed: 0", ["0", "1", "2"], True),
        ("row", ["1", "2", "x"], False),
        ("row", ["1"], False),
        ("index", ["1", "2", "3"], True),
        ("index", ["1", "3", "2"], False),
        ("index", ["7", "8"], False),
        ("age", ["0", "1"], False),
    ],
)
def test_row_numbers_are_known_by_name_and_order(name: str, words: list[str], counts: bool) -> None:
    assert column_names.counts_rows(name, dict.fromkeys(words, 1)) is counts


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (np.nan, "numeric", None),
        (1.0, "boolean", True),
        (pd.Timestamp("2024-02-01"), "datetime", "2024-02-01"),
        (pd.Timestamp("2024-02-01 14:30"), "datetime", "2024-02-01T14:30:00"),
    ],
)
def test_values_that_are_explained_are_those_of_json(value: Any, kind: str, shown: Any) -> None:
    assert _shown(value, kind) == shown
